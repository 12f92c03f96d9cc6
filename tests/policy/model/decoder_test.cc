// The training forward and its hand-written backward against LibTorch's own operations and autograd, on small random models. Run alone:
//   build/release/tests/policy_test "[decoder]"

#include "policy/model/decoder.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "policy/model/weight_loading.h"
#include "tests/policy/model/reference_decoder.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

using kernels::DType;

// Coefficients of a loss that treats every scored token differently, some of them not at all.
at::Tensor Coefficients(int64_t count) {
  return at::sin(at::arange(count, at::kFloat)) * at::arange(count, at::kFloat).remainder(5).sign();
}

struct NamedConfig {
  const char* name;
  ModelConfig config;
};

std::vector<NamedConfig> Configs() {
  std::vector<NamedConfig> configs(4, {"grouped queries, tied", SmallConfig()});
  configs[1].name = "separate head";
  configs[1].config.tie_word_embeddings = false;
  configs[2].name = "as many key heads as query heads, another rope base";
  configs[2].config.num_kv_heads = 4;
  configs[2].config.rope_theta = 100.0;
  configs[3].name = "one key head, head size 32, attention wider than the model";
  configs[3].config.num_kv_heads = 1;
  configs[3].config.head_dim = 32;
  configs[3].config.num_layers = 3;
  return configs;
}

}  // namespace

TEST_CASE("log-probabilities and all gradients agree with LibTorch's autograd in fp32", "[decoder]") {
  for (const auto& [name, config] : Configs()) {
    for (const double temperature : {1.0, 0.7}) {
      CAPTURE(name, temperature);
      TestModel model = MakeTestModel(config, TestBackend(DType::kFloat));
      const ReferenceDecoder reference(model.weights);
      const std::vector<Group> groups = SampleGroups();
      const at::Tensor actual = Logprobs(model, Pack(groups), temperature);
      const at::Tensor expected = reference.Logprobs(groups, temperature);
      CHECK(RelativeError(actual, expected) < 1e-5);
      const at::Tensor coefficients = Coefficients(actual.size(0));
      (actual * coefficients).sum().backward();
      (expected * coefficients).sum().backward();
      CHECK(GradientError(model.weights, reference) < 1e-4);
    }
  }
}

TEST_CASE("every kernel path gives LibTorch's gradients", "[decoder]") {
  for (const kernels::KernelTable* table : kernels::AvailableKernels()) {
    CAPTURE(table->name);
    TestModel model = MakeTestModel(SmallConfig(), {.kernels = table, .type = DType::kFloat, .onednn = false});
    const ReferenceDecoder reference(model.weights);
    const std::vector<Group> groups = SampleGroups();
    const at::Tensor actual = Logprobs(model, Pack(groups));
    const at::Tensor expected = reference.Logprobs(groups);
    CHECK(RelativeError(actual, expected) < 1e-5);
    actual.mean().backward();
    expected.mean().backward();
    CHECK(GradientError(model.weights, reference) < 1e-4);
  }
}

TEST_CASE("bf16 compute stays near fp32", "[decoder]") {
  std::vector<ComputeBackend> backends = {{.kernels = kernels::BestKernels(), .type = DType::kBf16, .onednn = true}};
  for (const kernels::KernelTable* table : kernels::AvailableKernels()) {
    backends.push_back({.kernels = table, .type = DType::kBf16});
  }
  for (const ComputeBackend& backend : backends) {
    CAPTURE(backend.name());
    TestModel model = MakeTestModel(SmallConfig(), backend);
    const ReferenceDecoder reference(model.weights);
    const std::vector<Group> groups = SampleGroups();
    const at::Tensor actual = Logprobs(model, Pack(groups));
    const at::Tensor expected = reference.Logprobs(groups);
    CHECK((actual - expected).abs().max().item<double>() < 0.25);
    CHECK((actual - expected).abs().mean().item<double>() < 0.04);
    actual.mean().backward();
    expected.mean().backward();
    CHECK(GradientError(model.weights, reference) < 0.06);
  }
}

TEST_CASE("entropy is that of the distribution at the given temperature", "[decoder]") {
  TestModel model = MakeTestModel(SmallConfig(), TestBackend(DType::kFloat));
  const std::vector<Group> groups = SampleGroups();
  const auto layout = MakeLayout(Pack(groups), model.weights.config);
  const at::Tensor hidden = DecoderForward(model.backend, model.weights, layout);
  const ScoredTokens scored = ScoreTokens(model.backend, model.weights, layout, hidden, 2.0);
  const at::Tensor logp = at::log_softmax(ScoredLogits(model.backend, model.weights, *layout, hidden) / 2.0, -1);
  CHECK(RelativeError(scored.entropy, -(logp.exp() * logp).sum(-1)) < 1e-5);
  CHECK_FALSE(scored.entropy.requires_grad());
  CHECK(scored.logprobs.requires_grad());
}

