// Judges whether the response, what follows the last </think>, gives its answer in exactly one \boxed{...} or \fbox{...}, closed and not
// blank. What the box holds plays no part.
//
//   {"alone": false}      true: nothing else in the response but white space, dollar signs, \[ \], \( \) and a full stop
//
// How it is gamed: by a box around anything. It judges form; `number`, `math` and `exact_match` judge what the box holds.

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/marks.h"
#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

struct Asked {
  bool alone = false;
};

absl::StatusOr<Asked> Read(const Task& task) {
  Asked asked;
  OptionReader options(task.metadata);
  options.Flag("alone", asked.alone);
  CUPEL_RETURN_IF_ERROR(options.Done());
  return asked;
}

// Whether nothing is left of a text without the signs that formulas are put between.
bool IsOnlyFrame(std::string_view text) {
  for (text = TrimSpace(text); !text.empty(); text = TrimSpace(text)) {
    const bool is_bracket = text.front() == '\\' && text.size() > 1 && IsOneOf(text[1], "[]()");
    if (!is_bracket && !IsOneOf(text.front(), "$.")) {
      return false;
    }
    text.remove_prefix(is_bracket ? 2 : 1);
  }
  return true;
}

std::string BoxProblem(const Asked& asked, const BoxScan& boxes, std::string_view response) {
  const int64_t all = boxes.filled + boxes.blank + boxes.bare + boxes.unclosed;
  if (all == 0) {
    return "there is no box";
  }
  if (all > 1) {
    return fmt::format("there are {} boxes", all);
  }
  if (boxes.filled == 0) {
    return boxes.blank > 0 ? "the box is blank" : boxes.bare > 0 ? "the box has no braces" : "the box is never closed";
  }
  const std::string_view before = response.substr(0, static_cast<size_t>(boxes.last->begin));
  const size_t box = before.rfind('\\');
  const bool is_alone = IsOnlyFrame(response.substr(0, box)) && IsOnlyFrame(response.substr(static_cast<size_t>(boxes.last->end) + 1));
  return asked.alone && !is_alone ? "there is text beside the box" : "";
}

void JudgeBox(const Asked& asked, std::string_view response, Verdict& verdict) {
  const std::string problem = BoxProblem(asked, ScanBoxes(response), response);
  Settle(verdict, problem.empty() ? Outcome::kCorrect : Outcome::kIncorrect, problem.empty() ? "one box with something in it" : problem);
  verdict.credit = problem.empty() ? 1 : 0;
}

class BoxedVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "boxed"; }
  int version() const override { return 1; }
  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgePart(answer, Part::kResponse, Read(task), &JudgeBox);
  }
  absl::Status CheckGold(const Task& task) const override { return Read(task).status(); }
};

}  // namespace

const Verifier& GetBoxedVerifier() {
  static const BoxedVerifier verifier;
  return verifier;
}

}  // namespace cupel
