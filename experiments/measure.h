#pragma once

#include <cstdint>
#include <cstdio>
#include <vector>

#include <absl/status/statusor.h>

#include "base/stop_signal.h"
#include "experiments/evaluate.h"
#include "experiments/recipe.h"

namespace cupel {

// An evaluation with everything that is said about it.
struct Measurement {
  EvaluationResult result;
  Json summary;  // EvaluationSummary's, and "model", sampling, "by_difficulty" (BreakDown), "budgets" (BudgetJson), "mean_prompt",
                 // "cpu_seconds"
};

// Loads the recipe's model, asks its held-out tasks by recipe.eval, and again with thinking cut at every budget. Cancelled on a stop
// signal.
absl::StatusOr<Measurement> MeasureModel(const Recipe& recipe, const std::vector<int64_t>& budgets, StopSignal& stop, std::FILE* out);

}  // namespace cupel
