#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "policy/model/loss_gradient.h"
#include "policy/packed_batch.h"

namespace cupel {

// Scored rows [begin, end) of the whole completions [first, last).
struct CompletionBlock {
  int64_t begin;
  int64_t end;
  size_t first;
  size_t last;

  int64_t rows() const { return end - begin; }
};

// All completions in order, as many together as have `max_rows` rows; one that has more stands alone.
std::vector<CompletionBlock> SplitByCompletions(const PackedBatch& batch, int64_t max_rows);

// What head and loss tell each other about every scored row, [C] each.
struct LossRows {
  explicit LossRows(int64_t num_scored);
  // Asks the loss for the gradients of the block's completions, whose log-probabilities and entropies are there.
  void Ask(const PackedBatch& batch, const CompletionBlock& block, const LossGradient& loss);

  std::vector<float> logprobs;
  std::vector<float> entropies;
  std::vector<float> logprob_gradients;
  std::vector<float> entropy_gradients;
};

}  // namespace cupel
