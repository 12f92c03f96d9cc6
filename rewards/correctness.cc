// 1 for a correct answer, 0 for any other.

#include <algorithm>

#include "base/status.h"
#include "rewards/registry.h"

namespace cupel {
namespace {

class Correctness final : public RewardFunction {
 public:
  std::string_view name() const override { return "correctness"; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1; }

  void Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(),
                           [](const Candidate& candidate) { return candidate.verdict->outcome == Outcome::kCorrect ? 1.0 : 0.0; });
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeCorrectnessReward(const RewardTermConfig& config) {
  if (!config.pattern.empty()) {
    return InvalidArgument("the reward \"correctness\" has no pattern; remove pattern = \"{}\"", config.pattern);
  }
  return std::make_unique<Correctness>();
}

}  // namespace cupel
