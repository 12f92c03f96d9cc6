// Covers one whole step of grpo/trainer.h against TRL 1.16. Alone: build/release/tests/grpo_test "[trl]"
//
// Oracle: tests/golden/grpo/trl_step.json (make_trl_step.py): TRL's own advantages, loss, clipping and AdamW on the model in
// tests/golden/tiny_llama, for every loss that both programs have.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "grpo/trainer.h"
#include "tests/grpo/groups.h"
#include "tests/grpo/tiny_policy.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

std::vector<RolloutGroup> GoldenGroups(const Json& golden) {
  std::vector<RolloutGroup> groups;
  for (const Json& item : golden["groups"]) {
    std::vector<Rollout> rollouts;
    for (size_t i = 0; i < item["completions"].size(); ++i) {
      Rollout rollout = testing::MakeRollout(item["completions"][i].get<std::vector<TokenId>>(), item["rewards"][i].get<double>());
      rollout.completion.logprobs = item["old_logprobs"][i].get<std::vector<float>>();
      rollouts.push_back(std::move(rollout));
    }
    groups.push_back(testing::MakeGroup(item["prompt"].get<std::vector<TokenId>>(), std::move(rollouts)));
    groups.back().group_idx = static_cast<int64_t>(groups.size()) - 1;
  }
  return groups;
}

// TRL's settings in our words.
GrpoConfig ConfigOf(const Json& golden, const Json& step) {
  const Json& settings = step["settings"];
  const auto loss_type = settings["loss_type"].get<std::string>();
  GrpoConfig config;
  config.advantage.eps = golden["advantage_eps"].get<double>();
  config.objective.clip_low = settings["epsilon"].get<double>();
  config.objective.clip_high = settings["epsilon_high"].get<double>();
  if (loss_type == "cispo") {
    config.objective.kind = "cispo";
    config.objective.ratio_cap = settings["epsilon_high"].get<double>();
  } else if (settings.contains("importance_sampling_level")) {
    config.objective.kind = "sequence_ratio";
  }
  config.aggregation = loss_type == "grpo" ? "sequence_mean" : loss_type == "dr_grpo" ? "constant_length" : "token_mean";
  config.constant_length = golden["max_new_tokens"].get<int64_t>();
  config.kl.beta = settings["beta"].get<double>();
  return config;
}

// The change of a parameter as TRL's file describes it.
struct Change {
  double norm = 0;
  double along_cosine = 0;
};

Change ChangeOf(const float* before, const float* after, int64_t size) {
  Change change;
  for (int64_t i = 0; i < size; ++i) {
    const double difference = static_cast<double>(after[i]) - static_cast<double>(before[i]);
    change.norm += difference * difference;
    change.along_cosine += difference * std::cos(static_cast<double>(i));
  }
  change.norm = std::sqrt(change.norm);
  return change;
}

std::unique_ptr<Policy> LoadGolden() {
  std::unique_ptr<Policy> policy = testing::LoadTiny();
  const absl::Status status = policy->LoadWeights(CUPEL_SOURCE_DIR "/tests/golden/tiny_llama");
  INFO(status.ToString());
  REQUIRE(status.ok());
  return policy;
}

TEST_CASE("one step gives TRL's loss, metrics and weights for every loss type", "[trl]") {
  const Json golden = testing::ReadGolden("trl_step.json");
  REQUIRE(golden["steps"].size() == 7);
  for (const Json& step : golden["steps"]) {
    INFO(step["name"].get<std::string>());
    const std::unique_ptr<Policy> before = LoadGolden();
    const std::unique_ptr<Policy> policy = LoadGolden();
    OptimizerConfig optimizer;
    optimizer.learning_rate = golden["learning_rate"].get<double>();
    optimizer.eps = golden["adam_eps"].get<double>();
    Trainer trainer(*policy, ConfigOf(golden, step), optimizer, 1.0, 1);
    std::vector<RolloutGroup> groups = GoldenGroups(golden);
    trainer.Judge(groups);
    const StepMetrics metrics = trainer.Learn(groups).value();

    CHECK(metrics.Get("loss") == Approx(step["loss"].get<double>()).margin(1e-5).epsilon(0));
    CHECK(metrics.Get("grad_norm") == Approx(step["grad_norm"].get<double>()).epsilon(1e-4));
    for (const auto& [name, value] : step["metrics"].items()) {
      INFO(name);
      if (name == "entropy") {
        continue;  // TRL's counts the completions of advantage 0, which are not computed here
      }
      CHECK(metrics.Get(name) == Approx(value.get<double>()).epsilon(1e-4).margin(1e-5));
    }
    const std::vector<NamedSlice> old_slices = NamedSlices(before->weights());
    const std::vector<NamedSlice> slices = NamedSlices(policy->weights());
    REQUIRE(slices.size() == step["parameters"].size());
    for (size_t i = 0; i < slices.size(); ++i) {
      INFO(slices[i].name);
      const Json& expected = step["parameters"][slices[i].name];
      const Change change = ChangeOf(old_slices[i].data(), slices[i].data(), slices[i].size());
      const double norm = expected["norm"].get<double>();
      const double change_norm = expected["change_norm"].get<double>();
      CHECK(std::abs(change.norm - change_norm) <= 1e-5 * norm);
      CHECK(std::abs(change.along_cosine - expected["change_along_cosine"].get<double>()) <= 1e-5 * norm);
      // Stricter than what is asked of the weights: the change itself agrees.
      CHECK(change.norm == Approx(change_norm).epsilon(1e-3));
      for (size_t k = 0; k < expected["indices"].size(); ++k) {
        const double weight = slices[i].data()[expected["indices"][k].get<size_t>()];
        CHECK(weight == Approx(expected["weights"][k].get<double>()).epsilon(1e-5).margin(1e-6));
      }
    }
  }
}

}  // namespace
}  // namespace cupel
