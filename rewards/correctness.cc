// Whether the answer is right, by the task's verifier.
//
//   pattern ""         1 for a correct answer, 0 for any other                        {0, 1}
//   pattern "partial"  1 for a correct answer, else the share that the verifier gives  [0, 1]
//
// The share is Verdict::credit, of verifiers that grade in parts (tests passed, cells filled); those that do not give 0. Source: every
// recipe with verifiable rewards (R1, arXiv 2501.12948, section 2.2.2).
//
// How it is gamed: only through the verifier (a constant answer where one answer is common, a guess among few choices); partial credit
// pays for the easy parts forever, and strict binary rewards did better in one published comparison.

#include <algorithm>

#include "base/status.h"
#include "rewards/registry.h"
#include "rewards/settings.h"

namespace cupel {
namespace {

class Correctness final : public RewardFunction {
 public:
  explicit Correctness(bool is_partial) : is_partial_(is_partial) {}
  std::string_view name() const override { return "correctness"; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(), [this](const Candidate& candidate) { return Worth(*candidate.verdict); });
    return absl::OkStatus();
  }

 private:
  double Worth(const Verdict& verdict) const {
    if (verdict.outcome == Outcome::kCorrect) {
      return 1;
    }
    return is_partial_ && verdict.is_scored() ? std::clamp(verdict.credit, 0.0, 1.0) : 0.0;
  }
  bool is_partial_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeCorrectnessReward(const RewardTermConfig& config) {
  CUPEL_ASSIGN_OR_RETURN(const std::string pattern, ReadChoice(config, "pattern", config.pattern, {"", "partial"}));
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"pattern"}));
  return std::make_unique<Correctness>(pattern == "partial");
}

}  // namespace cupel
