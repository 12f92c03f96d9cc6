// Judges a text by a regular expression of RE2. The gold answer plays no part.
//
//   {"pattern": "...", "match": "full", "of": "response", "ignore_case": false}
//
// match: "full", the whole of it must match, white space at its ends aside, or "partial", some part of it. of: "response", what follows the
// last </think>; "answer", the final answer by the rules of answer/extract.h, without emphasis and quotes where it does not match as it
// stands; "reasoning"; "text". A dot matches no line end unless the pattern begins with (?s). RE2 takes linear time; look-around and
// back-references, which it has not, are refused with its message.

#include <fmt/format.h>
#include <re2/re2.h>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/number.h"
#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

constexpr int64_t kMaxMemory = int64_t{16} << 20;  // bytes of one compiled expression
constexpr size_t kMaxPattern = 4096;

struct Asked {
  std::string pattern;
  std::string match = "full";
  std::string of = "response";
  bool ignore_case = false;
  std::unique_ptr<const RE2> expression;
};

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

absl::StatusOr<Asked> Read(const Task& task) {
  Asked asked;
  OptionReader options(task.metadata);
  options.Text("pattern", asked.pattern);
  options.OneOf("match", asked.match, {"full", "partial"});
  options.OneOf("of", asked.of, {"response", "answer", "reasoning", "text"});
  options.Flag("ignore_case", asked.ignore_case);
  CUPEL_RETURN_IF_ERROR(options.Done());
  if (asked.pattern.empty() || asked.pattern.size() > kMaxPattern) {
    return InvalidArgument("verifier options: \"pattern\" has {} bytes; the regex verifier wants an expression of 1 to {}",
                           asked.pattern.size(), kMaxPattern);
  }
  RE2::Options settings;
  settings.set_log_errors(false);
  settings.set_case_sensitive(!asked.ignore_case);
  settings.set_max_mem(kMaxMemory);
  asked.expression = std::make_unique<const RE2>(asked.pattern, settings);
  if (!asked.expression->ok()) {
    return InvalidArgument("verifier options: the pattern \"{}\" is no RE2 expression: {}", Excerpt(asked.pattern),
                           asked.expression->error());
  }
  return asked;
}

bool Matches(const Asked& asked, std::string_view text) {
  return asked.match == "full" ? RE2::FullMatch(Piece(text), *asked.expression) : RE2::PartialMatch(Piece(text), *asked.expression);
}

void JudgeText(const Asked& asked, std::string_view text, Verdict& verdict) {
  const bool matches =
      Matches(asked, asked.match == "full" ? TrimSpace(text) : text) || (asked.of == "answer" && Matches(asked, StripDecoration(text)));
  verdict.credit = matches ? 1 : 0;
  Settle(verdict, matches ? Outcome::kCorrect : Outcome::kIncorrect,
         fmt::format("\"{}\" {} {}", Excerpt(verdict.extracted), matches ? "matches" : "does not match", Excerpt(asked.pattern)));
}

class RegexVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "regex"; }
  int version() const override { return 1; }

  Verdict Verify(const Task& task, std::string_view answer) const override {
    const absl::StatusOr<Asked> asked = Read(task);
    if (asked.ok() && asked->of == "answer") {
      return JudgeAnswer(answer, AnswerKind::kText, asked, &JudgeText);
    }
    return JudgePart(answer, asked.ok() ? PartNamed(asked->of) : Part::kText, asked, &JudgeText);
  }

  absl::Status CheckGold(const Task& task) const override { return Read(task).status(); }
};

}  // namespace

const Verifier& GetRegexVerifier() {
  static const RegexVerifier verifier;
  return verifier;
}

}  // namespace cupel
