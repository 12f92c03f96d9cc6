// Training by LibTorch's operations (policy/device/) against the project's kernels, and against finite differences. Alone:
// build/release/tests/policy_device_test "[device_policy]"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "base/status.h"
#include "policy/device/device.h"
#include "policy/device/torch_head.h"
#include "policy/model/frozen_policy.h"
#include "policy/model/training_pass.h"
#include "policy/policy.h"
#include "tests/policy/device/on_device.h"
#include "tests/policy/model/reference_decoder.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

using kernels::DType;

// A loss that treats every scored token differently, and asks for entropy too when told to.
void Accumulate(TrainingPass& pass, const PackedBatch& batch, double temperature, float entropy_weight, bool recomputes = false) {
  pass.AccumulateGradients(batch, temperature, recomputes,
                           [&](size_t completion, std::span<const float> logprobs, std::span<const float> entropies,
                               std::span<float> by_logprob, std::span<float> by_entropy) {
                             for (size_t t = 0; t < logprobs.size(); ++t) {
                               const auto c = static_cast<float>(batch.completion_begin[completion] + static_cast<int64_t>(t));
                               by_logprob[t] = std::sin(c);
                               by_entropy[t] = entropy_weight * std::cos(c) * entropies[t];
                             }
                           });
}

double Loss(Policy& policy, const PackedBatch& batch) {
  const at::NoGradGuard no_grad;
  const at::Tensor logprobs = policy.TokenLogprobs(batch, 0.7).logprobs;
  return (logprobs * at::sin(at::arange(logprobs.size(0), at::kFloat))).sum().item<double>();
}

std::vector<at::Tensor> Gradients(DecoderWeights& weights) {
  std::vector<at::Tensor> gradients;
  for (const Parameter* parameter : TrainedParameters(weights)) {
    gradients.push_back(parameter->grad.clone());
  }
  return gradients;
}

void CheckGradients(DecoderWeights& weights, const std::vector<at::Tensor>& expected, double bound) {
  const std::vector<Parameter*> parameters = TrainedParameters(weights);
  REQUIRE(parameters.size() == expected.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    INFO(parameters[i]->name);
    REQUIRE(expected[i].abs().max().item<double>() > 0);
    CHECK(RelativeError(parameters[i]->grad, expected[i]) < bound);
  }
}

// One set of masters under both passes.
struct Passes {
  explicit Passes(const ModelConfig& config, DType type = DType::kFloat)
      : model(MakeTestModel(config, TestBackend(type))), device_backend(model.backend) {
    at::set_num_threads(1);
    device_backend.device = FindDevice(TestDevice()).value();
    kernels = MakeTrainingPass(model.backend, model.weights);
    device = MakeTrainingPass(device_backend, model.weights);
    kernels->Refresh();
    device->Refresh();
  }

  TestModel model;
  ComputeBackend device_backend;
  std::unique_ptr<TrainingPass> kernels;
  std::unique_ptr<TrainingPass> device;
};

std::vector<ModelConfig> Configs() {
  std::vector<ModelConfig> configs(3, SmallConfig());
  configs[1].tie_word_embeddings = false;
  configs[1].num_kv_heads = 4;
  configs[1].rope_theta = 100.0;
  configs[2].num_kv_heads = 1;
  configs[2].head_dim = 32;
  for (ModelConfig& config : configs) {
    config.max_context = 1024;
  }
  return configs;
}

// Prompts with several completions, one of a single token, a prompt of one token; one completion longer than a part of the head.
PackedBatch LongBatch() {
  PackedBatch batch = Pack(SampleGroups());
  const std::vector<std::vector<TokenId>> completions = {RandomTokens(30, 20), RandomTokens(TorchHead::kRows + 20, 21)};
  AppendGroup(RandomTokens(11, 23), completions, batch);
  return batch;
}

}  // namespace

