// Lite PPO (arXiv 2508.08221): A_i = (r_i - mean of the group) / (std of the batch + eps). One scale for all questions of a step.

#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {

void BatchStdAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig& config, std::span<std::vector<double>> advantages) {
  std::vector<double> all;
  for (const ScoredGroup& group : batch) {
    all.insert(all.end(), group.rewards.begin(), group.rewards.end());
  }
  if (AllEqual(all)) {
    return;
  }
  const double divisor = StandardDeviation(all, config.std) + config.eps;
  for (size_t g = 0; g < batch.size(); ++g) {
    const std::vector<double>& rewards = batch[g].rewards;
    if (AllEqual(rewards)) {
      continue;
    }
    const double mean = Mean(rewards);
    for (size_t i = 0; i < rewards.size(); ++i) {
      advantages[g][i] = (rewards[i] - mean) / divisor;
    }
  }
}

}  // namespace cupel
