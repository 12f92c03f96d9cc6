// Logits, log-probabilities and gradients of a small random llama against transformers (tests/golden/tiny_llama). Run alone:
//   build/release/tests/policy_test "[transformers]"

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "base/json.h"
#include "base/status.h"
#include "policy/checkpoint/hf_directory.h"
#include "policy/model/decoder.h"
#include "policy/model/weight_loading.h"
#include "tests/policy/golden.h"
#include "tests/policy/model/reference_decoder.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

const std::string kDirectory = GoldenPath("tiny_llama");

template <class T>
T Value(absl::StatusOr<T> result) {
  INFO(Message(result.status()));
  REQUIRE(result.ok());
  return *std::move(result);
}

Json Expected() { return ReadGoldenJson("tiny_llama/expected.json"); }

TestModel LoadGolden(const ComputeBackend& backend) {
  const ModelConfig config = Value(ReadHuggingFaceConfig(kDirectory));
  TestModel model{backend, AllocateWeights(config)};
  const auto tensors = Value(OpenHuggingFaceTensors(kDirectory, config));
  REQUIRE(ReadMasters(*tensors, model.weights).ok());
  RefreshDerived(backend, model.weights);
  for (Parameter* parameter : Parameters(model.weights)) {
    parameter->grad = at::zeros_like(parameter->master);
  }
  return model;
}

// A sequence whose every token is a query row, so that its logits are those of the whole sequence.
PackedBatch EveryRow(const std::vector<TokenId>& tokens) {
  PackedBatch batch;
  batch.tokens = tokens;
  for (int64_t i = 0; i < batch.num_tokens(); ++i) {
    batch.positions.push_back(i);
    batch.query_rows.push_back(i);
    batch.targets.push_back(0);
  }
  batch.segments = {{0, batch.num_tokens(), -1}};
  batch.completion_begin = {0, batch.num_tokens()};
  return batch;
}

}  // namespace

TEST_CASE("logits are those of transformers", "[transformers]") {
  const Json expected = Expected();
  TestModel model = LoadGolden(TestBackend(kernels::DType::kFloat));
  for (size_t i = 0; i < expected["sequences"].size(); ++i) {
    CAPTURE(i);
    const auto tokens = expected["sequences"][i].get<std::vector<TokenId>>();
    const auto layout = MakeLayout(EveryRow(tokens), model.weights.config);
    const at::Tensor hidden = DecoderForward(model.backend, model.weights, layout);
    const at::Tensor logits = ScoredLogits(model.backend, model.weights, *layout, hidden);
    const std::vector<float> golden = FloatsFromHex(expected["logits"][i].get<std::string>());
    CHECK((logits.flatten() - at::tensor(golden)).abs().max().item<double>() < 1e-4);
  }
}

TEST_CASE("log-probabilities and gradients are those of transformers", "[transformers]") {
  const Json expected = Expected();
  TestModel model = LoadGolden(TestBackend(kernels::DType::kFloat));
  std::vector<Group> groups;
  std::vector<float> logprobs;
  for (size_t i = 0; i < expected["sequences"].size(); ++i) {
    const auto tokens = expected["sequences"][i].get<std::vector<TokenId>>();
    if (tokens.size() > 1) {
      groups.push_back({{tokens[0]}, {{tokens.begin() + 1, tokens.end()}}});
    }
    for (const Json& value : expected["logprobs"][i]) {
      logprobs.push_back(value.get<float>());
    }
  }
  const at::Tensor actual = Logprobs(model, Pack(groups));
  CHECK((actual - at::tensor(logprobs)).abs().max().item<double>() < 1e-4);
  const at::Tensor loss = actual.mean();
  CHECK(loss.item<double>() == Approx(expected["loss"].get<double>()).epsilon(1e-5));
  loss.backward();
  size_t num_checked = 0;
  for (const NamedSlice& slice : NamedSlices(model.weights)) {
    CAPTURE(slice.name);
    const Json& golden = expected["grads"][slice.name];
    const at::Tensor grad = GradientOf(slice).flatten();
    CHECK(golden["shape"].get<std::vector<int64_t>>() == slice.shape());
    CHECK(grad.norm().item<double>() == Approx(golden["norm"].get<double>()).epsilon(1e-4));
    const auto indices = golden["indices"].get<std::vector<int64_t>>();
    const auto values = golden["values"].get<std::vector<float>>();
    const at::Tensor picked = grad.index_select(0, at::tensor(indices, at::kLong));
    CHECK((picked - at::tensor(values)).abs().max().item<double>() < 1e-4 * grad.abs().max().item<double>());
    ++num_checked;
  }
  CHECK(num_checked == expected["grads"].size());
}

}  // namespace cupel
