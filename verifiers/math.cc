// Judges a final answer of mathematics: the span is found by answer/extract.h and compared with the gold by verifiers/math.

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/answer/extract.h"
#include "verifiers/math/verify.h"
#include "verifiers/math_outcome.h"
#include "verifiers/registry.h"

namespace cupel {

Outcome OutcomeOf(math::Decision decision) {
  switch (decision) {
    case math::Decision::kCorrect:
      return Outcome::kCorrect;
    case math::Decision::kIncorrect:
      return Outcome::kIncorrect;
    case math::Decision::kNoAnswer:
      return Outcome::kNoAnswer;
    case math::Decision::kUndecided:
      return Outcome::kUndecided;
    case math::Decision::kError:
      break;
  }
  return Outcome::kError;
}

namespace {

class MathVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "math"; }
  int version() const override { return 2; }

  Verdict Verify(const Task& task, std::string_view answer) const override {
    math::Request request;
    const std::string problem = math::ReadOptions(task.metadata, request.options);
    std::string_view span;
    Verdict verdict = BeginVerdict(answer, AnswerKind::kText, span);
    if (!problem.empty()) {
      verdict.outcome = Outcome::kError;
      verdict.reason = problem;
    } else if (!span.empty()) {
      const std::string joined = verdict.rule == "boxed" ? JoinedBoxes(answer) : std::string();
      math::Result result = math::CompareAnswers(task.answer, joined.empty() ? span : std::string_view(joined), request);
      verdict.outcome = OutcomeOf(result.decision);
      verdict.reason = std::move(result.reason);
      verdict.cost += result.cost;
    }
    return verdict;
  }

  absl::Status CheckGold(const Task& task) const override {
    math::Request request;
    if (const std::string problem = math::ReadOptions(task.metadata, request.options); !problem.empty()) {
      return InvalidArgument("{}", problem);
    }
    if (const std::string problem = math::GoldProblem(task.answer, request); !problem.empty()) {
      return InvalidArgument("the gold answer \"{}\" cannot be read by the math verifier: {}", Excerpt(task.answer), problem);
    }
    return absl::OkStatus();
  }
};

}  // namespace

const Verifier& GetMathVerifier() {
  static const MathVerifier verifier;
  return verifier;
}

}  // namespace cupel
