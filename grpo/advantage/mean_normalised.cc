// MaxRL (arXiv 2602.02710): A_i = (r_i - mean r) / (mean r + eps), the gradient of log p(correct) cut off after the group's size, for
// rewards that are not negative. A group whose mean is not positive gets zeros: the estimator has nothing to say about it.

#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {

void MeanNormalisedAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig& config,
                              std::span<std::vector<double>> advantages) {
  for (size_t g = 0; g < batch.size(); ++g) {
    const std::vector<double>& rewards = batch[g].rewards;
    const double mean = rewards.empty() ? 0.0 : Mean(rewards);
    if (AllEqual(rewards) || mean <= 0) {
      continue;
    }
    for (size_t i = 0; i < rewards.size(); ++i) {
      advantages[g][i] = (rewards[i] - mean) / (mean + config.eps);
    }
  }
}

}  // namespace cupel
