// Dr. GRPO (arXiv 2503.20783): A_i = r_i - mean r. Without the division, easy and hard questions are not weighed up.

#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {

void GroupMeanAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig&, std::span<std::vector<double>> advantages) {
  for (size_t g = 0; g < batch.size(); ++g) {
    const std::vector<double>& rewards = batch[g].rewards;
    if (AllEqual(rewards)) {
      continue;
    }
    const double mean = Mean(rewards);
    for (size_t i = 0; i < rewards.size(); ++i) {
      advantages[g][i] = rewards[i] - mean;
    }
  }
}

}  // namespace cupel
