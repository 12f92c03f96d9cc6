#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "datasets/dataset.h"
#include "experiments/consensus.h"
#include "policy/generation.h"
#include "rollout/rollout_workers.h"

namespace cupel {

// pass@1, pass@k and cons@k by sampling k answers to each of n questions once (DeepSeek-R1, arXiv 2501.12948, section 3).
struct EvaluationRequest {
  int64_t questions = 0;  // the first so many tasks; 0: all
  int64_t samples = 1;    // k
  SamplingParams sampling;
  uint64_t seed = 1;  // the same seed asks with the same random numbers, so that two evaluations are paired
};

struct EvaluationResult {
  int64_t num_questions = 0;
  int64_t samples = 0;
  double pass_at_1 = 0;       // mean over questions of the share of correct answers
  double standard_error = 0;  // over questions: standard deviation of the shares / sqrt(n)
  int64_t unscored = 0;       // answers without a verdict; they leave their question's share
  double mean_length = 0;     // tokens
  double truncated = 0;       // share of answers cut by max_new_tokens
  double seconds = 0;
  std::vector<AtK> at_k;
  std::vector<RolloutGroup> groups;
};

// Asks the questions in blocks of bounded memory. CancelledError when `should_stop` said so.
absl::StatusOr<EvaluationResult> Evaluate(const Dataset& dataset, const EvaluationRequest& request, RolloutWorkers& workers,
                                          const RolloutWorkers::ProgressCallback& progress,
                                          const RolloutWorkers::StopQuestion& should_stop);

// The first sample of each of the first `count` questions: [{"task", "question", "gold", "answer", "outcome"}].
Json EvaluationExamples(const EvaluationResult& result, int64_t count);

// [{"task", "correct", "samples"}] for every question, to pair this evaluation with another (experiments/paired_difference.h).
Json EvaluationQuestions(const EvaluationResult& result);

// {"questions", "samples", "pass@1", "standard_error", "unscored", "mean_length", "truncated", "seconds", "at_k"}, the last
// [{"k", "questions", "pass@k", "pass@k_error", "cons@k", "cons@k_error"}].
Json EvaluationSummary(const EvaluationResult& result);

}  // namespace cupel
