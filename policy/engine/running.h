#pragma once

#include <array>
#include <cstdint>
#include <span>
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
  int64_t num_computed = 0;    // rows of `prompt` that are there
  // A request whose prompt begins the same: its first rows are copied when it has them. Null when there is none, or they are here.
  const RunningGroup* source = nullptr;
  int64_t num_shared = 0;  // rows to copy
  uint64_t policy_version = 0;
  bool is_aborted = false;
  bool has_samples = true;  // that are not finished; of use while groups are dropped

  int64_t prompt_size() const { return static_cast<int64_t>(request.prompt.size()); }
  bool is_computed() const { return num_computed == prompt_size(); }
};

// One of its samples that is not finished. Its first token is drawn from the last row of the prompt.
struct RunningSample {
  RunningGroup* group = nullptr;        // borrowed
  KvBlock suffix;                       // keys and values of the new tokens
  Completion completion;                // so far
  DrawnToken drawn;                     // in this step, not yet in the completion
  std::vector<TokenLogprob> likeliest;  // at the position of `drawn`, if asked for
  int64_t failed_layer = -1;            // the first that gave numbers which are not finite (num_layers: the head); -1: none
  StopStringMatcher stop_strings;
  bool has_drawn = false;    // in this step
  bool is_finished = false;  // reported, to be dropped

  int64_t num_tokens() const { return static_cast<int64_t>(completion.tokens.size()); }
};

// Rows [begin, end) of a prompt, and the samples whose first token is drawn when they are its last.
struct PromptChunk {
  RunningGroup* group = nullptr;
  int64_t begin = 0;
  int64_t end = 0;
  std::span<RunningSample> samples;
};

// Draws the next token of each of the samples, which are of one group and begin alike so far, from a row of logits [V], which is changed.
// False when the logits are not all finite: the caller then finds out which layer gave the first that are not
// (RunningSample::failed_layer).
bool DrawTokens(float* logits, std::span<RunningSample> samples, TokenSampler& sampler);

}  // namespace cupel
