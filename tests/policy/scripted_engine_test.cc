// The engine for tests, and the checks that every engine makes of a request. Alone: build/release/tests/policy_api_test "[scripted]"

#include "policy/engine/scripted_engine.h"

#include <cmath>
#include <limits>
#include <map>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "policy/engine/request.h"

namespace cupel {
namespace {

using Key = std::pair<uint64_t, int64_t>;  // request, sample

std::map<Key, Completion> RunAll(GenerationEngine& engine) {
  std::map<Key, Completion> finished;
  while (!engine.idle()) {
    for (GenerationEvent& event : engine.Step()) {
      if (event.finished) {
        finished[{event.request_id, event.sample_idx}] = *std::move(event.finished);
      }
    }
  }
  return finished;
}

GenerationRequest Request(uint64_t id, int64_t num_samples) {
  GenerationRequest request;
  request.id = id;
  request.prompt = {1, 2, static_cast<TokenId>(id)};
  request.num_samples = num_samples;
  request.sampling.stop_tokens = {0};
  request.random = {.seed = 1, .prompt = static_cast<uint32_t>(id)};
  return request;
}

// Sample s of prompt "1 2 p" writes p, s + 1 times.
std::vector<TokenId> Repeat(const GenerationRequest& request, int64_t sample_idx) {
  return std::vector<TokenId>(static_cast<size_t>(sample_idx) + 1, request.prompt.back());
}

}  // namespace

TEST_CASE("scripted completions end at the stop token or at the limit", "[scripted]") {
  ScriptedEngine engine({.policy_version = 9}, Repeat);
  GenerationRequest request = Request(7, 4);
  request.sampling.max_new_tokens = 4;
  REQUIRE(engine.Add(request).ok());
  const std::map<Key, Completion> finished = RunAll(engine);
  REQUIRE(finished.size() == 4);
  CHECK(finished.at({7, 0}).tokens == std::vector<TokenId>{7, 0});
  CHECK(finished.at({7, 2}).tokens == std::vector<TokenId>{7, 7, 7, 0});
  CHECK(finished.at({7, 2}).finish_reason == FinishReason::kStop);
  CHECK(finished.at({7, 3}).tokens == std::vector<TokenId>{7, 7, 7, 7});
  CHECK(finished.at({7, 3}).finish_reason == FinishReason::kLength);
  for (const auto& [key, completion] : finished) {
    CHECK(completion.policy_version == 9);
    CHECK(completion.logprobs.size() == completion.tokens.size());
    CHECK(completion.raw_logprobs.empty());
    for (const float logprob : completion.logprobs) {
      CHECK(logprob < 0);
    }
  }
  CHECK(engine.stats().sampled_tokens == 2 + 3 + 4 + 4);
}

TEST_CASE("scripted results do not depend on what else runs", "[scripted]") {
  const auto run = [](int64_t max_running, const std::vector<uint64_t>& ids) {
    ScriptedEngine engine({.max_running = max_running}, Repeat);
    for (const uint64_t id : ids) {
      REQUIRE(engine.Add(Request(id, 3)).ok());
    }
    return RunAll(engine);
  };
  const std::map<Key, Completion> together = run(64, {1, 2, 3});
  const std::map<Key, Completion> waiting = run(4, {3, 1, 2});
  REQUIRE(together.size() == 9);
  REQUIRE(waiting.size() == 9);
  for (const auto& [key, completion] : together) {
    CHECK(waiting.at(key).tokens == completion.tokens);
    CHECK(waiting.at(key).logprobs == completion.logprobs);
  }
}

TEST_CASE("an aborted request reports what its samples have", "[scripted]") {
  ScriptedEngine engine({.max_running = 3}, Repeat);
  REQUIRE(engine.Add(Request(1, 3)).ok());
  REQUIRE(engine.Add(Request(2, 3)).ok());
  CHECK(engine.Step().size() == 3);
  engine.Abort(1);
  engine.Abort(2);
  engine.Abort(77);
  const std::map<Key, Completion> finished = RunAll(engine);
  REQUIRE(finished.size() == 6);
  for (const auto& [key, completion] : finished) {
    CHECK(completion.finish_reason == FinishReason::kAborted);
    CHECK(completion.tokens.size() == (key.first == 1 ? 1 : 0));
    CHECK(completion.logprobs.size() == completion.tokens.size());
  }
}

TEST_CASE("a request that makes no sense is refused by name and limit", "[scripted]") {
  const auto message = [](auto&& change) {
    GenerationRequest request = Request(1, 1);
    change(request);
    const absl::Status status = ValidateRequest(request, 256, 100);
    REQUIRE(absl::IsInvalidArgument(status));
    return std::string(Message(status));
  };
  using Catch::Contains;
  CHECK_THAT(message([](auto& r) { r.prompt.clear(); }), Contains("prompt is empty"));
  CHECK_THAT(message([](auto& r) { r.prompt.assign(100, 1); }), Contains("100 tokens") && Contains("at most 99"));
  CHECK_THAT(message([](auto& r) { r.prompt[1] = 256; }), Contains("prompt token 1 is 256") && Contains("0 to 255"));
  CHECK_THAT(message([](auto& r) { r.prompt[0] = -1; }), Contains("prompt token 0 is -1"));
  CHECK_THAT(message([](auto& r) { r.num_samples = 0; }), Contains("num_samples is 0"));
  CHECK_THAT(message([](auto& r) { r.sampling.max_new_tokens = 0; }), Contains("max_new_tokens is 0"));
  CHECK_THAT(message([](auto& r) { r.sampling.temperature = -1; }), Contains("temperature is -1"));
  CHECK_THAT(message([](auto& r) { r.sampling.temperature = std::numeric_limits<double>::quiet_NaN(); }), Contains("temperature"));
  CHECK_THAT(message([](auto& r) { r.sampling.temperature = 1e-9; }), Contains("use 0 for greedy"));
  CHECK_THAT(message([](auto& r) { r.sampling.top_k = -3; }), Contains("top_k is -3"));
  CHECK_THAT(message([](auto& r) { r.sampling.top_p = 0; }), Contains("top_p is 0"));
  CHECK_THAT(message([](auto& r) { r.sampling.top_p = 1.5; }), Contains("top_p is 1.5"));
  CHECK_THAT(message([](auto& r) { r.sampling.min_p = -0.1; }), Contains("min_p is -0.1"));
  CHECK_THAT(message([](auto& r) { r.sampling.stop_tokens = {3, 900}; }), Contains("stop token 1 is 900"));
  ScriptedEngine engine({}, Repeat);
  REQUIRE(engine.Add(Request(1, 1)).ok());
  CHECK(absl::IsInvalidArgument(engine.Add(Request(1, 1))));
  CHECK(absl::IsResourceExhausted(engine.Add(Request(2, 65))));
}

TEST_CASE("only filters that can drop a token count", "[scripted]") {
  CHECK(SamplesOwnDistribution({}, 256));
  CHECK(SamplesOwnDistribution({.top_k = 256}, 256));
  CHECK_FALSE(SamplesOwnDistribution({.top_k = 255}, 256));
  CHECK_FALSE(SamplesOwnDistribution({.temperature = 0}, 256));
  CHECK_FALSE(SamplesOwnDistribution({.min_p = 0.1}, 256));
}

}  // namespace cupel
