// The engine over the tiny model: what it draws, that nothing but the request decides it, and that training gives the same
// log-probabilities. Alone: build/release/tests/policy_test "[engine]"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include <ATen/core/grad_mode.h>

#include "base/status.h"
#include "policy/policy.h"
#include "tests/policy/engine_requests.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

std::unique_ptr<Policy> TinyPolicy(const std::string& compute, int64_t threads = 2) {
  ModelSettings settings;
  settings.path = "tiny";
  settings.compute = compute;
  settings.linear = "kernel";
  settings.threads = threads;
  absl::StatusOr<std::unique_ptr<Policy>> policy = Policy::Load(settings, 11);
  REQUIRE(policy.ok());
  return *std::move(policy);
}

Results Generate(const Policy& policy, const std::vector<GenerationRequest>& requests, int64_t kv_cache_mib = 64) {
  return RunAll(*MakeEngine(policy, {.kv_cache_mib = kv_cache_mib}), requests);
}

// Tokens whose keys and values fit a cache of one mebibyte.
int64_t CacheRows(const Policy& policy) {
  return (int64_t{1} << 20) / (2 * policy.config().num_layers * policy.config().kv_size() * policy.backend().bytes());
}

// Requests of different lengths, sizes and parameters.
std::vector<GenerationRequest> MixedRequests() {
  return {Request(1, 5, 4, {.max_new_tokens = 20}),
          Request(2, 300, 2, {.max_new_tokens = 9}),  // longer than one pass of the decoder
          Request(3, 17, 1, {.temperature = 0, .max_new_tokens = 30}),
          Request(4, 1, 7, {.temperature = 0.7, .max_new_tokens = 40}),
          Request(5, 40, 3, {.top_k = 20, .top_p = 0.9, .max_new_tokens = 1}),
          Request(6, 64, 5, {.max_new_tokens = 50})};
}

void CheckSame(const Results& a, const Results& b) {
  REQUIRE(a.size() == b.size());
  for (const auto& [key, completion] : a) {
    CAPTURE(key.first, key.second);
    const Completion& other = b.at(key);
    CHECK(completion.tokens == other.tokens);
    CHECK(completion.logprobs == other.logprobs);  // bits: neither is a NaN or a negative zero
    CHECK(completion.raw_logprobs == other.raw_logprobs);
    CHECK(completion.finish_reason == other.finish_reason);
  }
}

std::vector<float> TrainingLogprobs(Policy& policy, const GenerationRequest& request, const Results& results, double temperature) {
  const at::NoGradGuard no_grad;
  std::vector<std::vector<TokenId>> completions;
  for (int64_t i = 0; i < request.num_samples; ++i) {
    completions.push_back(results.at({request.id, i}).tokens);
  }
  PackedBatch batch;
  AppendGroup(request.prompt, completions, batch);
  const at::Tensor logprobs = policy.TokenLogprobs(batch, temperature).logprobs;
  return {logprobs.const_data_ptr<float>(), logprobs.const_data_ptr<float>() + logprobs.numel()};
}

std::vector<float> EngineLogprobs(const GenerationRequest& request, const Results& results, bool raw) {
  std::vector<float> all;
  for (int64_t i = 0; i < request.num_samples; ++i) {
    const Completion& completion = results.at({request.id, i});
    const std::vector<float>& logprobs = raw ? completion.raw_logprobs : completion.logprobs;
    all.insert(all.end(), logprobs.begin(), logprobs.end());
  }
  return all;
}

// log p of every token of the vocabulary after `prompt`, as training computes it.
std::vector<float> NextTokenLogprobs(Policy& policy, const std::vector<TokenId>& prompt) {
  GenerationRequest request;
  request.prompt = prompt;
  request.num_samples = policy.config().vocab_size;
  Results every_token;
  for (int64_t i = 0; i < request.num_samples; ++i) {
    every_token[{0, i}].tokens = {static_cast<TokenId>(i)};
  }
  return TrainingLogprobs(policy, request, every_token, 1.0);
}

}  // namespace

