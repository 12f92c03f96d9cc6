#pragma once

#include <cstdint>
#include <string_view>

namespace cupel {

// The weight of each token of one completion in the loss of an update, by aggregation:
//   token_mean     1 / (tokens of the update)                                              DAPO, arXiv 2503.14476
//   sequence_mean  1 / (completions of the update * tokens of the completion)              GRPO as published, arXiv 2402.03300
// Taken over the whole update before it is cut into microbatches, so the cut never changes the gradient.
double TokenWeight(std::string_view aggregation, int64_t completion_tokens, int64_t update_tokens, int64_t update_completions);

}  // namespace cupel
