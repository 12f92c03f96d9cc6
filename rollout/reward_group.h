#pragma once

#include "rewards/reward.h"
#include "rollout/rollout.h"

namespace cupel {

// Writes the reward terms and the reward of every rollout of a group from its text, its verdict and its length. Where a reward function
// failed, the verdict becomes an error by the rule "reward" whose reason names the function: such an answer leaves the baseline and is
// counted, as after a failure of the verifier. Thread-safe for different
// groups.
void RewardGroup(const RewardComposition& rewards, RolloutGroup& group);

}  // namespace cupel
