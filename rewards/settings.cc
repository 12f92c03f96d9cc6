#include "rewards/settings.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr std::array<std::string_view, 7> kOfTheComposition = {"name",      "weight",         "only_if",         "clip",
                                                               "normalize", "schedule_steps", "schedule_factors"};

}  // namespace

absl::Status RefuseOtherSettings(const RewardTermConfig& config, std::initializer_list<std::string_view> used) {
  const Json given = ConfigToJson(config);
  const Json defaults = ConfigToJson(RewardTermConfig{});
  for (const auto& [key, value] : given.items()) {
    const bool is_known = std::ranges::find(used, std::string_view(key)) != used.end() ||
                          std::ranges::find(kOfTheComposition, std::string_view(key)) != kOfTheComposition.end();
    if (!is_known && value != defaults[key]) {
      return InvalidArgument("the reward \"{}\" has no {}; remove {} = {}", config.name, key, key, DumpJson(value));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ValueRange> ReadRange(const std::vector<double>& values, std::string_view key, ValueRange otherwise) {
  if (values.empty()) {
    return otherwise;
  }
  if (values.size() != 2 || !std::isfinite(values[0]) || !std::isfinite(values[1]) || values[0] > values[1]) {
    return InvalidArgument("{} = [{}]; expected two numbers, the lower first, such as [-1, 1]", key, fmt::join(values, ", "));
  }
  return ValueRange{values[0], values[1]};
}

absl::StatusOr<std::string> ReadChoice(const RewardTermConfig& config, std::string_view key, const std::string& value,
                                       const std::vector<std::string>& known) {
  if (value.empty() && !known.front().empty()) {
    return known.front();
  }
  if (std::ranges::find(known, value) != known.end()) {
    return value;
  }
  const std::string nearest = NearestName(value, known);
  std::vector<std::string> shown;
  std::ranges::copy_if(known, std::back_inserter(shown), [](const std::string& name) { return !name.empty(); });
  return InvalidArgument("the reward \"{}\" has no {} \"{}\"{}; there {} {}", config.name, key, value,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), shown.size() == 1 ? "is" : "are",
                         fmt::join(shown, ", "));
}

}  // namespace cupel