TEST_CASE("nothing is recorded when gradients are off", "[decoder]") {
  TestModel model = MakeTestModel(SmallConfig(), TestBackend(DType::kFloat));
  const at::NoGradGuard no_grad;
  CHECK_FALSE(Logprobs(model, Pack(SampleGroups())).requires_grad());
}

TEST_CASE("the gradient predicts the change of the loss along a direction", "[decoder]") {
  TestModel model = MakeTestModel(SmallConfig(), TestBackend(DType::kFloat));
  const PackedBatch batch = Pack(SampleGroups());
  const at::Tensor coefficients = Coefficients(batch.num_scored()).to(at::kDouble);
  const auto loss = [&] { return (Logprobs(model, batch).to(at::kDouble) * coefficients).sum(); };
  loss().backward();
  double slope = 0;
  std::vector<at::Tensor> directions;
  for (Parameter* parameter : Parameters(model.weights)) {
    directions.push_back(parameter->grad / parameter->grad.norm());
    slope += (parameter->grad.to(at::kDouble) * directions.back()).sum().item<double>();
  }
  const auto loss_at = [&](double distance) {
    const at::NoGradGuard no_grad;
    const std::vector<Parameter*> parameters = Parameters(model.weights);
    for (size_t i = 0; i < parameters.size(); ++i) {
      parameters[i]->master.add_(directions[i], distance);
    }
    RefreshDerived(model.backend, model.weights);
    const double value = loss().item<double>();
    for (size_t i = 0; i < parameters.size(); ++i) {
      parameters[i]->master.sub_(directions[i], distance);
    }
    return value;
  };
  const double step = 1e-3;
  CHECK((loss_at(step) - loss_at(-step)) / (2 * step) == Approx(slope).epsilon(2e-3));
}

TEST_CASE("only scored tokens of completions send gradients", "[decoder]") {
  ModelConfig config = SmallConfig();
  config.tie_word_embeddings = false;
  TestModel model = MakeTestModel(config, TestBackend(DType::kFloat));
  // Two completions of tokens that occur nowhere else; the loss counts only the first.
  const std::vector<Group> groups = {{{1, 2, 3}, {{10, 11, 12}, {20, 21, 22}}}};
  Logprobs(model, Pack(groups)).narrow(0, 0, 3).sum().backward();
  const at::Tensor norms = model.weights.embedding.grad.norm(2, 1);
  for (const int64_t seen : {1, 2, 3, 10, 11}) {
    CHECK(norms[seen].item<float>() > 0);
  }
  for (const int64_t unseen : {12, 20, 21, 22}) {  // 12 is predicted but never fed
    CHECK(norms[unseen].item<float>() == 0);
  }
}

TEST_CASE("gradients of microbatches add up to those of the batch", "[decoder]") {
  TestModel model = MakeTestModel(SmallConfig(), TestBackend(DType::kFloat));
  const std::vector<Group> groups = SampleGroups();
  const auto gradient = [&](const std::vector<std::vector<Group>>& microbatches) {
    ZeroGradients(model);
    for (const std::vector<Group>& part : microbatches) {
      Logprobs(model, Pack(part)).sum().backward();
    }
    std::vector<at::Tensor> result;
    for (Parameter* parameter : Parameters(model.weights)) {
      result.push_back(parameter->grad.clone());
    }
    return result;
  };
  const std::vector<at::Tensor> whole = gradient({groups});
  const std::vector<at::Tensor> split = gradient({{groups[2]}, {groups[0], groups[1]}});
  for (size_t i = 0; i < whole.size(); ++i) {
    CHECK(RelativeError(split[i], whole[i]) < 1e-5);
  }
}

TEST_CASE("the same step gives the same bits twice, and on one thread the same log-probabilities", "[decoder]") {
  const int threads = at::get_num_threads();
  for (const DType type : {DType::kFloat, DType::kBf16}) {
    TestModel model = MakeTestModel(SmallConfig(), TestBackend(type));
    const PackedBatch batch = Pack(SampleGroups());
    const auto run = [&] {
      ZeroGradients(model);
      at::Tensor logprobs = Logprobs(model, batch);
      logprobs.sum().backward();
      std::vector<at::Tensor> result{logprobs.detach()};
      for (Parameter* parameter : Parameters(model.weights)) {
        result.push_back(parameter->grad.clone());
      }
      return result;
    };
    const std::vector<at::Tensor> first = run();
    const std::vector<at::Tensor> second = run();
    for (size_t i = 0; i < first.size(); ++i) {
      CHECK(at::equal(first[i], second[i]));
    }
    at::set_num_threads(1);
    CHECK(at::equal(run()[0], first[0]));
    at::set_num_threads(threads);
  }
}

}  // namespace cupel
