// A punishment that grows with length near the limit (DAPO, arXiv 2503.14476, equation 13). With n tokens, limit L and margin M:
//
//   0                    n <= L - M
//   ((L - M) - n) / M    L - M < n <= L
//   -1                   n > L
//
// The paper adds it to a reward of +1 or -1; with a reward of 1 or 0 a weight of 0.5 has the same effect. It can be gamed by answering
// briefly, and only by that.

#include <algorithm>

#include "base/status.h"
#include "rewards/registry.h"
#include "rewards/settings.h"

namespace cupel {
namespace {

class SoftOverlong final : public RewardFunction {
 public:
  SoftOverlong(int64_t limit, int64_t margin) : limit_(limit), margin_(margin) {}
  std::string_view name() const override { return "soft_overlong"; }
  double min_value() const override { return -1; }
  double max_value() const override { return 0; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(), [this](const Candidate& candidate) { return Punishment(candidate.num_tokens); });
    return absl::OkStatus();
  }

 private:
  double Punishment(int64_t num_tokens) const {
    if (num_tokens > limit_) {
      return -1;
    }
    const int64_t beyond = num_tokens - (limit_ - margin_);
    return beyond <= 0 ? 0.0 : -static_cast<double>(beyond) / static_cast<double>(margin_);
  }

  int64_t limit_;   // tokens
  int64_t margin_;  // tokens
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeSoftOverlongReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"max_tokens", "margin_tokens"}));
  if (config.max_tokens <= 0 || config.margin_tokens <= 0 || config.margin_tokens > config.max_tokens) {
    return InvalidArgument(
        "the reward \"soft_overlong\" has max_tokens = {} and margin_tokens = {}; expected 0 < margin_tokens <= max_tokens, for example "
        "the longest answer of the rollout and a fifth of it",
        config.max_tokens, config.margin_tokens);
  }
  return std::make_unique<SoftOverlong>(config.max_tokens, config.margin_tokens);
}

}  // namespace cupel
