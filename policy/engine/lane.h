#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/engine/decoder_pass.h"
#include "policy/engine/running.h"
#include "policy/engine/sampler.h"

namespace cupel {

// What one core does for its share of the samples: forward passes and draws, from start to end in the calling thread, with scratch of its
// own.
class Lane {
 public:
  // All borrowed.
  Lane(const DecoderWeights& weights, const ComputeBackend& backend);

  // Feeds the last token of each sample and draws the next into RunningSample::drawn.
  void Decode(std::span<RunningSample> samples);
  // Computes the prompts of groups that have just been admitted, each once, and draws the first token of each sample. Siblings lie side by
  // side.
  void Prefill(std::span<RunningSample> samples);

 private:
  void ComputePrompts(std::span<RunningGroup* const> groups);
  void RunPromptRows();

  DecoderPass pass_;
  TokenSampler sampler_;
  int64_t hidden_bytes_;  // of one row of hidden values
  int64_t vocab_size_;
  std::vector<PassRow> rows_;           // of the pass being put together
  std::vector<size_t> last_rows_;       // those of them that end a prompt
  std::vector<std::byte> last_hidden_;  // T [prompts so far, D]: hidden values of the ends of prompts
};

}  // namespace cupel
