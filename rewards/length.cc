// Rewards of length.
//
// cosine_length (arXiv 2502.03373, section 4; open-r1 get_cosine_scaled_reward): with x = length / max_tokens,
//
//   a + (b - a) (1 + cos(pi min(x, 1))) / 2       correct: b = 1, a = 0.5 (correct_range);  wrong: b = -1, a = -0.5 (wrong_range)
//
// so that a correct answer is worth more when it is short and a wrong one when it is long: b is the worth at length 0, a from max_tokens
// on. unit "tokens" (TRL) or "characters" (open-r1: Unicode characters). variant "published" does not clamp x, so that the curve turns back
// at max_tokens, as open-r1's does. How it is gamed: a wrong answer gains by being long, so filler after a guess is paid for; watch it
// beside the share of truncated answers.
//
// kimi_length (arXiv 2501.12599, section 2.3.3): with the shortest and longest answer of the group,
//
//   lambda = 0.5 - (length - min) / (max - min);   correct: lambda;   wrong: min(0, lambda);   all 0 when max = min          [-0.5, 0.5]
//
// Answers without a verdict are not among the shortest and longest, and get 0. The paper switches it on after a warm-up: schedule_steps.
// How it is gamed: by short wrong answers, which lose nothing, where correctness weighs too little beside it.
//
// target_length (after L1, arXiv 2503.04697, which subtracts 0.0003 |n - target|; here bounded):
//
//   -min(1, |n - target_tokens| / margin_tokens)        pattern "at_most": only what is beyond the target counts              [-1, 0]
//
// How it is gamed: by filler up to the target, or by cutting the work short; it knows nothing of what is said.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "base/status.h"
#include "rewards/registry.h"
#include "rewards/settings.h"

namespace cupel {
namespace {

int64_t NumCharacters(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

class CosineLength final : public RewardFunction {
 public:
  struct Settings {
    ValueRange correct;
    ValueRange wrong;
    int64_t max_length;
    bool by_characters;
    bool is_clamped;
  };
  explicit CosineLength(const Settings& settings) : settings_(settings) {}
  std::string_view name() const override { return "cosine_length"; }
  double min_value() const override { return std::min(settings_.correct.low, settings_.wrong.low); }
  double max_value() const override { return std::max(settings_.correct.high, settings_.wrong.high); }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(), [this](const Candidate& candidate) { return Worth(candidate); });
    return absl::OkStatus();
  }

 private:
  double Worth(const Candidate& candidate) const {
    const bool is_correct = candidate.verdict->outcome == Outcome::kCorrect;
    const double at_end = is_correct ? settings_.correct.low : settings_.wrong.high;
    const double at_zero = is_correct ? settings_.correct.high : settings_.wrong.low;
    const int64_t length = settings_.by_characters ? NumCharacters(candidate.text) : candidate.num_tokens;
    double progress = static_cast<double>(length) / static_cast<double>(settings_.max_length);
    progress = settings_.is_clamped ? std::min(progress, 1.0) : progress;
    const double value = at_end + 0.5 * (at_zero - at_end) * (1 + std::cos(std::numbers::pi * progress));
    return std::clamp(value, std::min(at_end, at_zero), std::max(at_end, at_zero));  // against rounding
  }
  Settings settings_;
};

class KimiLength final : public RewardFunction {
 public:
  std::string_view name() const override { return "kimi_length"; }
  double min_value() const override { return -0.5; }
  double max_value() const override { return 0.5; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::optional<int64_t> shortest, longest;
    for (const Candidate& candidate : group) {
      if (candidate.verdict->is_scored()) {
        shortest = std::min(shortest.value_or(candidate.num_tokens), candidate.num_tokens);
        longest = std::max(longest.value_or(candidate.num_tokens), candidate.num_tokens);
      }
    }
    for (size_t i = 0; i < group.size(); ++i) {
      scores[i] = shortest < longest && group[i].verdict->is_scored() ? Worth(group[i], *shortest, *longest) : 0;
    }
    return absl::OkStatus();
  }

 private:
  static double Worth(const Candidate& candidate, int64_t shortest, int64_t longest) {
    const double lambda = 0.5 - static_cast<double>(candidate.num_tokens - shortest) / static_cast<double>(longest - shortest);
    return candidate.verdict->outcome == Outcome::kCorrect ? lambda : std::min(0.0, lambda);
  }
};

class TargetLength final : public RewardFunction {
 public:
  TargetLength(int64_t target, int64_t margin, bool is_bound) : target_(target), margin_(margin), is_bound_(is_bound) {}
  std::string_view name() const override { return "target_length"; }
  double min_value() const override { return -1; }
  double max_value() const override { return 0; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(), [this](const Candidate& candidate) { return Worth(candidate.num_tokens); });
    return absl::OkStatus();
  }

 private:
  double Worth(int64_t num_tokens) const {
    const int64_t beyond = num_tokens - target_;
    const int64_t miss = is_bound_ ? std::max<int64_t>(0, beyond) : std::abs(beyond);
    return -std::min(1.0, static_cast<double>(miss) / static_cast<double>(margin_));
  }
  int64_t target_;  // tokens
  int64_t margin_;  // tokens
  bool is_bound_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeCosineLengthReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"max_tokens", "unit", "variant", "correct_range", "wrong_range"}));
  CUPEL_ASSIGN_OR_RETURN(const std::string unit, ReadChoice(config, "unit", config.unit, {"tokens", "characters"}));
  CUPEL_ASSIGN_OR_RETURN(const std::string variant, ReadChoice(config, "variant", config.variant, {"", "published"}));
  CosineLength::Settings settings{.correct = {},
                                  .wrong = {},
                                  .max_length = config.max_tokens > 0 ? config.max_tokens : 1000,
                                  .by_characters = unit == "characters",
                                  .is_clamped = variant.empty()};
  CUPEL_ASSIGN_OR_RETURN(settings.correct, ReadRange(config.correct_range, "correct_range", {0.5, 1}));
  CUPEL_ASSIGN_OR_RETURN(settings.wrong, ReadRange(config.wrong_range, "wrong_range", {-1, -0.5}));
  return std::make_unique<CosineLength>(settings);
}

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeKimiLengthReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {}));
  return std::make_unique<KimiLength>();
}

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeTargetLengthReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"target_tokens", "margin_tokens", "pattern"}));
  CUPEL_ASSIGN_OR_RETURN(const std::string pattern, ReadChoice(config, "pattern", config.pattern, {"", "at_most"}));
  if (config.target_tokens <= 0 || config.margin_tokens <= 0) {
    return InvalidArgument(
        "the reward \"target_length\" has target_tokens = {} and margin_tokens = {}; expected both above 0: the length asked for, and the "
        "distance from it that costs 1",
        config.target_tokens, config.margin_tokens);
  }
  return std::make_unique<TargetLength>(config.target_tokens, config.margin_tokens, pattern == "at_most");
}

}  // namespace cupel
