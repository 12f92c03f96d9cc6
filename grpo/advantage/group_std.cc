// GRPO (DeepSeekMath, arXiv 2402.03300, section 4.1):
//
//   A_i = (r_i - mean r) / (std r + eps)
//
// The paper leaves open which standard deviation; torch codes divide by n-1, numpy codes by n.

#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {

void GroupStdAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig& config, std::span<std::vector<double>> advantages) {
  for (size_t g = 0; g < batch.size(); ++g) {
    const std::vector<double>& rewards = batch[g].rewards;
    if (AllEqual(rewards)) {
      continue;
    }
    const double mean = Mean(rewards);
    const double divisor = StandardDeviation(rewards, config.std) + config.eps;
    for (size_t i = 0; i < rewards.size(); ++i) {
      advantages[g][i] = (rewards[i] - mean) / divisor;
    }
  }
}

}  // namespace cupel
