// RLOO (arXiv 2402.14740): the baseline of a member is the mean of the others,
//
//   A_i = r_i - mean_{j != i} r_j = n / (n - 1) (r_i - mean r)

#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {

void LeaveOneOutAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig&, std::span<std::vector<double>> advantages) {
  for (size_t g = 0; g < batch.size(); ++g) {
    const std::vector<double>& rewards = batch[g].rewards;
    if (AllEqual(rewards)) {
      continue;
    }
    const double mean = Mean(rewards);
    const auto n = static_cast<double>(rewards.size());
    for (size_t i = 0; i < rewards.size(); ++i) {
      advantages[g][i] = n / (n - 1) * (rewards[i] - mean);
    }
  }
}

}  // namespace cupel
