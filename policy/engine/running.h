#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policy/engine/kv_cache.h"
#include "policy/engine/sampler.h"
#include "policy/engine/stop_strings.h"
#include "policy/generation.h"

namespace cupel {

// A request that was admitted.
struct RunningGroup {
  GenerationRequest request;
  std::array<uint32_t, 2> random_key{};
  int64_t max_new_tokens = 0;  // of each sample, within the context
  KvBlock prompt;              // keys and values of the prompt, shared by the samples
  uint64_t policy_version = 0;
  bool is_aborted = false;

  int64_t prompt_size() const { return static_cast<int64_t>(request.prompt.size()); }
};

// One of its samples that is not finished.
struct RunningSample {
  RunningGroup* group = nullptr;        // borrowed
  KvBlock suffix;                       // keys and values of the new tokens
  Completion completion;                // so far
  DrawnToken drawn;                     // by a lane in this step, not yet in the completion
  std::vector<TokenLogprob> likeliest;  // at the position of `drawn`, if asked for
  StopStringMatcher stop_strings;
  bool is_finished = false;  // reported, to be dropped

  int64_t num_tokens() const { return static_cast<int64_t>(completion.tokens.size()); }
};

}  // namespace cupel
