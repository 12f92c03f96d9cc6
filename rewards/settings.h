#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "rewards/reward.h"

namespace cupel {

// InvalidArgument when a setting differs from its default that is neither among `used` nor one of those that the composition looks at: a
// setting that is written down and does nothing is a mistake.
absl::Status RefuseOtherSettings(const RewardTermConfig& config, std::initializer_list<std::string_view> used);

struct ValueRange {
  double low = 0;
  double high = 0;
};
// Two finite numbers, the lower first; `values` empty gives `otherwise`. `key` is for the message.
absl::StatusOr<ValueRange> ReadRange(const std::vector<double>& values, std::string_view key, ValueRange otherwise);

// `value` when it is one of `known`, the first of `known` when it is empty, else an error that names what there is and the nearest.
absl::StatusOr<std::string> ReadChoice(const RewardTermConfig& config, std::string_view key, const std::string& value,
                                       const std::vector<std::string>& known);

}  // namespace cupel
