#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/engine/decoder_pass.h"
#include "policy/engine/running.h"
#include "policy/engine/sampler.h"
#include "policy/engine/team.h"

namespace cupel {

// What a lane does in one step.
struct LaneWork {
  std::vector<RunningSample*> decoding;  // each is fed its last token
  std::vector<PromptChunk> chunks;
  int64_t num_rows = 0;  // of both
};

// What one core does for its share of the samples: forward passes and draws, from start to end in the calling thread, with scratch of its
// own. Rows of running samples and of prompts go through the same passes, so a prompt that joins costs no second stream of the weights.
class Lane {
 public:
  // All borrowed; `int8` as in DecoderPass.
  Lane(const DecoderWeights& weights, const ComputeBackend& backend, const Int8Weights* int8);

  int64_t max_logit_rows() const { return pass_.max_logit_rows(); }  // bounds the samples of RunTogether

  // Draws the next token of each sample into RunningSample::drawn.
  void Run(const LaneWork& work);
  // The same for a few running samples, the lanes of a team sharing every product: member 0 owns the rows, `owner` is its lane. All members
  // call it with the same work.
  void RunTogether(const LaneWork& work, Lane& owner, const TeamMember& member);

 private:
  // Rows that tokens are drawn from, in the order of the passes.
  struct Drawing {
    PassRow row;
    std::span<RunningSample> samples;  // of one group; more than one draws only its first token
  };

  void ListRows(const LaneWork& work);
  void DrawFrom(float* logits, const Drawing& drawing);

  DecoderPass pass_;
  TokenSampler sampler_;
  int64_t hidden_bytes_;  // of one row of hidden values
  int64_t vocab_size_;
  std::vector<PassRow> rows_;
  std::vector<Drawing> drawings_;
  std::vector<int64_t> drawing_rows_;   // [drawings] indices into rows_, ascending
  std::vector<std::byte> last_hidden_;  // T [drawings so far, D]
};

}  // namespace cupel
