// The engine on a device against the engine on the kernels, request by request, and against training. Alone:
// build/release/tests/policy_device_test "[device_engine]"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>

#include "base/status.h"
#include "policy/engine/torch_engine.h"
#include "policy/policy.h"
#include "tests/policy/device/on_device.h"
#include "tests/policy/engine_requests.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

void Collect(std::vector<GenerationEvent> events, Results& results) {
  for (GenerationEvent& event : events) {
    if (event.finished) {
      CHECK(results.emplace(Key{event.request_id, event.sample_idx}, *std::move(event.finished)).second);
    }
  }
}

Results Generate(const Policy& policy, const std::vector<GenerationRequest>& requests, int64_t kv_cache_mib = 64) {
  return RunAll(*MakeEngine(policy, {.kv_cache_mib = kv_cache_mib}), requests);
}

// Every kind of request: greedy, filtered, penalised, biased, stopped, reported in full; prompts of one token and of hundreds.
std::vector<GenerationRequest> MixedRequests() {
  return {Request(1, 5, 4, {.max_new_tokens = 70}),
          Request(2, 300, 2, {.max_new_tokens = 9}),
          Request(3, 17, 1, {.temperature = 0, .max_new_tokens = 30}),
          Request(4, 1, 7, {.temperature = 0.7, .max_new_tokens = 40}),
          Request(5, 40, 3, {.top_k = 20, .top_p = 0.9, .max_new_tokens = 1}),
          Request(6, 64, 5, {.repetition_penalty = 1.3, .logit_bias = {{'q', 2.0F}}, .max_new_tokens = 12}),
          Request(7, 9, 6, {.min_new_tokens = 2, .max_new_tokens = 40, .stop_tokens = {'e', 'q', 100, 200, 7}}),
          Request(8, 9, 6, {.max_new_tokens = 40, .stop_strings = {"e", "\x05", "a"}, .top_logprobs = 3, .with_entropy = true})};
}

void CheckClose(const std::vector<float>& actual, const std::vector<float>& expected, double bound) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    CHECK(static_cast<double>(actual[i]) == Approx(static_cast<double>(expected[i])).margin(bound));
  }
}

void CheckSame(const Results& actual, const Results& expected) {
  REQUIRE(actual.size() == expected.size());
  for (const auto& [key, completion] : actual) {
    CAPTURE(key.first, key.second);
    const Completion& other = expected.at(key);
    CHECK(completion.tokens == other.tokens);
    CHECK(completion.finish_reason == other.finish_reason);
    CHECK(completion.stop_string == other.stop_string);
    CheckClose(completion.logprobs, other.logprobs, 1e-5);
    CheckClose(completion.raw_logprobs, other.raw_logprobs, 1e-5);
    CheckClose(completion.entropies, other.entropies, 1e-5);
    REQUIRE(completion.top_logprobs.size() == other.top_logprobs.size());
    for (size_t i = 0; i < completion.top_logprobs.size(); ++i) {
      CHECK(completion.top_logprobs[i].front().token == other.top_logprobs[i].front().token);
    }
  }
}

}  // namespace

TEST_CASE("greedy and sampled tokens are those of the kernels' engine in fp32, for every kind of request", "[device_engine]") {
  const Pair pair;
  const Results expected = Generate(*pair.kernels, MixedRequests());
  CheckSame(Generate(*pair.device, MixedRequests()), expected);
  // With memory for a few at a time most of them wait.
  CheckSame(Generate(*pair.device, MixedRequests(), 1), expected);
  std::set<FinishReason> reasons;
  for (const auto& [key, completion] : expected) {
    reasons.insert(completion.finish_reason);
  }
  CHECK(reasons.size() == 2);
}

TEST_CASE("the log-probabilities of sampling are those of training, up to rounding", "[device_engine]") {
  const at::NoGradGuard no_grad;
  for (const std::string compute : {"fp32", "bf16"}) {
    CAPTURE(compute);
    const std::unique_ptr<Policy> policy = LoadSharp(TestDevice(), compute);
    const GenerationRequest request = Request(1, 21, 5, {.max_new_tokens = 50});
    const Results results = Generate(*policy, {request});
    std::vector<std::vector<TokenId>> completions;
    std::vector<float> sampled;
    for (const auto& [key, completion] : results) {
      completions.push_back(completion.tokens);
      sampled.insert(sampled.end(), completion.logprobs.begin(), completion.logprobs.end());
    }
    PackedBatch batch;
    AppendGroup(request.prompt, completions, batch);
    const at::Tensor trained = policy->TokenLogprobs(batch, 1.0).logprobs;
    CheckClose(sampled, {trained.const_data_ptr<float>(), trained.const_data_ptr<float>() + trained.numel()},
               compute == "fp32" ? 1e-5 : 0.25);
  }
}