TEST_CASE("the log-probabilities of sampling are those of training, bit for bit", "[engine]") {
  const std::string compute = GENERATE("fp32", "bf16");
  CAPTURE(compute);
  const std::unique_ptr<Policy> policy = TinyPolicy(compute);
  const std::vector<GenerationRequest> requests = {Request(1, 5, 8, {.max_new_tokens = 40}), Request(2, 290, 3, {.max_new_tokens = 25}),
                                                   Request(3, 70, 4, {.temperature = 0.7, .max_new_tokens = 33})};
  const Results results = Generate(*policy, requests);
  for (const GenerationRequest& request : requests) {
    const double temperature = request.sampling.temperature;
    CHECK(EngineLogprobs(request, results, false) == TrainingLogprobs(*policy, request, results, temperature));
    if (temperature != 1) {
      CHECK(EngineLogprobs(request, results, true) == TrainingLogprobs(*policy, request, results, 1.0));
    } else {
      CHECK(EngineLogprobs(request, results, true).empty());
    }
  }
}

TEST_CASE("a request gives the same bits alone and in company, in any order, with any lanes and any memory", "[engine]") {
  const std::string compute = GENERATE("fp32", "bf16");
  CAPTURE(compute);
  const std::vector<GenerationRequest> requests = MixedRequests();
  const std::unique_ptr<Policy> one_lane = TinyPolicy(compute, 1);
  Results alone;
  for (const GenerationRequest& request : requests) {
    alone.merge(Generate(*one_lane, {request}));
  }
  CheckSame(alone, Generate(*one_lane, requests));
  for (const int64_t threads : {2, 3}) {
    const std::unique_ptr<Policy> policy = TinyPolicy(compute, threads);
    CAPTURE(threads);
    CheckSame(alone, Generate(*policy, requests));
    CheckSame(alone, Generate(*policy, {requests.rbegin(), requests.rend()}));
    // The first request takes nearly all of the cache, so the others wait.
    std::vector<GenerationRequest> crowded = requests;
    const GenerationRequest filler = Request(7, 3, CacheRows(*policy) / 50, {.max_new_tokens = 50});
    crowded.insert(crowded.begin(), filler);
    Results waited = Generate(*policy, crowded, 1);
    std::erase_if(waited, [](const auto& entry) { return entry.first.first == 7; });
    CheckSame(alone, waited);
  }
}

TEST_CASE("requests that join while others run give what they give alone", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  const std::vector<GenerationRequest> requests = MixedRequests();
  const Results together = Generate(*policy, requests);
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 64});
  Results joined;
  size_t next = 0;
  while (!engine->idle() || next < requests.size()) {
    if (next < requests.size()) {
      REQUIRE(engine->Add(requests[next++]).ok());
    }
    for (int i = 0; i < 3; ++i) {
      for (GenerationEvent& event : engine->Step()) {
        if (event.finished) {
          joined[{event.request_id, event.sample_idx}] = *std::move(event.finished);
        }
      }
    }
  }
  CheckSame(together, joined);
}

TEST_CASE("greedy decoding follows the best token of a full forward pass", "[engine]") {
  const std::string compute = GENERATE("fp32", "bf16");
  const std::unique_ptr<Policy> policy = TinyPolicy(compute);
  GenerationRequest request = Request(1, 9, 1, {.temperature = 0, .max_new_tokens = 24});
  const Completion completion = Generate(*policy, {request}).at({1, 0});
  REQUIRE(completion.tokens.size() == 24);
  std::vector<TokenId> sequence = request.prompt;
  for (size_t i = 0; i < completion.tokens.size(); ++i) {
    const std::vector<float> logprobs = NextTokenLogprobs(*policy, sequence);
    const auto best = std::max_element(logprobs.begin(), logprobs.end());
    // The full pass attends to one run of keys where the engine attends to prompt and answer: the numbers differ by rounding.
    CHECK(logprobs[static_cast<size_t>(completion.tokens[i])] >= *best - (compute == "fp32" ? 1e-5F : 2e-2F));
    CHECK(completion.logprobs[i] == 0.0F);
    CHECK(completion.raw_logprobs[i] == Approx(*best).margin(compute == "fp32" ? 1e-4 : 5e-2));
    sequence.push_back(completion.tokens[i]);
  }
}

