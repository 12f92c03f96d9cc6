#include "experiments/reward_option.h"

#include <charconv>

#include "base/status.h"

namespace cupel {

absl::StatusOr<RewardTermConfig> ParseRewardOption(const std::string& text) {
  RewardTermConfig term;
  std::string name = text;
  if (const size_t equals = text.rfind('='); equals != std::string::npos) {
    const char* begin = text.data() + equals + 1;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(begin, end, term.weight);
    if (error != std::errc() || stop != end || begin == end) {
      return InvalidArgument("--reward {}: \"{}\" is not a weight; write NAME, NAME=WEIGHT or NAME(PATTERN)=WEIGHT", text,
                             std::string(begin, end));
    }
    name = text.substr(0, equals);
  }
  if (const size_t open = name.find('('); open != std::string::npos && name.ends_with(')')) {
    term.pattern = name.substr(open + 1, name.size() - open - 2);
    name = name.substr(0, open);
  }
  term.name = name;
  return term;
}

}  // namespace cupel
