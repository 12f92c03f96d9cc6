#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <absl/status/statusor.h>

#include "base/status.h"
#include "verifiers/answer/extract.h"
#include "verifiers/verifier.h"

// The frame in which most verifiers judge: find what is judged, read what the task asks, and only where there is both, decide. A task that
// cannot be read makes an error, whatever the text.

namespace cupel {

inline void Settle(Verdict& verdict, Outcome outcome, std::string reason) {
  verdict.outcome = outcome;
  verdict.reason = std::move(reason);
}

// Judges the final answer, found by the rules of answer/extract.h. `judge(asked, span, verdict)` is called with the whole span, which is
// not empty.
template <class Asked, class Judge>
Verdict JudgeAnswer(std::string_view text, AnswerKind kind, const absl::StatusOr<Asked>& asked, const Judge& judge) {
  std::string_view span;
  Verdict verdict = BeginVerdict(text, kind, span);
  if (!asked.ok()) {
    Settle(verdict, Outcome::kError, std::string(Message(asked.status())));
  } else if (!span.empty()) {
    judge(*asked, span, verdict);
  }
  return verdict;
}

// What is judged where it is not the final answer: all that the model wrote; what follows the last </think>, nothing where <think> is
// opened first and never closed; or what stands before the last </think>, the whole text when there is none, without a <think> at its
// beginning.
enum class Part : uint8_t { kText, kResponse, kReasoning };
std::string_view PartName(Part part);   // the rule of a verdict: "text", "response", "reasoning"
Part PartNamed(std::string_view name);  // kText for any other name

std::string_view PartOf(std::string_view text, Part part);

// A verdict whose span is this part of the text; undecided when the text has more than kMaxAnswerBytes.
Verdict BeginPart(std::string_view text, Part part, std::string_view& part_text);

// For verifiers that look for something else in a response than a final answer: the text of a span; the last closed fenced block of any
// language; and how a verdict is pointed to what was found in the response that BeginPart gave it, {0, 0} and no rule when it is empty.
std::string_view Spanned(std::string_view text, const TextSpan& span);
std::optional<std::string_view> LastFence(std::string_view text);
void PointTo(std::string_view found, std::string_view response, Verdict& verdict);

// Judges a part of the text, which may be empty.
template <class Asked, class Judge>
Verdict JudgePart(std::string_view text, Part part, const absl::StatusOr<Asked>& asked, const Judge& judge) {
  std::string_view part_text;
  Verdict verdict = BeginPart(text, part, part_text);
  if (!asked.ok()) {
    Settle(verdict, Outcome::kError, std::string(Message(asked.status())));
  } else if (verdict.outcome != Outcome::kUndecided) {
    judge(*asked, part_text, verdict);
  }
  return verdict;
}

}  // namespace cupel
