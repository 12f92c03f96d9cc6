#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollout/rollout.h"

namespace cupel {

// What one step measured, under TRL's metric names, in the order they are printed and stored.
struct StepMetrics {
  std::vector<std::pair<std::string, double>> values;
  double Get(std::string_view name) const;        // Check: the metric exists
  void Set(std::string_view name, double value);  // adds or replaces
};

// The metrics that follow from the sampled groups alone: reward, reward_std (mean over groups of the sample standard deviation),
// rewards/NAME/mean and std (over all completions), frac_reward_zero_std (share of groups without signal), completions/*,
// verdicts/unscored, num_tokens. Completions without a verdict count in lengths but in no reward.
void AddRolloutMetrics(const std::vector<RolloutGroup>& groups, StepMetrics& metrics);

}  // namespace cupel
