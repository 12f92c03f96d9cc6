#pragma once

#include <cstdint>

#include <absl/status/status.h>

#include "policy/checkpoint/tensor_source.h"
#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"

namespace cupel {

// Reads every master from `source`, straight into its rows (no second copy of the weights), several tensors at a time. Errors as
// TensorSource::Read.
absl::Status ReadMasters(const TensorSource& source, DecoderWeights& weights);

// Draws the masters: matrices from N(0, 0.02^2), norms 1. A number depends on the seed, its tensor and its place alone.
void DrawMasters(uint64_t seed, DecoderWeights& weights);

// Derives the packed layouts of all matrices from the masters, allocating them at the first call. Uses all threads.
void RefreshDerived(const ComputeBackend& backend, DecoderWeights& weights);

}  // namespace cupel