TEST_CASE("log-probabilities, entropies and logits are the kernels', for every shape of decoder", "[device_policy]") {
  const at::NoGradGuard no_grad;
  for (const ModelConfig& config : Configs()) {
    for (const double temperature : {1.0, 0.7}) {
      CAPTURE(config.num_kv_heads, temperature);
      const Passes passes(config);
      const PackedBatch batch = temperature == 1 ? Pack(SampleGroups()) : LongBatch();
      const ScoredTokens actual = passes.device->TokenLogprobs(batch, temperature);
      const ScoredTokens expected = passes.kernels->TokenLogprobs(batch, temperature);
      CHECK(RelativeError(actual.logprobs, expected.logprobs) < 1e-5);
      CHECK(RelativeError(actual.entropy, expected.entropy) < 1e-5);
      CHECK(actual.logprobs.device().is_cpu());
      CHECK(RelativeError(passes.device->ScoredLogits(batch), passes.kernels->ScoredLogits(batch)) < 1e-5);
    }
  }
}

TEST_CASE("every gradient is the kernels', through log-probabilities and through a loss with entropies", "[device_policy]") {
  for (const ModelConfig& config : Configs()) {
    for (const bool is_recorded : {true, false}) {
      CAPTURE(config.num_kv_heads, is_recorded);
      Passes passes(config);
      const PackedBatch batch = config.tie_word_embeddings ? Pack(SampleGroups()) : LongBatch();
      const auto differentiate = [&](TrainingPass& pass) {
        ZeroGradients(passes.model);
        if (is_recorded) {
          const at::Tensor logprobs = pass.TokenLogprobs(batch, 0.7).logprobs;
          logprobs.backward(at::sin(at::arange(logprobs.size(0), at::kFloat)));
        } else {
          Accumulate(pass, batch, 0.7, 0.3F);
        }
      };
      differentiate(*passes.kernels);
      const std::vector<at::Tensor> expected = Gradients(passes.model.weights);
      differentiate(*passes.device);
      CheckGradients(passes.model.weights, expected, 1e-4);
    }
  }
}

TEST_CASE("gradients add up over batches, and recomputed activations give the same", "[device_policy]") {
  Passes passes(SmallConfig());
  const PackedBatch batch = Pack(SampleGroups());
  Accumulate(*passes.device, batch, 1.0, 0.2F);
  const std::vector<at::Tensor> once = Gradients(passes.model.weights);
  Accumulate(*passes.device, batch, 1.0, 0.2F, /*recomputes=*/true);
  std::vector<at::Tensor> twice;
  for (const at::Tensor& gradient : once) {
    twice.push_back(gradient * 2);
  }
  CheckGradients(passes.model.weights, twice, 1e-6);
}

TEST_CASE("finite differences agree with the gradients of weights, and of adapters alone", "[device_policy]") {
  for (const int64_t rank : {0, 4}) {
    CAPTURE(rank);
    const std::unique_ptr<Policy> policy = LoadSharp(TestDevice(), "fp32", rank);
    policy->EnableTraining();
    const PackedBatch batch = Pack(SampleGroups());
    const at::Tensor logprobs = policy->TokenLogprobs(batch, 0.7).logprobs;
    logprobs.backward(at::sin(at::arange(logprobs.size(0), at::kFloat)));
    for (Parameter* parameter : TrainedParameters(policy->weights())) {
      const int64_t steepest = parameter->grad.abs().argmax().item<int64_t>();
      const float slope = parameter->grad.const_data_ptr<float>()[steepest];
      float& weight = parameter->master.mutable_data_ptr<float>()[steepest];
      const float before = weight;
      const auto loss_at = [&](float value) {
        weight = value;
        policy->CommitUpdate();
        return Loss(*policy, batch);
      };
      const float h = 2e-3F;
      const double difference = (loss_at(before + h) - loss_at(before - h)) / (2 * static_cast<double>(h));
      loss_at(before);
      INFO(parameter->name << "[" << steepest << "]");
      CHECK(static_cast<double>(slope) == Approx(difference).epsilon(0.02).margin(5e-3));
    }
  }
}

TEST_CASE("adapters get the kernels' gradients, and nothing else gets one", "[device_policy]") {
  const std::unique_ptr<Policy> kernels = LoadSharp("cpu", "fp32", 4);
  const std::unique_ptr<Policy> device = LoadSharp(TestDevice(), "fp32", 4);
  for (const auto& policy : {kernels.get(), device.get()}) {
    policy->EnableTraining();
    policy->TokenLogprobs(Pack(SampleGroups()), 1.0).logprobs.sum().backward();
  }
  CheckGradients(device->weights(), Gradients(kernels->weights()), 1e-4);
  for (const Parameter* parameter : Parameters(device->weights())) {
    CHECK_FALSE(parameter->grad.defined());
  }
}

