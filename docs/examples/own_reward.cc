// A reward of one's own: 1 for an answer that ends with a question, else 0.                                                            {0,
// 1} How it is gamed: by a question mark.

#include <algorithm>

#include "rewards/registry.h"
#include "rewards/settings.h"
#include "verifiers/answer/characters.h"

namespace cupel {
namespace {

class AsksBack final : public RewardFunction {
 public:
  std::string_view name() const override { return "asks_back"; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(),
                           [](const Candidate& candidate) { return TrimSpace(candidate.text).ends_with('?') ? 1.0 : 0.0; });
    return absl::OkStatus();
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeAsksBackReward(const RewardTermConfig& config) {
  if (const absl::Status refused = RefuseOtherSettings(config, {}); !refused.ok()) {
    return refused;
  }
  return std::make_unique<AsksBack>();
}

}  // namespace cupel
