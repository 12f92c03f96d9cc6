#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "experiments/cost/cost_model.h"
#include "rollout/rollout_store.h"

namespace cupel {

// What a stage cost. Operations by the formulas of cost/cost_model.h, attention included. Of a stage that was killed and resumed, work that
// was lost is not in it.
struct Cost {
  double sampled_tokens = 0;
  double trained_tokens = 0;  // prompts included, each group's once
  double flops = 0;
  double seconds = 0;      // wall time of the steps
  double cpu_seconds = 0;  // processor time on all cores

  void Add(const Cost& other);
};

struct Rates {
  double peak_flops = 0;  // measured, of all cores together; 0: not known
  double price_per_core_hour = 0;
};

// From the log of a run of `cupel train`, `cupel sft` or a sampling stage.
absl::StatusOr<Cost> CostOfRun(const RolloutStore& store, const ModelShape& shape);
// Of answers to questions, as evaluations give them: "questions", "samples", "mean_length", "seconds", "cpu_seconds", "mean_prompt".
Cost CostOfEvaluation(const Json& evaluation, const ModelShape& shape);

// {"sampled_tokens", "trained_tokens", "flops", "seconds", "cpu_seconds", "mfu", "core_hours", "price"}; mfu, the share of the measured
// peak, is over wall time, and null where no peak is known.
Json CostJson(const Cost& cost, const Rates& rates);
Cost CostFromJson(const Json& json);

}  // namespace cupel
