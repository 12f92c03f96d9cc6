// Covers grpo/config.h: settings that contradict each other. Alone: build/release/tests/grpo_math_test "[grpo_config]"

#include "grpo/config.h"

#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"

namespace cupel {
namespace {

struct Case {
  std::function<void(GrpoConfig&)> change;
  std::vector<std::string> words;  // of the message: setting, value, alternative
  int64_t group_size = 8;
};

TEST_CASE("the defaults go together", "[grpo_config]") { CHECK(CheckGrpoConfig({}, 8, 8).ok()); }

TEST_CASE("contradictory settings are refused by name, with what to write instead", "[grpo_config]") {
  const std::vector<Case> cases = {
      {[](GrpoConfig& c) { c.advantage.estimator = "group_sdt"; }, {"grpo.advantage.estimator", "group_sdt", "did you mean \"group_std\""}},
      {[](GrpoConfig& c) { c.objective.kind = "ppo"; }, {"grpo.objective.kind", "ppo", "clipped_ratio"}},
      {[](GrpoConfig& c) { c.updates_per_rollout = 3; }, {"grpo.updates_per_rollout", "3", "8 groups", "use 2, or 9 groups"}},
      {[](GrpoConfig& c) { c.updates_per_rollout = 64; }, {"grpo.updates_per_rollout", "64", "use 8, or 64 groups"}},
      {[](GrpoConfig&) {}, {"rollout.group_size is 1", "group_std", "batch_norm"}, 1},
      {[](GrpoConfig& c) {
         c.advantage.estimator = "batch_norm";
         c.resample_rounds = 2;
       },
       {"grpo.resample_rounds is 2", "batch_norm", "0"}},
      {[](GrpoConfig& c) {
         c.objective.kind = "cispo";
         c.objective.ratio_floor = 0.9;
         c.objective.ratio_cap = 0.5;
       },
       {"ratio_floor is 0.9", "ratio_cap 0.5", "reversed"}},
      {[](GrpoConfig& c) { c.objective.dual_clip = 0.5; }, {"grpo.objective.dual_clip is 0.5", "use 3"}},
      {[](GrpoConfig& c) { c.objective.ratio_limit = 1.1; }, {"grpo.objective.ratio_limit is 1.1", "1.28", "use 4"}},
      {[](GrpoConfig& c) {
         c.objective.kind = "squared_log_ratio";
         c.aggregation = "sequence_mean";
       },
       {"grpo.aggregation", "sequence_mean", "constant_length"}},
      {[](GrpoConfig& c) { c.kl.reset = "every"; }, {"grpo.kl.reset", "every", "grpo.kl.beta is 0", "0.001"}},
      {[](GrpoConfig& c) {
         c.kl.beta = 0.1;
         c.kl.placement = "reward";
       },
       {"grpo.kl.placement", "k3", "\"k1\""}},
      {[](GrpoConfig& c) {
         c.entropy = {.target = 0.3, .without_signal = 1};
         c.kl.beta = 0.1;
       },
       {"grpo.entropy.without_signal is 1", "grpo.kl.placement", "loss", "to 0"}},
      {[](GrpoConfig& c) {
         c.entropy = {.target = 0.3, .without_signal = 1};
         c.objective.kind = "squared_log_ratio";
       },
       {"grpo.entropy.without_signal is 1", "squared_log_ratio", "to 0"}},
      {[](GrpoConfig& c) {
         c.entropy = {.target = 0.3, .without_signal = 1};
         c.kl = {.beta = 0.1, .estimator = "k1", .placement = "reward"};
       },
       {"grpo.entropy.without_signal is 1", "grpo.kl.placement", "reward", "to 0"}},
      {[](GrpoConfig& c) {
         c.entropy = {.target = 0.3, .without_signal = 1};
         c.advantage.estimator = "batch_norm";
       },
       {"grpo.entropy.without_signal is 1", "batch_norm", "to 0"}},
      {[](GrpoConfig& c) { c.correction.kind = "truncated"; }, {"grpo.correction.kind", "truncated", "recompute"}},
      {[](GrpoConfig& c) {
         c.correction.low = 1;
         c.correction.high = 0.5;
       },
       {"grpo.correction.low is 1", "high 0.5", "reversed"}},
  };
  for (const Case& item : cases) {
    GrpoConfig config;
    item.change(config);
    const absl::Status status = CheckGrpoConfig(config, 8, item.group_size);
    INFO(status.ToString());
    CHECK(absl::IsInvalidArgument(status));
    for (const std::string& word : item.words) {
      INFO(word);
      CHECK(std::string(Message(status)).find(word) != std::string::npos);
    }
  }
}

TEST_CASE("one answer per question goes with a baseline over the batch", "[grpo_config]") {
  GrpoConfig config;
  config.advantage.estimator = "batch_norm";
  CHECK(CheckGrpoConfig(config, 8, 1).ok());
}

}  // namespace
}  // namespace cupel