TEST_CASE("batches grow and shrink by buckets while requests join and leave", "[device_engine]") {
  const Pair pair;
  std::vector<GenerationRequest> requests;
  for (uint64_t id = 0; id < 12; ++id) {
    requests.push_back(Request(id, 4 + static_cast<int64_t>(id), 1 + static_cast<int64_t>((11 - id) % 3),
                               {.max_new_tokens = 1 + 9 * static_cast<int64_t>(id)}));
  }
  TorchEngine engine(*pair.device, {.kv_cache_mib = 64});
  Results joined;
  for (size_t next = 0; next < requests.size() || !engine.idle();) {
    if (next < requests.size()) {
      REQUIRE(engine.Add(requests[next++]).ok());
    }
    Collect(engine.Step(), joined);
    Collect(engine.Step(), joined);
  }
  CheckSame(joined, Generate(*pair.kernels, requests));
  std::set<int64_t> sizes;
  std::set<int64_t> contexts;
  for (const auto& [size, context] : engine.buckets()) {
    sizes.insert(size);
    contexts.insert(context);
  }
  CHECK(sizes == std::set<int64_t>{1, 2, 4, 8, 16, 32});
  CHECK(contexts == std::set<int64_t>{64, 96, 128});
}

TEST_CASE("more samples than the largest batch are fed in several", "[device_engine]") {
  const Pair pair;
  const std::vector<GenerationRequest> requests = {Request(1, 6, DecodeSteps::kMaxBatch + 40, {.max_new_tokens = 4}),
                                                   Request(2, 7, 3, {.max_new_tokens = 6})};
  CheckSame(Generate(*pair.device, requests), Generate(*pair.kernels, requests));
}

TEST_CASE("prompts that begin the same are computed once, and long ones in parts", "[device_engine]") {
  const Pair pair;
  std::vector<GenerationRequest> requests;
  for (uint64_t id = 0; id < 9; ++id) {
    requests.push_back(Request(id, 400, 1, {.max_new_tokens = 5}));  // together longer than one pass
    requests.back().prompt = Request(id < 3 ? 0 : id, 400 - static_cast<int64_t>(id), 1, {}).prompt;
  }
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*pair.device, {.kv_cache_mib = 64});
  CheckSame(RunAll(*engine, requests), Generate(*pair.kernels, requests));
  CHECK(engine->stats().shared_prompt_tokens == 398 + 397);
  CHECK(engine->stats().sampled_tokens == 45);
  CHECK(engine->stats().prefill_seconds > 0);
  CHECK(engine->stats().decode_seconds > 0);
  CHECK_FALSE(engine->is_batch_invariant());
}

TEST_CASE("abort ends waiting and running samples, and their memory is free again", "[device_engine]") {
  const std::unique_ptr<Policy> policy = LoadSharp(TestDevice());
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 1});
  const int64_t rows = (int64_t{1} << 20) / (2 * policy->config().num_layers * policy->config().kv_size() * 4);
  const int64_t many = rows / 49 * 2 / 3;
  REQUIRE(engine->Add(Request(1, 8, many, {.max_new_tokens = 50})).ok());
  REQUIRE(engine->Add(Request(2, 8, many, {.max_new_tokens = 50})).ok());  // has to wait
  CHECK(std::ssize(engine->Step()) == many);
  engine->Abort(1);
  engine->Abort(2);
  const std::vector<GenerationEvent> events = engine->Step();
  CHECK(std::ssize(events) == 2 * many);
  CHECK(std::ranges::all_of(
      events, [](const GenerationEvent& event) { return event.finished && event.finished->finish_reason == FinishReason::kAborted; }));
  CHECK(engine->idle());
  const GenerationRequest everything = Request(3, 1, rows - 1, {.max_new_tokens = 2});
  CHECK(RunAll(*engine, {everything}).size() == static_cast<size_t>(rows - 1));
  const absl::Status too_large = engine->Add(Request(4, 2, rows - 1, {.max_new_tokens = 2}));
  CHECK(absl::IsResourceExhausted(too_large));
  CHECK_THAT(std::string(Message(too_large)), Catch::Contains("kv_cache_mib"));
}

TEST_CASE("generation ends where the context ends", "[device_engine]") {
  const Pair pair;
  const int64_t max_context = pair.device->config().max_context;
  const std::vector<GenerationRequest> requests = {Request(1, max_context - 3, 2, {.max_new_tokens = 10}),
                                                   Request(2, max_context - 1, 1, {})};
  CheckSame(Generate(*pair.device, requests), Generate(*pair.kernels, requests));
}

TEST_CASE("logits that are not finite end the sample with an error that names layer and position, and nothing else", "[device_engine]") {
  const std::unique_ptr<Policy> policy = LoadSharp(TestDevice());
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 16});
  const at::Tensor& norm = policy->weights().layers[1].post_norm.master;
  const at::Tensor before = norm.clone();
  const auto set_norm = [&](const at::Tensor& values) {
    norm.copy_(values);
    policy->CommitUpdate();
  };
  const GenerationRequest request = Request(1, 3, 2, {.max_new_tokens = 8});
  const Results expected = Generate(*policy, {request});
  REQUIRE(engine->Add(request).ok());
  engine->Step();
  set_norm(at::full_like(before, std::numeric_limits<float>::infinity()));
  const std::vector<GenerationEvent> events = engine->Step();
  REQUIRE(events.size() == 2);
  for (const GenerationEvent& event : events) {
    REQUIRE(event.finished);
    CHECK(event.finished->finish_reason == FinishReason::kLength);
    CHECK_THAT(event.finished->error, Catch::Contains("position 3") && Catch::Contains("layer 1 of"));
  }
  CHECK(engine->idle());
  set_norm(before);
  CheckSame(RunAll(*engine, {request}), expected);
}

}  // namespace cupel
