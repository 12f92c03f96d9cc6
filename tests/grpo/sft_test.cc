// Covers grpo/sft.h on the built-in model in fp32. Alone: build/release/tests/grpo_test "[sft]"

#include "grpo/sft.h"

#include <cmath>
#include <memory>
#include <vector>

#include "base/random.h"
#include "tests/grpo/tiny_policy.h"
#include "tests/testing/catch_torch.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using testing::LoadTiny;
using testing::Masters;
using testing::SameBits;

std::vector<SftExample> Examples(int64_t count) {
  RandomStream random(2, RandomPurpose::kTaskContent);
  std::vector<SftExample> examples;
  for (int64_t i = 0; i < count; ++i) {
    SftExample example;
    for (int64_t n = random.Between(1, 6); n > 0; --n) {
      example.prompt.push_back(static_cast<TokenId>(random.Between(32, 126)));
    }
    for (int64_t n = random.Between(1, 9); n > 0; --n) {
      example.completion.push_back(static_cast<TokenId>(random.Between(32, 126)));
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

OptimizerConfig Optimizer(double learning_rate, double eps = 1e-8) {
  OptimizerConfig config;
  config.learning_rate = learning_rate;
  config.eps = eps;
  config.max_grad_norm = 0;
  return config;
}

TEST_CASE("the loss is the mean negative log-probability of completion tokens, however they are packed", "[sft]") {
  const std::vector<SftExample> examples = Examples(7);
  double expected = 0;
  double tokens = 0;
  const std::unique_ptr<Policy> policy = LoadTiny();
  for (const SftExample& example : examples) {
    const at::NoGradGuard no_grad;
    PackedBatch batch;
    AppendGroup(example.prompt, std::vector<std::vector<TokenId>>{example.completion}, batch);
    const at::Tensor logprobs = policy->TokenLogprobs(batch, 1.0).logprobs;
    for (int64_t t = 0; t < logprobs.numel(); ++t) {
      expected -= static_cast<double>(logprobs.const_data_ptr<float>()[t]);
      tokens += 1;
    }
  }
  for (const int64_t microbatch_tokens : {16, 40, 10000}) {
    const std::unique_ptr<Policy> fresh = LoadTiny();
    SftTrainer trainer(*fresh, Optimizer(0), {}, microbatch_tokens, 10);
    CHECK(trainer.Loss(examples) == Approx(expected / tokens).epsilon(1e-9));
    const StepMetrics metrics = trainer.Learn(examples).value();
    CHECK(metrics.Get("loss") == Approx(expected / tokens).epsilon(1e-9));
    CHECK(metrics.Get("num_tokens") == tokens);
  }
}

TEST_CASE("finite differences of the loss agree with the step", "[sft]") {
  const std::vector<SftExample> examples = Examples(5);
  const std::unique_ptr<Policy> policy = LoadTiny();
  const std::vector<float> start = Masters(*policy);
  // The first update of AdamW with eps 1 and learning rate 1 moves a weight by -g / (|g| + 1).
  SftTrainer trainer(*policy, Optimizer(1, 1), {}, 10000, 10);
  REQUIRE(trainer.Learn(examples).ok());
  const std::vector<float> end = Masters(*policy);
  const std::unique_ptr<Policy> probe = LoadTiny();
  SftTrainer measure(*probe, Optimizer(0), {}, 10000, 10);
  size_t offset = 0;
  for (Parameter* parameter : Parameters(probe->weights())) {
    const auto n = static_cast<size_t>(parameter->master.numel());
    size_t steepest = 0;
    for (size_t i = 0; i < n; ++i) {
      const auto moved = [&](size_t at) { return std::abs(end[offset + at] - start[offset + at]); };
      steepest = moved(i) > moved(steepest) ? i : steepest;
    }
    const double step = static_cast<double>(end[offset + steepest]) - static_cast<double>(start[offset + steepest]);
    auto* weight = parameter->master.mutable_data_ptr<float>() + steepest;
    const float value = *weight;
    const float h = 4e-3F;
    const auto loss_at = [&](float to) {
      *weight = to;
      probe->CommitUpdate();
      return measure.Loss(examples);
    };
    const double difference = (loss_at(value + h) - loss_at(value - h)) / (static_cast<double>(value + h) - static_cast<double>(value - h));
    loss_at(value);
    INFO(parameter->name);
    CHECK(-step / (1 - std::abs(step)) == Approx(difference).epsilon(0.02).margin(2e-4));
    offset += n;
  }
}

TEST_CASE("a few examples are learned by heart", "[sft]") {
  const std::vector<SftExample> examples = Examples(3);
  const std::unique_ptr<Policy> policy = LoadTiny();
  SftTrainer trainer(*policy, Optimizer(3e-3), {}, 10000, 100);
  const double before = trainer.Loss(examples);
  for (int i = 0; i < 60; ++i) {
    REQUIRE(trainer.Learn(examples).ok());
  }
  CHECK(before > 4);
  CHECK(trainer.Loss(examples) < 0.5);
}

TEST_CASE("saved and loaded, it continues as if it had not stopped", "[sft]") {
  const std::vector<SftExample> first = Examples(4);
  const std::vector<SftExample> second = Examples(8);
  const std::unique_ptr<Policy> whole = LoadTiny();
  SftTrainer uninterrupted(*whole, Optimizer(1e-3), {}, 64, 10);
  REQUIRE(uninterrupted.Learn(first).ok());
  const TempDir folder;
  REQUIRE(whole->SaveHuggingFace(folder.path()).ok());
  REQUIRE(uninterrupted.SaveState(folder.path()).ok());
  REQUIRE(uninterrupted.Learn(second).ok());

  const std::unique_ptr<Policy> other = LoadTiny(5);
  SftTrainer resumed(*other, Optimizer(1e-3), {}, 64, 10);
  REQUIRE(other->LoadWeights(folder.path()).ok());
  REQUIRE(resumed.LoadState(folder.path()).ok());
  REQUIRE(resumed.Learn(second).ok());
  CHECK(SameBits(Masters(*other), Masters(*whole)));
}

}  // namespace
}  // namespace cupel
