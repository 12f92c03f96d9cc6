// The engine under random schedules of requests and aborts, against each request on its own. Alone: build/release/tests/policy_test
// "[engine_schedule]"; longer: "[engine_soak]"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "base/random.h"
#include "base/status.h"
#include "policy/policy.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

std::unique_ptr<Policy> TinyPolicy(int64_t threads) {
  ModelSettings settings;
  settings.path = "tiny";
  settings.linear = "kernel";
  settings.threads = threads;
  absl::StatusOr<std::unique_ptr<Policy>> policy = Policy::Load(settings, 11);
  REQUIRE(policy.ok());
  return *std::move(policy);
}

std::vector<TokenId> Letters(RandomStream& random, int64_t count) {
  std::vector<TokenId> tokens;
  for (int64_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<TokenId>(random.Between('a', 'z')));
  }
  return tokens;
}

SamplingParams RandomSampling(RandomStream& random) {
  SamplingParams sampling;
  sampling.max_new_tokens = random.Between(1, 24);
  switch (random.Between(0, 7)) {
    case 0:
      sampling.temperature = 0;
      break;
    case 1:
      sampling.temperature = 0.7;
      sampling.top_p = 0.9;
      break;
    case 2:
      sampling.repetition_penalty = 1.2;
      sampling.top_logprobs = 3;
      break;
    case 3:
      sampling.stop_tokens = Letters(random, 5);
      sampling.min_new_tokens = std::min<int64_t>(3, sampling.max_new_tokens);
      break;
    case 4:
      sampling.stop_strings = {"e", "th"};
      sampling.with_entropy = true;
      break;
    case 5:
      sampling.logit_bias = {{'q', 3.0F}, {'e', -2.0F}};
      sampling.top_k = 30;
      break;
    default:
      break;
  }
  return sampling;
}

// Different requests; some prompts begin the same, some are longer than one pass of the decoder.
std::vector<GenerationRequest> RequestPool(int64_t count) {
  RandomStream random(4, RandomPurpose::kTaskContent);
  const std::vector<TokenId> head = Letters(random, 60);
  std::vector<GenerationRequest> pool;
  for (int64_t i = 0; i < count; ++i) {
    GenerationRequest request;
    const int64_t shared = random.Between(0, 2) == 0 ? random.Between(10, 60) : 0;
    request.prompt.assign(head.begin(), head.begin() + shared);
    const std::vector<TokenId> rest = Letters(random, random.Between(0, 19) == 0 ? random.Between(200, 400) : random.Between(1, 30));
    request.prompt.insert(request.prompt.end(), rest.begin(), rest.end());
    request.num_samples = random.Between(1, 4);
    request.sampling = RandomSampling(random);
    request.random = {.seed = 9, .step = 1, .prompt = static_cast<uint32_t>(i)};
    pool.push_back(std::move(request));
  }
  return pool;
}

// [pool][sample], each request alone in an engine of one lane.
std::vector<std::vector<Completion>> Alone(const Policy& policy, const std::vector<GenerationRequest>& pool) {
  std::vector<std::vector<Completion>> completions;
  for (const GenerationRequest& request : pool) {
    const std::unique_ptr<GenerationEngine> engine = MakeEngine(policy, {.kv_cache_mib = 8});
    REQUIRE(engine->Add(request).ok());
    std::vector<Completion>& own = completions.emplace_back(static_cast<size_t>(request.num_samples));
    while (!engine->idle()) {
      for (GenerationEvent& event : engine->Step()) {
        if (event.finished) {
          own[static_cast<size_t>(event.sample_idx)] = *std::move(event.finished);
        }
      }
    }
  }
  return completions;
}

