// Judges a final answer by how alike it and the gold answer are.
//
//   {"measure": "squad_exact", "threshold": 1, "aliases": ["United States", ...], "ignore_case": true}
//
//   squad_exact   the same words as SQuAD counts them: no case, punctuation, articles (arXiv 1606.05250)
//   squad_f1      F1 of these words
//   edit          1 - Levenshtein distance / longer length, in code points, after trimming; `ignore_case` without case (default)
//
// The answer is found by the rules of answer/extract.h without the last number, and taken as it stands or without emphasis and quotes. Of
// the gold answer and its aliases the most alike one counts. Correct from `threshold` on (default 1); the credit is the likeness. Texts too
// long to be compared are undecided, but where their lengths alone keep them below the threshold.
//
// How it is gamed: squad_f1 below 1 pays for any text that holds the words of the answer among few others, and both accept "not Paris" for
// "Paris" at 0.5. A model should be trained on squad_exact or edit close to 1.

#include <algorithm>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/number.h"
#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"
#include "verifiers/text/casing.h"
#include "verifiers/text/similarity.h"

namespace cupel {
namespace {

constexpr size_t kMaxAliases = 100;
constexpr size_t kMaxSpan = 65536;

struct Asked {
  std::string measure = "squad_exact";
  double threshold = 1;
  bool ignore_case = true;
  std::vector<std::string> golds;
};

absl::StatusOr<Asked> Read(const Task& task) {
  Asked asked;
  OptionReader options(task.metadata);
  options.OneOf("measure", asked.measure, {"squad_exact", "squad_f1", "edit"});
  options.Share("threshold", asked.threshold);
  options.Flag("ignore_case", asked.ignore_case);
  options.Texts("aliases", asked.golds);
  CUPEL_RETURN_IF_ERROR(options.Done());
  asked.golds.insert(asked.golds.begin(), task.answer);
  if (asked.golds.size() > kMaxAliases || asked.threshold <= 0) {
    return InvalidArgument("verifier options: {} aliases and a threshold of {}; expected at most {} and a threshold above 0",
                           asked.golds.size() - 1, asked.threshold, kMaxAliases);
  }
  for (const std::string& gold : asked.golds) {
    const bool is_empty = asked.measure == "edit" ? TrimSpace(gold).empty() : SquadTokens(gold).empty();
    if (is_empty) {
      return InvalidArgument("the gold answer \"{}\" has no word to be compared; the fuzzy_match verifier wants some text", Excerpt(gold));
    }
  }
  return asked;
}

// The likeness of two texts; nullopt when they are too long and it may reach the threshold.
std::optional<double> Likeness(const Asked& asked, std::string_view gold, std::string_view answer, int64_t& cost) {
  if (asked.measure != "edit") {
    const std::vector<std::string> a = SquadTokens(gold), b = SquadTokens(answer);
    return asked.measure == "squad_f1" ? TokenF1(a, b) : a == b ? 1.0 : 0.0;
  }
  const std::string a = asked.ignore_case ? SmallLetters(TrimSpace(gold)) : std::string(TrimSpace(gold));
  const std::string b = asked.ignore_case ? SmallLetters(TrimSpace(answer)) : std::string(TrimSpace(answer));
  const std::optional<double> likeness = EditSimilarity(a, b, cost);
  return !likeness && EditSimilarityBound(a, b) < asked.threshold ? std::optional(0.0) : likeness;
}

void JudgeLikeness(const Asked& asked, std::string_view span, Verdict& verdict) {
  if (span.size() > kMaxSpan) {
    Settle(verdict, Outcome::kIncorrect, fmt::format("an answer of {} bytes; at most {} are compared", span.size(), kMaxSpan));
    return;
  }
  bool is_unknown = false;
  std::string_view nearest = asked.golds.front();
  for (const std::string& gold : asked.golds) {
    for (const std::string_view answer : {TrimSpace(span), StripDecoration(span)}) {
      const std::optional<double> likeness = Likeness(asked, gold, answer, verdict.cost);
      is_unknown = is_unknown || !likeness;
      nearest = likeness.value_or(0) > verdict.credit ? std::string_view(gold) : nearest;
      verdict.credit = std::max(verdict.credit, likeness.value_or(0));
    }
  }
  const bool is_right = verdict.credit >= asked.threshold;
  if (is_unknown && !is_right) {
    verdict.credit = 0;
    Settle(verdict, Outcome::kUndecided, "the texts are too long to be compared");
    return;
  }
  Settle(verdict, is_right ? Outcome::kCorrect : Outcome::kIncorrect,
         fmt::format("gold \"{}\", answer \"{}\": {} {:.4g}", Excerpt(nearest), Excerpt(verdict.extracted), asked.measure, verdict.credit));
}

class FuzzyMatchVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "fuzzy_match"; }
  int version() const override { return 1; }
  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgeAnswer(answer, AnswerKind::kText, Read(task), &JudgeLikeness);
  }
  absl::Status CheckGold(const Task& task) const override { return Read(task).status(); }
};

}  // namespace

const Verifier& GetFuzzyMatchVerifier() {
  static const FuzzyMatchVerifier verifier;
  return verifier;
}

}  // namespace cupel
