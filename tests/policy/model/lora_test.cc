// Covers policy/model/lora.h, policy/model/frozen_policy.h and the training pass of policy/policy.h. Alone:
// build/release/tests/policy_test "[lora],[training_pass]"

#include "policy/model/lora.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "base/json.h"
#include "base/random.h"
#include "policy/checkpoint/safetensors.h"
#include "policy/model/frozen_policy.h"
#include "policy/policy.h"
#include "tests/testing/catch_torch.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

ModelSettings Tiny(int64_t rank = 0) {
  ModelSettings settings;
  settings.path = "tiny";
  settings.chat_template = "plain";
  settings.compute = "fp32";
  settings.linear = "kernel";
  settings.threads = 1;
  settings.lora.rank = rank;
  settings.lora.alpha = 8;
  return settings;
}

std::unique_ptr<Policy> Load(const ModelSettings& settings) { return Policy::Load(settings, 1).value(); }

PackedBatch Batch() {
  PackedBatch batch;
  AppendGroup(std::vector<TokenId>{10, 11, 12}, std::vector<std::vector<TokenId>>{{20, 21, 22}, {30}, {40, 41}}, batch);
  AppendGroup(std::vector<TokenId>{50}, std::vector<std::vector<TokenId>>{{60, 61}}, batch);
  return batch;
}

// sum_c weight_c log p_c + entropy_weight sum_c H_c, in double.
double Loss(Policy& policy, const PackedBatch& batch, double entropy_weight) {
  const at::NoGradGuard no_grad;
  const TokenLogprobsResult result = policy.TokenLogprobs(batch, 0.7);
  double loss = 0;
  for (int64_t c = 0; c < batch.num_scored(); ++c) {
    loss += (0.1 * static_cast<double>(c) - 0.3) * static_cast<double>(result.logprobs.const_data_ptr<float>()[c]);
    loss += entropy_weight * static_cast<double>(result.entropy.const_data_ptr<float>()[c]);
  }
  return loss;
}

void Accumulate(Policy& policy, const PackedBatch& batch, double entropy_weight, bool recomputes = false) {
  policy.AccumulateGradients(
      batch, 0.7, recomputes,
      [&](size_t completion, std::span<const float>, std::span<const float>, std::span<float> by_logprob, std::span<float> by_entropy) {
        for (size_t t = 0; t < by_logprob.size(); ++t) {
          const auto c = static_cast<double>(batch.completion_begin[completion] + static_cast<int64_t>(t));
          by_logprob[t] = static_cast<float>(0.1 * c - 0.3);
          by_entropy[t] = static_cast<float>(entropy_weight);
        }
      });
}

