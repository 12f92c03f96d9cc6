#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "policy/generation.h"
#include "policy/tokenizer.h"
#include "rollout/rollout.h"

namespace cupel {

// Accuracy against the length of thought: answers that were sampled once are cut after so many tokens of thought, the answer is forced by
// "</think>\n<answer>", and what the model then writes is judged. An answer whose thought ended before counts as it is, so that at a large
// budget the curve is that of the evaluation.
struct BudgetPoint {
  int64_t budget = 0;       // tokens of thought
  double pass_at_1 = 0;     // mean over questions
  double error = 0;         // standard error over questions
  double forced = 0;        // share of answers that were cut
  double mean_thought = 0;  // tokens
};

struct BudgetRequest {
  std::vector<int64_t> budgets;  // ascending
  SamplingParams sampling = {};  // of the answers; max_new_tokens is that of a forced answer
  uint64_t seed = 1;
};

// `groups` are what Evaluate gave. The engine must be idle. InvalidArgument when budgets are not ascending from 0; errors of the engine and
// of unknown verifiers are passed on.
absl::StatusOr<std::vector<BudgetPoint>> MeasureBudgets(const std::vector<RolloutGroup>& groups, const BudgetRequest& request,
                                                        GenerationEngine& engine, const Tokenizer& tokenizer);

// [{"budget", "pass@1", "error", "forced", "mean_thought"}]
Json BudgetJson(const std::vector<BudgetPoint>& points);

// Tokens before the one that completes "</think>"; all of them when there is none.
int64_t ThoughtTokens(const std::vector<TokenId>& tokens, const Tokenizer& tokenizer);

}  // namespace cupel
