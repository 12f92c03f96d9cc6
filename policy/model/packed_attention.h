#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"
#include "policy/packed_batch.h"

namespace cupel {

// A packed batch with what attention needs to know about it; shared by all layers and kept until the backward pass has run.
struct PackedLayout {
  PackedBatch batch;
  std::vector<int64_t> segment_of;          // [N], segment of a packed token
  std::vector<std::vector<int64_t>> trees;  // packed tokens of a prompt and all its completions, ascending; nothing attends across trees
};

// Checks that the batch keeps its promises (packed_batch.h) and fits the model: token ids, positions, segment bounds, query rows.
std::shared_ptr<const PackedLayout> MakeLayout(PackedBatch batch, const ModelConfig& config);

// Rotary embedding of queries and keys, then causal grouped-query attention inside each segment and over its parent. qkv is [N, (H + 2 KH)
// d] and consumed: it is rotated in place. Returns [N, H d].
//
// The backward pass gives a thread one (tree, key/value head) pair at a time, the largest unit of work whose sums nobody else adds to: dK
// and dV of a prompt are sums over all of its completions, taken in packed order.
at::Tensor RopeAttention(const ComputeBackend& backend, const DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout,
                         const at::Tensor& qkv);

}  // namespace cupel