template <class T>
bool IsBeginning(const std::vector<T>& part, const std::vector<T>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

// The same bits; of an aborted completion, as far as it came.
bool Agrees(const Completion& completion, const Completion& alone) {
  const bool is_whole = completion.finish_reason != FinishReason::kAborted;
  return IsBeginning(completion.tokens, alone.tokens) && IsBeginning(completion.logprobs, alone.logprobs) &&
         IsBeginning(completion.raw_logprobs, alone.raw_logprobs) && IsBeginning(completion.entropies, alone.entropies) &&
         IsBeginning(completion.top_logprobs, alone.top_logprobs) &&
         (!is_whole || (completion.tokens.size() == alone.tokens.size() && completion.finish_reason == alone.finish_reason &&
                        completion.stop_string == alone.stop_string));
}

struct Tally {
  int64_t finished = 0;
  int64_t aborted = 0;
  int64_t wrong = 0;
};

// Adds, aborts and steps at random until `num_requests` requests have come and gone.
Tally RunSchedule(const Policy& policy, int64_t kv_cache_mib, const std::vector<GenerationRequest>& pool,
                  const std::vector<std::vector<Completion>>& alone, int64_t num_requests, uint32_t seed) {
  RandomStream random(6, RandomPurpose::kTaskContent, seed);
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(policy, {.kv_cache_mib = kv_cache_mib});
  std::map<uint64_t, size_t> running;   // request id -> place in the pool
  std::map<uint64_t, int64_t> missing;  // samples that are not reported
  Tally tally;
  uint64_t next_id = 0;
  while (next_id < static_cast<uint64_t>(num_requests) || !engine->idle()) {
    for (int64_t n = random.Between(0, 3); n > 0 && next_id < static_cast<uint64_t>(num_requests) && running.size() < 40; --n) {
      const size_t which = random.Below(pool.size());
      GenerationRequest request = pool[which];
      request.id = next_id;
      const absl::Status status = engine->Add(request);
      INFO(Message(status));
      REQUIRE(status.ok());
      running[next_id] = which;
      missing[next_id++] = request.num_samples;
    }
    if (!running.empty() && random.Between(0, 5) == 0) {
      engine->Abort(std::next(running.begin(), static_cast<int64_t>(random.Below(running.size())))->first);
    }
    for (GenerationEvent& event : engine->Step()) {
      if (!event.finished) {
        continue;
      }
      const bool is_aborted = event.finished->finish_reason == FinishReason::kAborted;
      ++(is_aborted ? tally.aborted : tally.finished);
      const size_t which = running.at(event.request_id);
      tally.wrong += !Agrees(*event.finished, alone[which][static_cast<size_t>(event.sample_idx)]);
      if (--missing.at(event.request_id) == 0) {
        running.erase(event.request_id);
        missing.erase(event.request_id);
      }
    }
  }
  CHECK(missing.empty());
  // All memory is free again: a request of exactly its size is admitted.
  GenerationRequest everything;
  everything.prompt = {'a'};
  everything.sampling.max_new_tokens = 2;
  const int64_t row_bytes = 2 * policy.config().num_layers * policy.config().kv_size() * policy.backend().bytes();
  everything.num_samples = (kv_cache_mib << 20) / row_bytes - 1;
  REQUIRE(engine->Add(everything).ok());
  CHECK(std::ssize(engine->Step()) == everything.num_samples);
  engine->Abort(0);
  engine->Step();
  CHECK(engine->idle());
  return tally;
}

void CheckSchedules(int64_t num_requests) {
  const std::vector<GenerationRequest> pool = RequestPool(60);
  const std::vector<std::vector<Completion>> alone = Alone(*TinyPolicy(1), pool);
  uint32_t seed = 0;
  for (const int64_t threads : {1, 2, 3}) {
    const std::unique_ptr<Policy> policy = TinyPolicy(threads);
    for (const int64_t kv_cache_mib : {1, 16}) {  // requests wait, and they do not
      CAPTURE(threads, kv_cache_mib);
      const Tally tally = RunSchedule(*policy, kv_cache_mib, pool, alone, num_requests, seed++);
      CHECK(tally.wrong == 0);
      CHECK(tally.finished > num_requests);
      CHECK(tally.aborted > num_requests / 20);
    }
  }
}

}  // namespace

TEST_CASE("whatever joins, leaves and is aborted, a request gives the bits that it gives alone, and no memory is lost",
          "[engine_schedule]") {
  CheckSchedules(600);
}

TEST_CASE("the same for 12,000 requests", "[.][engine_soak]") { CheckSchedules(2000); }

