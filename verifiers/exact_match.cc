// Judges a final answer by equality of text with the gold answer.
//
// The answer is found by the rules of answer/extract.h, the last number excepted: without a mark there is no answer. Equal is what is equal
// byte for byte after trimming white space at both ends, as the span stands or without emphasis, quotes, \text{ } and sentence marks around
// it (StripDecoration). The option case_insensitive ignores the case of ASCII letters.

#include <algorithm>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/number.h"
#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

struct Gold {
  std::string_view text;  // trimmed, in the task
  bool is_case_insensitive = false;
};

absl::StatusOr<Gold> ReadGold(const Task& task) {
  Gold gold{TrimSpace(task.answer)};
  OptionReader options(task.metadata);
  options.Flag("case_insensitive", gold.is_case_insensitive);
  CUPEL_RETURN_IF_ERROR(options.Done());
  if (gold.text.empty()) {
    return InvalidArgument("the gold answer is empty; the exact_match verifier wants some text");
  }
  return gold;
}

bool IsEqual(const Gold& gold, std::string_view answer) {
  return gold.is_case_insensitive ? std::ranges::equal(gold.text, answer, {}, LowerCase, LowerCase) : gold.text == answer;
}

class ExactMatchVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "exact_match"; }
  int version() const override { return 2; }

  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgeAnswer(answer, AnswerKind::kText, ReadGold(task), [](const Gold& gold, std::string_view span, Verdict& verdict) {
      const bool equal = IsEqual(gold, TrimSpace(span)) || IsEqual(gold, StripDecoration(span));
      Settle(verdict, equal ? Outcome::kCorrect : Outcome::kIncorrect,
             fmt::format("gold \"{}\", answer \"{}\"", Excerpt(gold.text), Excerpt(verdict.extracted)));
    });
  }

  absl::Status CheckGold(const Task& task) const override { return ReadGold(task).status(); }
};

}  // namespace

const Verifier& GetExactMatchVerifier() {
  static const ExactMatchVerifier verifier;
  return verifier;
}

}  // namespace cupel