TEST_CASE("tokens are drawn as often as the softmax says", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("fp32");
  const int64_t num_draws = 20000;
  const GenerationRequest request = Request(1, 12, num_draws, {.max_new_tokens = 1});
  const Results results = Generate(*policy, {request});
  const std::vector<float> logprobs = NextTokenLogprobs(*policy, request.prompt);
  std::vector<double> counts(logprobs.size());
  for (const auto& [key, completion] : results) {
    const auto token = static_cast<size_t>(completion.tokens[0]);
    ++counts[token];
    REQUIRE(completion.logprobs[0] == logprobs[token]);
  }
  // Pearson's statistic over tokens expected at least 8 times; the rest share a cell.
  double statistic = 0;
  double rest_expected = 0;
  double rest_count = 0;
  double num_cells = 0;
  const auto add_cell = [&](double expected, double count) {
    statistic += (count - expected) * (count - expected) / expected;
    ++num_cells;
  };
  for (size_t token = 0; token < counts.size(); ++token) {
    const double expected = static_cast<double>(num_draws) * std::exp(static_cast<double>(logprobs[token]));
    if (expected >= 8) {
      add_cell(expected, counts[token]);
    } else {
      rest_expected += expected;
      rest_count += counts[token];
    }
  }
  if (rest_expected > 0) {
    add_cell(rest_expected, rest_count);
  }
  // Mean k - 1 and variance 2 (k - 1): within four deviations, both ways.
  REQUIRE(num_cells > 20);
  const double freedom = num_cells - 1;
  CHECK(statistic < freedom + 4 * std::sqrt(2 * freedom));
  CHECK(statistic > freedom - 4 * std::sqrt(2 * freedom));
}

TEST_CASE("siblings and neighbouring prompts draw different tokens", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  GenerationRequest first = Request(1, 12, 2, {.max_new_tokens = 30});
  GenerationRequest second = first;
  second.id = 2;
  second.random.prompt = 2;
  GenerationRequest shifted = first;  // its sample 0 is sample 1 of the first
  shifted.id = 3;
  shifted.random.first_sample = 1;
  const Results results = Generate(*policy, {first, second, shifted});
  CHECK(results.at({1, 0}).tokens != results.at({1, 1}).tokens);
  CHECK(results.at({1, 0}).tokens != results.at({2, 0}).tokens);
  CHECK(results.at({1, 1}).tokens == results.at({3, 0}).tokens);
}

TEST_CASE("a stop token ends a completion and stays in it", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  GenerationRequest request = Request(1, 8, 3, {.max_new_tokens = 30});
  const Results free = Generate(*policy, {request});
  request.sampling.stop_tokens = {free.at({1, 0}).tokens[12], free.at({1, 2}).tokens[4]};
  const Results stopped = Generate(*policy, {request});
  for (int64_t i = 0; i < 3; ++i) {
    const std::vector<TokenId>& whole = free.at({1, i}).tokens;
    const auto end =
        std::find_first_of(whole.begin(), whole.end(), request.sampling.stop_tokens.begin(), request.sampling.stop_tokens.end());
    const Completion& completion = stopped.at({1, i});
    const bool stops = end != whole.end();
    CHECK(completion.tokens == std::vector<TokenId>(whole.begin(), stops ? end + 1 : end));
    CHECK(completion.finish_reason == (stops ? FinishReason::kStop : FinishReason::kLength));
  }
  CHECK(stopped.at({1, 2}).tokens.size() <= 5);
}

TEST_CASE("generation ends where the context ends", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  const int64_t max_context = policy->config().max_context;
  const Results results = Generate(*policy, {Request(1, max_context - 3, 2, {.max_new_tokens = 10}), Request(2, max_context - 1, 1, {})});
  CHECK(results.at({1, 0}).tokens.size() == 3);
  CHECK(results.at({1, 1}).finish_reason == FinishReason::kLength);
  CHECK(results.at({2, 0}).tokens.size() == 1);
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {});
  CHECK(absl::IsInvalidArgument(engine->Add(Request(3, max_context, 1, {}))));
}