TEST_CASE("prompts that begin the same are computed once", "[engine_schedule]") {
  const std::unique_ptr<Policy> policy = TinyPolicy(2);
  RandomStream random(8, RandomPurpose::kTaskContent);
  const std::vector<TokenId> prompt = Letters(random, 300);
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 16});
  for (uint64_t id = 0; id < 4; ++id) {
    GenerationRequest request;
    request.id = id;
    request.prompt.assign(prompt.begin(), prompt.end() - static_cast<int64_t>(id));
    request.sampling.max_new_tokens = 5;
    REQUIRE(engine->Add(request).ok());
  }
  while (!engine->idle()) {
    engine->Step();
  }
  CHECK(engine->stats().prompt_tokens == 300 + 299 + 298 + 297);
  CHECK(engine->stats().shared_prompt_tokens == 298 + 297 + 296);  // the last row of each is its own
}

TEST_CASE("a prompt that waits for another's rows computes its own when the other is aborted", "[engine_schedule]") {
  const std::unique_ptr<Policy> policy = TinyPolicy(2);
  RandomStream random(8, RandomPurpose::kTaskContent);
  GenerationRequest first;
  first.prompt = Letters(random, 500);  // more than one step computes
  GenerationRequest second = first;
  second.id = 1;
  second.sampling.max_new_tokens = 3;
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 16});
  REQUIRE(engine->Add(first).ok());
  REQUIRE(engine->Add(second).ok());
  CHECK(engine->Step().empty());
  engine->Abort(0);
  int64_t num_tokens = 0;
  while (!engine->idle()) {
    for (const GenerationEvent& event : engine->Step()) {
      num_tokens += event.request_id == 1;
    }
  }
  CHECK(num_tokens == 3);
  CHECK(engine->stats().shared_prompt_tokens == 0);
}

TEST_CASE("logits that are not finite end the sample with an error that names layer and position, and nothing else", "[engine_schedule]") {
  const std::unique_ptr<Policy> policy = TinyPolicy(1);
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 16});
  GenerationRequest request;
  request.prompt = {'a', 'b', 'c'};
  request.sampling.max_new_tokens = 8;
  policy->weights().layers[1].post_norm.master.fill_(std::numeric_limits<float>::infinity());
  REQUIRE(engine->Add(request).ok());
  const std::vector<GenerationEvent> events = engine->Step();
  REQUIRE(events.size() == 1);
  REQUIRE(events[0].finished);
  CHECK(events[0].finished->finish_reason == FinishReason::kLength);
  CHECK_THAT(events[0].finished->error, Catch::Contains("position 2") && Catch::Contains("layer 1 of"));
  CHECK(engine->idle());
  policy->weights().layers[1].post_norm.master.fill_(1);
  REQUIRE(engine->Add(request).ok());
  int64_t num_tokens = 0;
  while (!engine->idle()) {
    num_tokens += std::ssize(engine->Step());
  }
  CHECK(num_tokens == 8);
}

TEST_CASE("a request that others overtake is admitted in the end", "[engine_schedule]") {
  const std::unique_ptr<Policy> policy = TinyPolicy(1);
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, {.kv_cache_mib = 1});
  const int64_t rows = (int64_t{1} << 20) / (2 * policy->config().num_layers * policy->config().kv_size() * policy->backend().bytes());
  const auto add = [&](uint64_t id, int64_t num_samples, int64_t max_new_tokens) {
    GenerationRequest request;
    request.id = id;
    request.prompt = {'a'};
    request.num_samples = num_samples;
    request.sampling.max_new_tokens = max_new_tokens;
    REQUIRE(engine->Add(request).ok());
  };
  add(0, rows / 2, 2);  // half of the memory
  engine->Step();
  add(1, rows - 1, 2);  // all of it: has to wait until nothing else runs
  uint64_t id = 2;
  bool is_finished = false;
  for (int step = 0; step < 1000 && !is_finished; ++step) {
    add(id++, 8, 3);  // short ones keep coming, and two of them always run
    for (const GenerationEvent& event : engine->Step()) {
      is_finished |= event.finished && event.request_id == 1;
    }
  }
  CHECK(is_finished);
}

}  // namespace cupel
