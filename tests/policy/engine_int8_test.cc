// The engine with int8 weights over the tiny model: how far its log-probabilities are from training's, that nothing but the request decides
// a result, and that an update reaches it. Alone: build/release/tests/policy_test "[int8]"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "base/status.h"
#include "policy/engine/int8_engine.h"
#include "policy/policy.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

using Results = std::map<std::pair<uint64_t, int64_t>, Completion>;  // by request and sample

std::unique_ptr<Policy> TinyPolicy(const std::string& compute, int64_t threads = 2, int64_t rank = 0) {
  ModelSettings settings;
  settings.path = "tiny";
  settings.compute = compute;
  settings.linear = "kernel";
  settings.threads = threads;
  settings.lora.rank = rank;
  absl::StatusOr<std::unique_ptr<Policy>> policy = Policy::Load(settings, 11);
  REQUIRE(policy.ok());
  return *std::move(policy);
}

std::unique_ptr<GenerationEngine> Int8Engine(const Policy& policy) { return MakeEngine(policy, {.kv_cache_mib = 64}, "int8"); }

Results Generate(GenerationEngine& engine, const std::vector<GenerationRequest>& requests) {
  for (const GenerationRequest& request : requests) {
    REQUIRE(engine.Add(request).ok());
  }
  Results results;
  while (!engine.idle()) {
    for (GenerationEvent& event : engine.Step()) {
      if (event.finished) {
        results[{event.request_id, event.sample_idx}] = *std::move(event.finished);
      }
    }
  }
  return results;
}

GenerationRequest Request(uint64_t id, int64_t prompt_size, int64_t num_samples, int64_t max_new_tokens) {
  GenerationRequest request;
  request.id = id;
  for (int64_t i = 0; i < prompt_size; ++i) {
    request.prompt.push_back(static_cast<TokenId>('a' + (i * 7 + static_cast<int64_t>(id)) % 26));
  }
  request.num_samples = num_samples;
  request.sampling.max_new_tokens = max_new_tokens;
  request.random = {.seed = 5, .step = 2, .prompt = static_cast<uint32_t>(id)};
  return request;
}

// One sample, which lanes may share, a group, and a prompt of several passes.
std::vector<GenerationRequest> Requests() { return {Request(1, 5, 1, 30), Request(2, 31, 8, 24), Request(3, 290, 3, 12)}; }

bool AreSame(const Results& a, const Results& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.tokens == y.second.tokens && x.second.logprobs == y.second.logprobs;
  });
}

// What `policy` says in training of the tokens that were sampled, request after request.
std::vector<float> TrainingLogprobs(Policy& policy, const std::vector<GenerationRequest>& requests, const Results& results) {
  const at::NoGradGuard no_grad;
  PackedBatch batch;
  for (const GenerationRequest& request : requests) {
    std::vector<std::vector<TokenId>> completions;
    for (int64_t i = 0; i < request.num_samples; ++i) {
      completions.push_back(results.at({request.id, i}).tokens);
    }
    AppendGroup(request.prompt, completions, batch);
  }
  const at::Tensor logprobs = policy.TokenLogprobs(batch, 1).logprobs;
  return {logprobs.const_data_ptr<float>(), logprobs.const_data_ptr<float>() + logprobs.numel()};
}

std::vector<float> SampledLogprobs(const Results& results) {
  std::vector<float> all;
  for (const auto& [key, completion] : results) {
    all.insert(all.end(), completion.logprobs.begin(), completion.logprobs.end());
  }
  return all;
}

struct Gap {
  double mean = 0;
  double max = 0;
};
Gap GapOf(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  Gap gap;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    gap.mean += difference / static_cast<double>(a.size());
    gap.max = std::max(gap.max, difference);
  }
  return gap;
}

}  // namespace

TEST_CASE("rounding to int8 moves log-probabilities a little, and does move them", "[int8]") {
  const std::unique_ptr<Policy> reference = TinyPolicy("fp32");
  for (const char* compute : {"fp32", "bf16"}) {
    const std::unique_ptr<Policy> policy = TinyPolicy(compute);
    const Results results = Generate(*Int8Engine(*policy), Requests());
    const std::vector<float> sampled = SampledLogprobs(results);
    for (Policy* other : {policy.get(), reference.get()}) {
      const Gap gap = GapOf(sampled, TrainingLogprobs(*other, Requests(), results));
      CAPTURE(compute, other->backend().name(), gap.mean, gap.max);
      CHECK(gap.mean > 1e-5);
      CHECK(gap.mean < 4e-3);
      CHECK(gap.max < 2e-2);
    }
  }
}

TEST_CASE("with int8 weights too a request gives the same bits alone, in company and with any lanes", "[int8]") {
  const std::unique_ptr<Policy> one_lane = TinyPolicy("bf16", 1);
  Results alone;
  for (const GenerationRequest& request : Requests()) {
    alone.merge(Generate(*Int8Engine(*one_lane), {request}));
  }
  for (const int64_t threads : {1, 2, 3}) {
    CAPTURE(threads);
    const std::unique_ptr<Policy> policy = TinyPolicy("bf16", threads);
    const std::unique_ptr<GenerationEngine> engine = Int8Engine(*policy);
    CHECK(engine->is_batch_invariant());
    CHECK(AreSame(alone, Generate(*engine, Requests())));
    CHECK(AreSame(alone, Generate(*engine, Requests())));  // warm, and by the other way of doing few rows
  }
}

TEST_CASE("an update reaches the rounded weights, adapters included", "[int8]") {
  for (const int64_t rank : {0, 4}) {
    CAPTURE(rank);
    const std::unique_ptr<Policy> policy = TinyPolicy("bf16", 2, rank);
    const std::unique_ptr<GenerationEngine> engine = Int8Engine(*policy);
    const Results before = Generate(*engine, Requests());
    for (Parameter* parameter : TrainedParameters(policy->weights())) {
      float* values = parameter->master.data_ptr<float>();
      for (int64_t i = 0; i < parameter->master.numel(); ++i) {
        values[i] += 0.01F * static_cast<float>(i % 7 - 3);
      }
    }
    policy->CommitUpdate();
    const Results after = Generate(*engine, Requests());
    CHECK_FALSE(AreSame(before, after));
    const Gap gap = GapOf(SampledLogprobs(after), TrainingLogprobs(*policy, Requests(), after));
    CAPTURE(gap.mean);
    CHECK(gap.mean < 1e-2);
    CHECK(AreSame(after, Generate(*Int8Engine(*policy), Requests())));
  }
}

TEST_CASE("weights that are not finite end a sample with the layer that they are in", "[int8]") {
  const std::unique_ptr<Policy> policy = TinyPolicy("bf16");
  policy->weights().layers[1].down.weight.master.data_ptr<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  policy->CommitUpdate();
  const Results results = Generate(*Int8Engine(*policy), {Request(1, 5, 1, 8)});
  CHECK_THAT(results.at({1, 0}).error, Catch::Contains("layer 1 of"));
}

}  // namespace cupel