TEST_CASE("abort ends waiting and running samples with what they have", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 1});
  const int64_t many = CacheRows(*policy) / 49 * 2 / 3;  // samples that fill two thirds of the cache
  REQUIRE(engine->Add(Request(1, 8, many, {.max_new_tokens = 50})).ok());
  REQUIRE(engine->Add(Request(2, 8, many, {.max_new_tokens = 50})).ok());  // has to wait
  REQUIRE(engine->Add(Request(3, 8, 1, {.max_new_tokens = 5})).ok());      // fits beside the first and goes before the second
  std::vector<TokenId> first;
  for (int i = 0; i < 2; ++i) {
    const std::vector<GenerationEvent> events = engine->Step();
    REQUIRE(std::ssize(events) == many + 1);
    first.push_back(events[0].token);
  }
  engine->Abort(1);
  engine->Abort(2);
  engine->Abort(99);
  CHECK_FALSE(engine->idle());
  const std::vector<GenerationEvent> events = engine->Step();
  REQUIRE(std::ssize(events) == 2 * many + 1);
  int64_t num_aborted = 0;
  for (const GenerationEvent& event : events) {
    const bool is_aborted = event.finished && event.finished->finish_reason == FinishReason::kAborted;
    num_aborted += is_aborted;
    CHECK(is_aborted == (event.token == -1));
    if (is_aborted) {
      CHECK(event.finished->tokens.size() == (event.request_id == 1 ? 2 : 0));
    }
    if (event.request_id == 1 && event.sample_idx == 0) {
      CHECK(event.finished->tokens == first);
    }
  }
  CHECK(num_aborted == 2 * many);
  while (!engine->idle()) {
    engine->Step();
  }
  CHECK(engine->Step().empty());
  REQUIRE(engine->Add(Request(1, 8, many, {.max_new_tokens = 50})).ok());  // the id and the memory are free again
  CHECK(std::ssize(RunAll(*engine)) == many);
}

TEST_CASE("what cannot run is refused with the limit and the setting", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 1});
  const absl::Status too_large = engine->Add(Request(1, 8, 100000, {.max_new_tokens = 48}));
  CHECK(absl::IsResourceExhausted(too_large));
  CHECK_THAT(std::string(Message(too_large)), Catch::Contains("kv_cache_mib") && Catch::Contains("1 MiB"));
  GenerationRequest unknown_stop = Request(2, 8, 1, {});
  unknown_stop.sampling.stop_tokens = {static_cast<TokenId>(policy->config().vocab_size)};
  CHECK(absl::IsInvalidArgument(engine->Add(unknown_stop)));
  REQUIRE(engine->Add(Request(3, 8, 1, {})).ok());
  CHECK(absl::IsInvalidArgument(engine->Add(Request(3, 8, 1, {}))));
}

TEST_CASE("statistics and versions count what was done", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {});
  REQUIRE(engine->Add(Request(1, 8, 3, {.max_new_tokens = 4})).ok());
  CHECK(RunAll(*engine).at({1, 0}).policy_version == 0);
  CHECK(engine->stats().prompt_tokens == 8);
  CHECK(engine->stats().sampled_tokens == 12);
  CHECK(engine->stats().prefill_seconds > 0);
  CHECK(engine->stats().decode_seconds > 0);
  CHECK(engine->is_batch_invariant());
  policy->CommitUpdate();
  REQUIRE(engine->Add(Request(1, 8, 1, {.max_new_tokens = 2})).ok());
  CHECK(RunAll(*engine).at({1, 0}).policy_version == 1);
}

TEST_CASE("an update of the weights is seen by the engine", "[engine]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {});
  const GenerationRequest request = Request(1, 8, 1, {.max_new_tokens = 12});
  REQUIRE(engine->Add(request).ok());
  const Results before = RunAll(*engine);
  policy->weights().final_norm.master.mul_(0.5);
  policy->CommitUpdate();
  REQUIRE(engine->Add(request).ok());
  const Results after = RunAll(*engine);
  CHECK(before.at({1, 0}).logprobs != after.at({1, 0}).logprobs);
  CHECK(EngineLogprobs(request, after, false) == TrainingLogprobs(*policy, request, after, 1.0));
}

}  // namespace cupel
