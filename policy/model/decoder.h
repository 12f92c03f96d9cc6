#pragma once

#include "policy/model/packed_attention.h"
#include "policy/model/scored_head.h"

namespace cupel {

// The decoder over a packed batch: token embedding, layers of attention and feed-forward with pre-normalisation, [N, D] out of the last
// one, before the final norm. Recorded when gradients are on; otherwise nothing outlives its use. With `recomputes` only the input of each
// layer is kept, and the layer runs a second time in the backward pass: the same bits for less memory and a third more time.
at::Tensor DecoderForward(const ComputeBackend& backend, DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout,
                          bool recomputes = false);

}  // namespace cupel
