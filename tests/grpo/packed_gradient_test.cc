// Covers the packed step: prompts shared and sequences end to end give the gradient of every completion by itself.
// Alone: build/release/tests/grpo_test "[packed_gradient]"

#include <cmath>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "grpo/objective/objective.h"
#include "grpo/packing.h"
#include "grpo/trainer.h"
#include "grpo/update.h"
#include "tests/grpo/groups.h"
#include "tests/grpo/tiny_policy.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

constexpr int64_t kUnlimited = 1 << 20;  // packed tokens: everything in one forward pass

std::vector<RolloutGroup> JudgedGroups(const std::unique_ptr<Policy>& policy, const GrpoConfig& config) {
  std::vector<RolloutGroup> groups = testing::RandomGroups(11, 5, 6);
  testing::SetLogprobs(*policy, 0.1, groups);
  Trainer(*policy, config, {}, 1.0, 1).Judge(groups);
  return groups;
}

// Adds the gradients of `losses`, one per sequence, packed as `sequences` say.
void AddGradients(Policy& policy, const LossSettings& settings, const std::vector<SequenceRef>& sequences,
                  const std::vector<LossInput>& losses, int64_t microbatch_tokens) {
  LossSums sums;
  for (const Microbatch& microbatch : Pack(sequences, microbatch_tokens)) {
    policy.AccumulateGradients(microbatch.batch, 1.0, false,
                               [&](size_t i, std::span<const float> logprobs, std::span<const float> entropies, std::span<float> by_logprob,
                                   std::span<float> by_entropy) {
                                 std::vector<double> logprob_gradients(logprobs.size());
                                 std::vector<double> entropy_gradients(logprobs.size());
                                 AddCompletionLoss(
                                     settings, losses[microbatch.begin + i], std::vector<double>(logprobs.begin(), logprobs.end()),
                                     std::vector<double>(entropies.begin(), entropies.end()), logprob_gradients, entropy_gradients, sums);
                                 for (size_t t = 0; t < logprobs.size(); ++t) {
                                   by_logprob[t] = static_cast<float>(logprob_gradients[t]);
                                   by_entropy[t] = static_cast<float>(entropy_gradients[t]);
                                 }
                               });
  }
}

struct NamedGradient {
  std::string name;
  std::vector<float> values;
};

std::vector<NamedGradient> TakeGradients(Policy& policy) {
  std::vector<NamedGradient> result;
  for (const Parameter* parameter : Parameters(policy.weights())) {
    const auto* data = parameter->grad.const_data_ptr<float>();
    result.push_back({parameter->name, std::vector<float>(data, data + parameter->grad.numel())});
  }
  policy.ZeroGradients();
  return result;
}

// |a - b| / |b| in the 2-norm.
double RelativeDistance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    norm += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / norm);
}

TEST_CASE("a prompt that is shared and sequences that are packed give the gradient of each completion alone", "[packed_gradient]") {
  const std::unique_ptr<Policy> policy = testing::LoadTiny();
  for (const double entropy_weight : {0.0, 1e-3}) {
    GrpoConfig config;
    config.entropy.bonus = entropy_weight;
    const std::vector<RolloutGroup> groups = JudgedGroups(policy, config);
    std::vector<GroupFacts> facts;
    for (const RolloutGroup& group : groups) {
      facts.emplace_back(group.rollouts.size());
    }
    const Update update = MakeUpdate(groups, facts, config);
    REQUIRE(update.sequences.size() > 10);
    LossSettings settings;
    settings.objective = FindObjective(config.objective.kind);
    settings.objective_config = config.objective;
    settings.entropy_weight = entropy_weight;

    std::deque<RolloutGroup> alone;  // addresses stay: a sequence of a group of its own shares nothing
    std::vector<SequenceRef> unshared;
    for (const SequenceRef& sequence : update.sequences) {
      alone.push_back(testing::MakeGroup(sequence.group->prompt, {}));
      unshared.push_back({&alone.back(), sequence.rollout});
    }

    AddGradients(*policy, settings, unshared, update.losses, 1);
    const std::vector<NamedGradient> expected = TakeGradients(*policy);
    AddGradients(*policy, settings, update.sequences, update.losses, kUnlimited);
    const std::vector<NamedGradient> shared = TakeGradients(*policy);
    AddGradients(*policy, settings, unshared, update.losses, kUnlimited);
    const std::vector<NamedGradient> packed = TakeGradients(*policy);

    for (size_t i = 0; i < expected.size(); ++i) {
      INFO(expected[i].name << ", entropy weight " << entropy_weight);
      CHECK(RelativeDistance(shared[i].values, expected[i].values) < 1e-5);
      CHECK(RelativeDistance(packed[i].values, expected[i].values) < 1e-5);
    }
  }
}

}  // namespace
}  // namespace cupel
