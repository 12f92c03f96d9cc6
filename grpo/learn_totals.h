#pragma once

#include <string_view>

#include "grpo/objective/loss.h"
#include "grpo/step_metrics.h"
#include "grpo/update.h"

namespace cupel {

// What the updates of one step add up to. Skipped updates are only counted.
struct LearnTotals {
  LossSums sums;   // of all updates that were made
  LossSums first;  // of the first update alone, whose policy is the one that sampled
  UpdateCounts counts;
  double gradient_norm = 0;  // of the last update
  double num_updates = 0;
  double skipped = 0;
  double spikes = 0;

  void AddUpdate(const LossSums& update, const UpdateCounts& update_counts, bool is_first);
};

// TRL's names, the means over the tokens or completions of the step's updates. has_divergence: kl is measured. entropy, kl and the sampling
// metrics are over the completions that were trained on; TRL also counts those of advantage 0, which are left out here.
void AddLearnMetrics(const LearnTotals& totals, bool has_divergence, std::string_view objective, StepMetrics& metrics);

}  // namespace cupel
