#include "verifiers/math/c_api.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>

#include "verifiers/answer/extract.h"
#include "verifiers/math/verify.h"

namespace cupel::math {
namespace {

template <size_t Size>
void Copy(std::string_view text, char (&out)[Size]) {
  const size_t size = std::min(text.size(), Size - 1);
  std::memcpy(out, text.data(), size);
  out[size] = '\0';
}

int32_t Report(const Result& result, cupel_math_verdict* verdict) {
  const auto outcome = static_cast<int32_t>(result.decision);
  if (verdict != nullptr) {
    verdict->outcome = outcome;
    verdict->score = outcome == CUPEL_MATH_CORRECT ? 1 : outcome <= CUPEL_MATH_NO_ANSWER ? 0 : -1;
    verdict->cost = result.cost;
    Copy(result.rule, verdict->rule);
    Copy(result.reason, verdict->reason);
  }
  return outcome;
}

Result Failed(std::string_view reason) {
  Result result;
  result.decision = Decision::kError;
  result.reason = reason;
  return result;
}

Result Compare(std::string_view gold, std::string_view answer, const char* options) {
  Request request;
  const std::string problem = ReadOptions(options == nullptr ? std::string_view() : std::string_view(options), request.options);
  return problem.empty() ? CompareAnswers(gold, answer, request) : Failed(problem);
}

}  // namespace
}  // namespace cupel::math

int32_t cupel_math_compare(const char* gold, size_t gold_size, const char* answer, size_t answer_size, const char* options,
                           cupel_math_verdict* verdict) {
  using cupel::math::Failed;
  using cupel::math::Report;
  try {
    if (verdict != nullptr) {
      *verdict = {};
      verdict->span_end = static_cast<int64_t>(answer_size);
    }
    return Report(cupel::math::Compare({gold, gold_size}, {answer, answer_size}, options), verdict);
  } catch (const std::exception&) {
    return CUPEL_MATH_ERROR;
  }
}

int32_t cupel_math_verify(const char* gold, size_t gold_size, const char* completion, size_t completion_size, const char* options,
                          cupel_math_verdict* verdict) {
  try {
    std::string_view span;
    const cupel::Verdict begun = cupel::BeginVerdict({completion, completion_size}, cupel::AnswerKind::kText, span);
    cupel::math::Result result;
    if (span.empty()) {
      const bool none = begun.outcome == cupel::Outcome::kNoAnswer;
      result.decision = none ? cupel::math::Decision::kNoAnswer : cupel::math::Decision::kUndecided;
      result.rule = none ? "no_span" : "budget_bytes";
      result.reason = begun.reason;
      result.cost = begun.cost;
    } else {
      const std::string joined = begun.rule == "boxed" ? cupel::JoinedBoxes({completion, completion_size}) : std::string();
      result = cupel::math::Compare({gold, gold_size}, joined.empty() ? span : std::string_view(joined), options);
    }
    if (verdict != nullptr) {
      *verdict = {};
      verdict->span_begin = begun.span.begin;
      verdict->span_end = begun.span.end;
    }
    return cupel::math::Report(result, verdict);
  } catch (const std::exception&) {
    return CUPEL_MATH_ERROR;
  }
}