std::vector<float> Gradients(Policy& policy) {
  std::vector<float> values;
  for (const Parameter* parameter : TrainedParameters(policy.weights())) {
    const auto* data = parameter->grad.const_data_ptr<float>();
    values.insert(values.end(), data, data + parameter->grad.numel());
  }
  return values;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST_CASE("the training pass gives the gradients of autograd through the log-probabilities", "[training_pass]") {
  const std::unique_ptr<Policy> recorded = Load(Tiny());
  const std::unique_ptr<Policy> direct = Load(Tiny());
  recorded->EnableTraining();
  direct->EnableTraining();
  const PackedBatch batch = Batch();
  at::Tensor weights = at::empty({batch.num_scored()}, at::kFloat);
  for (int64_t c = 0; c < batch.num_scored(); ++c) {
    weights.data_ptr<float>()[c] = static_cast<float>(0.1 * static_cast<double>(c) - 0.3);
  }
  recorded->TokenLogprobs(batch, 0.7).logprobs.backward(weights);
  Accumulate(*direct, batch, 0);
  CHECK(SameBits(Gradients(*recorded), Gradients(*direct)));
}

TEST_CASE("recomputed activations give the same bits", "[training_pass]") {
  const std::unique_ptr<Policy> kept = Load(Tiny());
  const std::unique_ptr<Policy> recomputed = Load(Tiny());
  kept->EnableTraining();
  recomputed->EnableTraining();
  Accumulate(*kept, Batch(), 0.2);
  Accumulate(*recomputed, Batch(), 0.2, true);
  CHECK(SameBits(Gradients(*kept), Gradients(*recomputed)));
}

// The largest gradient of each trained parameter against a central difference of the loss.
void CheckDifferences(Policy& policy, double entropy_weight) {
  policy.EnableTraining();
  policy.ZeroGradients();
  const PackedBatch batch = Batch();
  Accumulate(policy, batch, entropy_weight);
  for (Parameter* parameter : TrainedParameters(policy.weights())) {
    const auto* gradient = parameter->grad.const_data_ptr<float>();
    const auto n = parameter->grad.numel();
    const auto steepest = std::max_element(gradient, gradient + n, [](float a, float b) { return std::abs(a) < std::abs(b); }) - gradient;
    auto* weight = parameter->master.mutable_data_ptr<float>() + steepest;
    const float value = *weight;
    const float h = 4e-3F;
    const auto loss_at = [&](float to) {
      *weight = to;
      policy.CommitUpdate();
      return Loss(policy, batch, entropy_weight);
    };
    const double difference = (loss_at(value + h) - loss_at(value - h)) / (static_cast<double>(value + h) - static_cast<double>(value - h));
    loss_at(value);
    INFO(parameter->name << "[" << steepest << "]");
    CHECK(static_cast<double>(gradient[steepest]) == Approx(difference).epsilon(0.02).margin(3e-4));
  }
}

TEST_CASE("finite differences agree with the gradient through log-probabilities and entropies", "[training_pass]") {
  const std::unique_ptr<Policy> policy = Load(Tiny());
  CheckDifferences(*policy, 0.5);
}

// Moves every B away from zero, so that both factors have a gradient.
void Perturb(Policy& policy) {
  RandomStream random(9, RandomPurpose::kTaskContent);
  for (LinearWeights* matrix : LayerMatrices(policy.weights())) {
    for (Adapter& adapter : matrix->adapters) {
      auto* b = adapter.b.master.mutable_data_ptr<float>();
      std::generate(b, b + adapter.b.master.numel(), [&] { return static_cast<float>(0.1 * random.Normal()); });
    }
  }
  policy.CommitUpdate();
}

TEST_CASE("finite differences agree with the gradients of the adapters, and nothing else is trained", "[lora]") {
  const std::unique_ptr<Policy> policy = Load(Tiny(4));
  Perturb(*policy);
  CheckDifferences(*policy, 0);
  CHECK(TrainedParameters(policy->weights()).size() == 2 * 7 * 2);
  for (const Parameter* parameter : Parameters(policy->weights())) {
    CHECK_FALSE(parameter->grad.defined());
  }
}

TEST_CASE("new adapters leave the policy as it was", "[lora]") {
  const std::unique_ptr<Policy> plain = Load(Tiny());
  const std::unique_ptr<Policy> adapted = Load(Tiny(4));
  CHECK(plain->ScoredLogits(Batch()).equal(adapted->ScoredLogits(Batch())));
  Perturb(*adapted);
  CHECK_FALSE(plain->ScoredLogits(Batch()).equal(adapted->ScoredLogits(Batch())));
}

TEST_CASE("merged weights and adapters give the same policy, and adapters come back bit for bit", "[lora]") {
  const TempDir folder;
  const std::unique_ptr<Policy> adapted = Load(Tiny(4));
  Perturb(*adapted);
  REQUIRE(adapted->SaveHuggingFace(folder.path()).ok());
  const std::unique_ptr<Policy> merged = Load(Tiny());
  REQUIRE(merged->LoadWeights(folder.path()).ok());
  CHECK(merged->ScoredLogits(Batch()).equal(adapted->ScoredLogits(Batch())));

  const std::unique_ptr<Policy> resumed = Load(Tiny(4));
  REQUIRE(resumed->LoadWeights(folder.path()).ok());
  CHECK(resumed->ScoredLogits(Batch()).equal(adapted->ScoredLogits(Batch())));
  const std::unique_ptr<Policy> other_rank = Load(Tiny(2));
  CHECK(absl::IsDataLoss(other_rank->LoadWeights(folder.path())));
}

TEST_CASE("an adapter is written with PEFT's names", "[lora]") {
  const TempDir folder;
  ModelSettings settings = Tiny(4);
  settings.lora.targets = {"q_proj", "down_proj"};
  settings.lora.rank_stabilised = true;
  const std::unique_ptr<Policy> policy = Load(settings);
  CHECK(policy->weights().layers[0].qkv.adapters[0].scale == Approx(4.0));
  REQUIRE(policy->SaveAdapters(folder.path()).ok());
  const SafetensorsFile file = SafetensorsFile::Open(folder.File("adapter_model.safetensors")).value();
  CHECK(file.tensors().size() == 2 * 2 * 2);
  const auto* a = file.Find("base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight");
  const auto* b = file.Find("base_model.model.model.layers.0.mlp.down_proj.lora_B.weight");
  REQUIRE(a != nullptr);
  REQUIRE(b != nullptr);
  CHECK(a->shape == std::vector<int64_t>{4, 64});
  CHECK(b->shape == std::vector<int64_t>{64, 4});
  const std::string path = folder.File("adapter_config.json");
  const Json json = ParseJson(ReadFile(path).value(), path).value();
  CHECK(json["r"] == 4);
  CHECK(json["use_rslora"] == true);
  CHECK(json["target_modules"] == Json::array({"q_proj", "down_proj"}));
}

TEST_CASE("targets that match nothing are refused with those that would", "[lora]") {
  ModelSettings settings = Tiny(4);
  settings.lora.targets = {"q_proj", "query"};
  const absl::Status status = Policy::Load(settings, 1).status();
  CHECK(absl::IsInvalidArgument(status));
  for (const char* word : {"model.lora.targets", "\"query\"", "q_proj", "down_proj"}) {
    CHECK(std::string(status.message()).find(word) != std::string::npos);
  }
  settings.lora.targets = {};
  CHECK(absl::IsInvalidArgument(Policy::Load(settings, 1).status()));
}

TEST_CASE("a frozen policy stays what it was, and comes back from its file", "[training_pass]") {
  const TempDir folder;
  const std::unique_ptr<Policy> policy = Load(Tiny(4));
  Perturb(*policy);
  const PackedBatch batch = Batch();
  const at::NoGradGuard no_grad;
  FrozenPolicy frozen(*policy);
  const at::Tensor before = policy->TokenLogprobs(batch, 1).logprobs;
  CHECK(frozen.TokenLogprobs(batch, 1).logprobs.equal(before));
  REQUIRE(frozen.Save(folder.File("reference.safetensors")).ok());
  policy->weights().layers[0].qkv.adapters[0].b.master.mul_(2);
  policy->CommitUpdate();
  CHECK(frozen.TokenLogprobs(batch, 1).logprobs.equal(before));
  CHECK_FALSE(policy->TokenLogprobs(batch, 1).logprobs.equal(before));
  frozen.CopyFrom(*policy);
  CHECK(frozen.TokenLogprobs(batch, 1).logprobs.equal(policy->TokenLogprobs(batch, 1).logprobs));
  REQUIRE(frozen.Load(folder.File("reference.safetensors")).ok());
  CHECK(frozen.TokenLogprobs(batch, 1).logprobs.equal(before));
}

}  // namespace
}  // namespace cupel
