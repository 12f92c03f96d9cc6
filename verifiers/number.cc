// Judges a numeric final answer by exact comparison with the gold number.
//
// The answer is found by the rules of answer/extract.h and read by those of ReadDecoratedNumber (answer/number.h). A span that holds
// anything but one number is incorrect: "12 or 13", "7 + 5", "x = 12", "about 12". Nothing is rounded: 0.33 is not 1/3. "20%" is 0.2 and
// not 20, unless the option percent_is_bare is set, which accepts both, as data sets need that publish percentages without the sign
// (GSM8K).

#include "verifiers/answer/number.h"

#include <fmt/format.h>

#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

struct NumberOptions {
  bool percent_is_bare = false;
};

absl::Status ReadOptions(const Task& task, NumberOptions& options) {
  OptionReader reader(task.metadata);
  reader.Flag("percent_is_bare", options.percent_is_bare);
  return reader.Done();
}

struct Gold {
  Number number;
  NumberOptions options;
};

absl::StatusOr<Gold> ReadGold(const Task& task) {
  Gold gold;
  CUPEL_RETURN_IF_ERROR(ReadOptions(task, gold.options));
  NumberReading reading = ReadNumber(task.answer);
  if (!reading.number) {
    return InvalidArgument("the gold answer \"{}\" is {}; the number verifier wants one number such as -1,234.5, 3/4 or 1e6",
                           Excerpt(task.answer), reading.problem);
  }
  gold.number = *std::move(reading.number);
  return gold;
}

std::optional<bool> IsEqual(const Gold& gold, const Number& answer, int64_t& cost) {
  const std::optional<bool> equal = EqualNumbers(gold.number.PercentAsFraction(), answer.PercentAsFraction(), cost);
  const bool try_bare = gold.options.percent_is_bare && gold.number.is_percent != answer.is_percent;
  return equal.value_or(true) || !try_bare ? equal : EqualNumbers(gold.number, answer, cost);
}

class NumberVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "number"; }
  int version() const override { return 2; }

  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgeAnswer(answer, AnswerKind::kNumber, ReadGold(task),
                       [&](const Gold& gold, std::string_view span, Verdict& verdict) { Compare(gold, task.answer, span, verdict); });
  }

  absl::Status CheckGold(const Task& task) const override { return ReadGold(task).status(); }

 private:
  static void Compare(const Gold& gold, std::string_view gold_text, std::string_view span, Verdict& verdict) {
    const NumberReading reading = ReadDecoratedNumber(span);
    if (!reading.number) {
      Settle(verdict, reading.is_beyond_limit ? Outcome::kUndecided : Outcome::kIncorrect,
             fmt::format("\"{}\" is {}", Excerpt(verdict.extracted), reading.problem));
      return;
    }
    const std::optional<bool> equal = IsEqual(gold, *reading.number, verdict.cost);
    if (!equal) {
      Settle(verdict, Outcome::kUndecided, "the fractions are too long to be compared");
      return;
    }
    Settle(verdict, *equal ? Outcome::kCorrect : Outcome::kIncorrect,
           fmt::format("gold {}, answer {}", Excerpt(gold_text), Excerpt(verdict.extracted)));
  }
};

}  // namespace

const Verifier& GetNumberVerifier() {
  static const NumberVerifier verifier;
  return verifier;
}

}  // namespace cupel
