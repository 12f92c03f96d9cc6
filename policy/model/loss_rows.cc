#include "policy/model/loss_rows.h"

#include <span>

namespace cupel {

std::vector<CompletionBlock> SplitByCompletions(const PackedBatch& batch, int64_t max_rows) {
  std::vector<CompletionBlock> blocks;
  for (size_t completion = 0; completion + 1 < batch.completion_begin.size(); ++completion) {
    const int64_t begin = batch.completion_begin[completion];
    const int64_t end = batch.completion_begin[completion + 1];
    if (!blocks.empty() && end - blocks.back().begin <= max_rows) {
      blocks.back().end = end;
      blocks.back().last = completion + 1;
    } else {
      blocks.push_back({.begin = begin, .end = end, .first = completion, .last = completion + 1});
    }
  }
  return blocks;
}

LossRows::LossRows(int64_t num_scored)
    : logprobs(static_cast<size_t>(num_scored)),
      entropies(static_cast<size_t>(num_scored)),
      logprob_gradients(static_cast<size_t>(num_scored)),
      entropy_gradients(static_cast<size_t>(num_scored)) {}

void LossRows::Ask(const PackedBatch& batch, const CompletionBlock& block, const LossGradient& loss) {
  for (size_t completion = block.first; completion < block.last; ++completion) {
    const auto begin = static_cast<size_t>(batch.completion_begin[completion]);
    const auto length = static_cast<size_t>(batch.completion_begin[completion + 1]) - begin;
    loss(completion, std::span(logprobs).subspan(begin, length), std::span(entropies).subspan(begin, length),
         std::span(logprob_gradients).subspan(begin, length), std::span(entropy_gradients).subspan(begin, length));
  }
}

}  // namespace cupel