TEST_CASE("a completion has the same log-probabilities alone, shared and in any order, up to rounding", "[device_policy]") {
  const at::NoGradGuard no_grad;
  const std::unique_ptr<Policy> policy = LoadSharp(TestDevice());
  const std::vector<Group> groups = SampleGroups();
  const at::Tensor together = policy->TokenLogprobs(Pack(groups), 1.0).logprobs;
  std::vector<at::Tensor> alone;
  for (const Group& group : groups) {
    for (const std::vector<TokenId>& completion : group.completions) {
      const std::vector<Group> one = {{group.prompt, {completion}}};
      alone.push_back(policy->TokenLogprobs(Pack(one), 1.0).logprobs);
    }
  }
  CHECK(RelativeError(at::cat(alone), together) < 1e-5);
}

TEST_CASE("bf16 stays near fp32", "[device_policy]") {
  Passes passes(SmallConfig(), DType::kBf16);
  const std::vector<Group> groups = SampleGroups();
  const ReferenceDecoder reference(passes.model.weights);
  const at::Tensor actual = passes.device->TokenLogprobs(Pack(groups), 1.0).logprobs;
  const at::Tensor expected = reference.Logprobs(groups);
  CHECK((actual - expected).abs().max().item<double>() < 0.25);
  CHECK((actual - expected).abs().mean().item<double>() < 0.04);
  actual.mean().backward();
  expected.mean().backward();
  CHECK(GradientError(passes.model.weights, reference) < 0.06);
}

TEST_CASE("an update reaches the device, and a frozen policy stays what it was", "[device_policy]") {
  const at::NoGradGuard no_grad;
  const Pair pair;
  const PackedBatch batch = Pack(SampleGroups());
  const auto score = [&](auto& policy) { return policy.TokenLogprobs(batch, 1.0).logprobs; };
  FrozenPolicy frozen(*pair.device);
  const at::Tensor before = score(*pair.device);
  CHECK(at::equal(score(frozen), before));
  for (Policy* policy : {pair.kernels.get(), pair.device.get()}) {
    policy->weights().layers[1].down.weight.master.mul_(0.5);
    policy->CommitUpdate();
  }
  CHECK_FALSE(at::equal(score(*pair.device), before));
  CHECK(RelativeError(score(*pair.device), score(*pair.kernels)) < 1e-5);
  CHECK(at::equal(score(frozen), before));
  frozen.CopyFrom(*pair.device);
  CHECK(at::equal(score(frozen), score(*pair.device)));
}

TEST_CASE("a device names itself, and has the threads of the settings", "[device_policy]") {
  const std::unique_ptr<Policy> policy = LoadSharp(TestDevice(), "fp32", 0, 2);
  CHECK(policy->kernel_path() == (TestDevice() == "cuda" ? "libtorch-cuda" : "libtorch-cpu"));
  CHECK(policy->num_threads() == 2);
  CHECK(LoadSharp("cpu")->device_weights() == nullptr);
}

TEST_CASE("a device that is not to be had is refused with what to do", "[device_policy]") {
  ModelSettings settings;
  settings.path = "tiny";
  settings.device = "reference";
  settings.linear = "onednn";
  const absl::Status onednn = Policy::Load(settings, 1).status();
  CHECK(absl::IsInvalidArgument(onednn));
  CHECK(Message(onednn).find("model.linear") != std::string_view::npos);
  settings.linear = "auto";
  settings.device = "cuda";
  if (const absl::Status cuda = Policy::Load(settings, 1).status(); !cuda.ok()) {
    CHECK(absl::IsFailedPrecondition(cuda));
    CHECK(Message(cuda).find("model.device") != std::string_view::npos);
    CHECK_FALSE(ReportCuda().is_usable);
  } else {
    CHECK(ReportCuda().is_usable);
  }
  CHECK(absl::IsInvalidArgument(FindDevice("tpu").status()));
}

}  // namespace cupel
