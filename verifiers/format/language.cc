// Judges language consistency: the share of the words of a text that are written in the script of a language. The gold answer plays no
// part.
//
//   {"language": "zh", "min_share": 0.95, "min_words": 5, "of": "reasoning"}
//
// of: "reasoning", what stands before the last </think> (the whole text when there is none), "response", what follows it, or "text".
// Correct from `min_share` on, if there are `min_words` words at all; the credit is the share, 0 with fewer words. A language is known by
// its script, so that "en" and "de" are one; TeX commands, formulas between dollar signs and single Latin letters are no words
// (text/script.h).
//
// Source: DeepSeek-R1 (arXiv 2501.12948, section 2.3.2). How it is gamed: by any filler in the right script.

#include <fmt/format.h>

#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"
#include "verifiers/text/script.h"

namespace cupel {
namespace {

struct Asked {
  std::string language;
  std::vector<Script> scripts;
  double min_share = 0.95;
  int64_t min_words = 5;
  std::string of = "reasoning";
};

absl::StatusOr<Asked> Read(const Task& task) {
  Asked asked;
  OptionReader options(task.metadata);
  options.Text("language", asked.language);
  options.Share("min_share", asked.min_share);
  options.Count("min_words", asked.min_words, 1, 1'000'000);
  options.OneOf("of", asked.of, {"reasoning", "response", "text"});
  CUPEL_RETURN_IF_ERROR(options.Done());
  asked.scripts = ScriptsOfLanguage(asked.language);
  if (asked.scripts.empty()) {
    return InvalidArgument("verifier options: \"language\" is \"{}\"; the language verifier knows {}", Excerpt(asked.language),
                           fmt::join(LanguageCodes(), ", "));
  }
  return asked;
}

void JudgeWords(const Asked& asked, std::string_view text, Verdict& verdict) {
  const ScriptCount count = CountScripts(text, asked.scripts);
  const bool is_enough = count.total >= asked.min_words;
  verdict.credit = is_enough ? static_cast<double>(count.in_target) / static_cast<double>(count.total) : 0;
  const bool is_right = is_enough && verdict.credit >= asked.min_share;
  Settle(verdict, is_right ? Outcome::kCorrect : Outcome::kIncorrect,
         fmt::format("{} of {} words are written like \"{}\"{}", count.in_target, count.total, asked.language,
                     is_enough ? "" : fmt::format("; at least {} are wanted", asked.min_words)));
}

class LanguageVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "language"; }
  int version() const override { return 1; }
  Verdict Verify(const Task& task, std::string_view answer) const override {
    const absl::StatusOr<Asked> asked = Read(task);
    return JudgePart(answer, asked.ok() ? PartNamed(asked->of) : Part::kText, asked, &JudgeWords);
  }
  absl::Status CheckGold(const Task& task) const override { return Read(task).status(); }
};

}  // namespace

const Verifier& GetLanguageVerifier() {
  static const LanguageVerifier verifier;
  return verifier;
}

}  // namespace cupel
