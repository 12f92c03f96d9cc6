// REINFORCE++ (arXiv 2501.03262): A_i = (r_i - mean of the batch) / (std of the batch + eps). Differs from the paper in that the batch is
// the step's completions, each counted once, not its tokens. A group of equal rewards has a signal here: better or worse than the others.

#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {

void BatchNormAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig& config, std::span<std::vector<double>> advantages) {
  std::vector<double> all;
  for (const ScoredGroup& group : batch) {
    all.insert(all.end(), group.rewards.begin(), group.rewards.end());
  }
  if (AllEqual(all)) {
    return;
  }
  const double mean = Mean(all);
  const double divisor = StandardDeviation(all, config.std) + config.eps;
  for (size_t g = 0; g < batch.size(); ++g) {
    for (size_t i = 0; i < batch[g].rewards.size(); ++i) {
      advantages[g][i] = (batch[g].rewards[i] - mean) / divisor;
    }
  }
}

}  // namespace cupel
