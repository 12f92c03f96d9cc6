// Covers grpo/explain.h. Alone: build/release/tests/grpo_math_test "[explain]"

#include "grpo/explain.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

// A step of a healthy run with several updates, about which there is nothing to say.
StepMetrics Healthy() {
  StepMetrics metrics;
  metrics.values = {{"reward", 0.4},
                    {"frac_reward_zero_std", 0.2},
                    {"policy_loss", 0.01},
                    {"grad_norm", 0.5},
                    {"entropy", 1.2},
                    {"kl", 0.01},
                    {"clip_ratio/region_mean", 0.02},
                    {"completions/mean_length", 30},
                    {"completions/clipped_ratio", 0.1},
                    {"sampling/sampling_logp_difference/mean", 0},
                    {"train/scored_tokens", 1000}};
  return metrics;
}

GrpoConfig SeveralUpdates() {
  GrpoConfig config;
  config.updates_per_rollout = 4;
  return config;
}

std::vector<std::string> Keys(const std::vector<Remark>& remarks) {
  std::vector<std::string> keys;
  for (const Remark& remark : remarks) {
    keys.push_back((remark.is_warning ? "!" : "") + remark.key);
    CHECK(remark.text.size() > 60);
  }
  return keys;
}

StepMetrics With(std::string_view name, double value) {
  StepMetrics metrics = Healthy();
  metrics.Set(name, value);
  return metrics;
}

TEST_CASE("a healthy step needs no words", "[explain]") {
  CHECK(Explain(Healthy(), std::vector<StepMetrics>(10, Healthy()), SeveralUpdates()).empty());
}

TEST_CASE("what looks odd and is right is explained", "[explain]") {
  StepMetrics on_policy = With("policy_loss", -3e-9);
  on_policy.Set("clip_ratio/region_mean", 0);
  CHECK(Keys(Explain(on_policy, {}, {})) == std::vector<std::string>{"loss_near_zero", "nothing_clipped"});
  StepMetrics equal = With("frac_reward_zero_std", 1);
  const auto remark = [&](double scored_tokens) {
    equal.Set("train/scored_tokens", scored_tokens);
    return Explain(equal, {}, SeveralUpdates());
  };
  CHECK(Keys(remark(0)) == std::vector<std::string>{"no_signal"});
  CHECK(remark(0)[0].text.find("no update was made") != std::string::npos);
  CHECK(Keys(remark(1000)) == std::vector<std::string>{"no_signal"});  // an entropy bonus was at work
  CHECK(remark(1000)[0].text.find("no update was made") == std::string::npos);
}

TEST_CASE("what is wrong is said", "[explain]") {
  const std::vector<StepMetrics> history(kRemarkHistory, Healthy());
  const auto keys = [&](std::string_view name, double value) { return Keys(Explain(With(name, value), history, SeveralUpdates())); };
  CHECK(keys("entropy", 0.01) == std::vector<std::string>{"!entropy_collapse"});
  CHECK(keys("kl", 3) == std::vector<std::string>{"!kl_spike"});
  CHECK(keys("completions/mean_length", 90) == std::vector<std::string>{"!length_explosion"});
  CHECK(keys("completions/clipped_ratio", 0.9) == std::vector<std::string>{"!length_explosion"});
  CHECK(keys("sampling/sampling_logp_difference/mean", 0.2) == std::vector<std::string>{"!mismatch"});
  GrpoConfig corrected = SeveralUpdates();
  corrected.correction.kind = "truncated";
  CHECK(Keys(Explain(With("sampling/sampling_logp_difference/mean", 0.2), history, corrected)) ==
        std::vector<std::string>{"corrected_mismatch"});
  const std::vector<StepMetrics> flat(kRemarkHistory, With("frac_reward_zero_std", 1));
  CHECK(Keys(Explain(With("frac_reward_zero_std", 1), flat, SeveralUpdates())) == std::vector<std::string>{"!reward_without_variance"});
}

}  // namespace
}  // namespace cupel
