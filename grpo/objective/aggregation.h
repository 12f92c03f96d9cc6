#pragma once

#include <cstdint>
#include <string_view>

namespace cupel {

// What an update's completions add up to. Completions without a verdict, and those that a filter masks, are not counted.
struct UpdateCounts {
  int64_t tokens = 0;
  int64_t completions = 0;
};

// The weight of each token of one completion in the loss of an update, by aggregation:
//   token_mean       1 / (tokens of the update)                                         DAPO, arXiv 2503.14476
//   sequence_mean    1 / (completions of the update * tokens of the completion)         GRPO as published, arXiv 2402.03300
//   constant_length  1 / (completions of the update * constant_length)                  Dr. GRPO, arXiv 2503.20783
// Taken over the whole update before it is cut into microbatches, so the cut never changes the gradient.
double TokenWeight(std::string_view aggregation, int64_t completion_tokens, const UpdateCounts& counts, int64_t constant_length);

}  // namespace cupel
