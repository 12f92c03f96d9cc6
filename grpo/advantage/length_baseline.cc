// OPO (on-policy with the optimal baseline, as in verl): A_i = r_i - sum_j len_j r_j / sum_j len_j. The length-weighted sum of the
// advantages of a group is zero.

#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {

void LengthBaselineAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig&, std::span<std::vector<double>> advantages) {
  for (size_t g = 0; g < batch.size(); ++g) {
    const ScoredGroup& group = batch[g];
    double tokens = 0;
    double weighted = 0;
    for (size_t i = 0; i < group.rewards.size(); ++i) {
      tokens += group.lengths[i];
      weighted += group.lengths[i] * group.rewards[i];
    }
    if (AllEqual(group.rewards) || tokens <= 0) {
      continue;
    }
    for (size_t i = 0; i < group.rewards.size(); ++i) {
      advantages[g][i] = group.rewards[i] - weighted / tokens;
    }
  }
}

}  // namespace cupel
