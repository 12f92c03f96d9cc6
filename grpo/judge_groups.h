#pragma once

#include <functional>
#include <vector>

#include "grpo/config.h"
#include "rollout/rollout.h"

namespace cupel {

// Advantages from rewards: fills Rollout::advantage of every group. With more groups than grpo.groups_per_step (dynamic sampling), those
// that are not chosen get 0. Members without a verdict (error, undecided) get 0 and leave the baseline alone.
//
// `penalty` (empty: none) is what is taken off the reward of a scored member before: the divergence, where it is part of the reward.
using RewardPenalty = std::function<std::vector<double>(const RolloutGroup& group)>;  // one number per scored member, in order
void JudgeGroups(const GrpoConfig& grpo, const RewardPenalty& penalty, std::vector<RolloutGroup>& groups);

}  // namespace cupel
