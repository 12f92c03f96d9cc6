// Covers grpo/step_metrics.h. Alone: build/release/tests/grpo_math_test "[step_metrics]"

#include "grpo/step_metrics.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "tests/grpo/groups.h"

namespace cupel {
namespace {

using testing::MakeGroup;
using testing::MakeRollout;

Rollout WithTerms(Rollout rollout, double correctness, double format, FinishReason finish_reason) {
  rollout.terms = {{"correctness", correctness, 1.0}, {"format(boxed)", format, 0.5}};
  rollout.completion.finish_reason = finish_reason;
  return rollout;
}

// Two groups: one with signal and an unscored member, one whose rewards are all equal.
std::vector<RolloutGroup> TwoGroups() {
  const auto stop = FinishReason::kStop;
  const auto length = FinishReason::kLength;
  return {MakeGroup({1, 2},
                    {
                        WithTerms(MakeRollout({1, 2, 3}, 1.5, Outcome::kCorrect), 1, 1, stop),
                        WithTerms(MakeRollout({1}, 0.0, Outcome::kNoAnswer), 0, 0, stop),
                        WithTerms(MakeRollout({1, 2, 3, 4, 5, 6, 7, 8}, 9.0, Outcome::kError), 7, 7, length),
                    }),
          MakeGroup({3}, {
                             WithTerms(MakeRollout({1, 2, 3, 4}, 0.5), 0, 1, length),
                             WithTerms(MakeRollout({1, 2}, 0.5), 0, 1, stop),
                         })};
}

TEST_CASE("the metrics of two groups are those worked out by hand", "[step_metrics]") {
  StepMetrics metrics;
  AddRolloutMetrics(TwoGroups(), metrics);
  CHECK(metrics.Get("reward") == Approx((1.5 + 0 + 0.5 + 0.5) / 4));
  CHECK(metrics.Get("reward_std") == Approx((1.5 / std::sqrt(2.0) + 0) / 2));
  CHECK(metrics.Get("frac_reward_zero_std") == 0.5);
  CHECK(metrics.Get("rewards/correctness/mean") == 0.25);
  CHECK(metrics.Get("rewards/correctness/std") == Approx(0.5));  // of 1, 0, 0, 0 with n - 1
  CHECK(metrics.Get("rewards/format(boxed)/mean") == 0.75);
  CHECK(metrics.Get("rewards/format(boxed)/std") == Approx(0.5));
  CHECK(metrics.Get("verdicts/unscored") == 1);
  CHECK(metrics.Get("num_tokens") == 18);
  CHECK(metrics.Get("completions/mean_length") == Approx(18.0 / 5));
  CHECK(metrics.Get("completions/min_length") == 1);
  CHECK(metrics.Get("completions/max_length") == 8);
  CHECK(metrics.Get("completions/mean_terminated_length") == Approx((3.0 + 1 + 2) / 3));
  CHECK(metrics.Get("completions/clipped_ratio") == Approx(0.4));
}

TEST_CASE("a mean of equal rewards is that reward", "[step_metrics]") {
  for (size_t count = 2; count < 50; ++count) {
    StepMetrics metrics;
    AddRolloutMetrics({MakeGroup({1}, std::vector<Rollout>(count, MakeRollout({1}, 1, Outcome::kCorrect)))}, metrics);
    CHECK(metrics.Get("reward") == 1.0);
    CHECK(metrics.Get("reward_std") == 0.0);
    CHECK(metrics.Get("frac_reward_zero_std") == 1.0);
  }
}

TEST_CASE("a step whose completions all lack a verdict has metrics", "[step_metrics]") {
  StepMetrics metrics;
  AddRolloutMetrics({MakeGroup({1}, std::vector<Rollout>(3, MakeRollout({1, 2}, 5, Outcome::kUndecided)))}, metrics);
  CHECK(metrics.Get("reward") == 0);
  CHECK(metrics.Get("reward_std") == 0);
  CHECK(metrics.Get("frac_reward_zero_std") == 1);
  CHECK(metrics.Get("verdicts/unscored") == 3);
  CHECK(metrics.Get("completions/mean_length") == 2);
}

TEST_CASE("Set replaces a value and keeps its place", "[step_metrics]") {
  StepMetrics metrics;
  metrics.Set("a", 1);
  metrics.Set("b", 2);
  metrics.Set("a", 3);
  REQUIRE(metrics.values.size() == 2);
  CHECK(metrics.values[0] == std::pair<std::string, double>{"a", 3});
  CHECK(metrics.Get("b") == 2);
}

}  // namespace
}  // namespace cupel
