#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "rewards/reward.h"

namespace cupel {

// A term as given to --reward: "format(boxed)=0.1" is the reward format with pattern boxed and weight 0.1; the weight is 1 when it is not
// said.
absl::StatusOr<RewardTermConfig> ParseRewardOption(const std::string& text);

}  // namespace cupel
