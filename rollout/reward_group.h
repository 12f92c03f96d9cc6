#pragma once

#include "rewards/reward.h"
#include "rollout/rollout.h"

namespace cupel {

// Writes the reward terms and the reward of every rollout of a group from its text, its verdict and its length. Thread-safe for different
// groups.
void RewardGroup(const RewardComposition& rewards, RolloutGroup& group);

}  // namespace cupel
