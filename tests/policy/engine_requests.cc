#include "tests/policy/engine_requests.h"

#include "base/status.h"
#include "tests/testing/catch_torch.h"

namespace cupel {

GenerationRequest Request(uint64_t id, int64_t prompt_size, int64_t num_samples, const SamplingParams& sampling) {
  GenerationRequest request;
  request.id = id;
  for (int64_t i = 0; i < prompt_size; ++i) {
    request.prompt.push_back(static_cast<TokenId>('a' + (i * 7 + static_cast<int64_t>(id)) % 26));
  }
  request.num_samples = num_samples;
  request.sampling = sampling;
  request.random = {.seed = 5, .step = 2, .prompt = static_cast<uint32_t>(id)};
  return request;
}

Results RunAll(GenerationEngine& engine) {
  Results results;
  std::map<Key, std::vector<TokenId>> streamed;
  while (!engine.idle()) {
    for (GenerationEvent& event : engine.Step()) {
      const Key key = {event.request_id, event.sample_idx};
      if (event.token >= 0) {
        streamed[key].push_back(event.token);
      }
      if (event.finished) {
        CHECK(event.finished->tokens == streamed[key]);
        CHECK(event.finished->logprobs.size() == event.finished->tokens.size());
        CHECK(results.emplace(key, *std::move(event.finished)).second);
      }
    }
  }
  return results;
}

Results RunAll(GenerationEngine& engine, const std::vector<GenerationRequest>& requests) {
  for (const GenerationRequest& request : requests) {
    const absl::Status status = engine.Add(request);
    INFO(Message(status));
    REQUIRE(status.ok());
  }
  return RunAll(engine);
}

}  // namespace cupel
