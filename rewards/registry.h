#pragma once

#include <memory>

#include <absl/status/statusor.h>

#include "rewards/reward.h"

namespace cupel {

// The maker of every reward function, as RewardComposition::Create calls it. It refuses settings that it has no use for.
#define CUPEL_REWARD(name, Make) absl::StatusOr<std::unique_ptr<RewardFunction>> Make(const RewardTermConfig& config);
#include "rewards/registry.def"
#undef CUPEL_REWARD

// The function that `config` names. InvalidArgument for an unknown name (nearest suggested) and for settings it cannot use.
absl::StatusOr<std::unique_ptr<RewardFunction>> MakeReward(const RewardTermConfig& config);

}  // namespace cupel
