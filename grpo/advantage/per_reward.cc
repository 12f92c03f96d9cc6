// GDPO (arXiv 2601.05242): every reward function is normalised within the group on its own, so that a rare one is not drowned by a common
// one; the sum over functions is normalised over the batch:
//
//   S_i = sum_k w_k (v_ki - mean v_k) / (std v_k + eps),   A_i = S_i / (std of S over the batch + eps)
//
// The mean of S over the batch, which the paper subtracts, is zero because it is zero in every group.

#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {

void PerRewardAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig& config, std::span<std::vector<double>> advantages) {
  std::vector<double> all;
  for (size_t g = 0; g < batch.size(); ++g) {
    for (const ScoredGroup::Term& term : batch[g].terms) {
      if (AllEqual(term.values)) {
        continue;
      }
      const double mean = Mean(term.values);
      const double divisor = StandardDeviation(term.values, config.std) + config.eps;
      for (size_t i = 0; i < term.values.size(); ++i) {
        advantages[g][i] += term.weight * (term.values[i] - mean) / divisor;
      }
    }
    all.insert(all.end(), advantages[g].begin(), advantages[g].end());
  }
  if (AllEqual(all)) {
    return;
  }
  const double divisor = StandardDeviation(all, config.std) + config.eps;
  for (size_t g = 0; g < batch.size(); ++g) {
    for (double& advantage : advantages[g]) {
      advantage /= divisor;
    }
  }
}

}  // namespace cupel
