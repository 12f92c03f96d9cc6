#pragma once

#include <vector>

#include "policy/policy.h"
#include "rollout/rollout.h"

// What an update did to a policy: how far the weights moved, in which direction, and what became of the log-probabilities of given
// completions. For the comparison of updates.

namespace cupel {

// A copy of all weights, 4 bytes a parameter.
class WeightSnapshot {
 public:
  explicit WeightSnapshot(const Policy& policy);

  // Gives the policy the weights and the version that it had.
  void Restore(Policy& policy) const;

  // 2-norm of the change from this snapshot to the policy's weights.
  double ChangeNorm(const Policy& policy) const;
  // Cosine of the angle between the change from this snapshot to `other` and that to the policy's weights; NaN when one of them is none.
  double ChangeCosine(const WeightSnapshot& other, const Policy& policy) const;

 private:
  std::vector<std::vector<float>> masters_;  // by parameter
  uint64_t version_;
};

// log pi(token | before) at the temperature, for every token of every completion of the groups, in order; without gradients. `rows`: packed
// tokens per forward.
std::vector<float> CompletionLogprobs(Policy& policy, const std::vector<RolloutGroup>& groups, double temperature, int64_t rows);

}  // namespace cupel
