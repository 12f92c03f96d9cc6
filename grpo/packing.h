#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "policy/packed_batch.h"
#include "rollout/rollout.h"

namespace cupel {

// One forward and backward of an update: sequences end to end, and per scored token what the objective needs. All vectors [C].
struct Microbatch {
  PackedBatch batch;
  std::vector<float> old_logprobs;  // as sampled
  std::vector<float> advantages;
  std::vector<float> weights;  // of the aggregation, over the whole update
};

// Cuts an update's groups into microbatches of at most `microbatch_tokens` packed tokens, in order; only a single completion that is longer
// than that makes a bigger one. A group that does not fit is continued in the next microbatch with its prompt repeated.
//
// Completions whose advantage is 0 have no gradient and are left out; their tokens still count in the weights' denominators, so that
// leaving them out changes nothing. Completions without a verdict (error, undecided) are masked: they count nowhere.
std::vector<Microbatch> PackUpdate(std::span<const RolloutGroup> groups, std::string_view aggregation, int64_t microbatch_tokens);

}  // namespace cupel
