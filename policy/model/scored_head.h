#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "policy/model/loss_gradient.h"
#include "policy/model/packed_attention.h"

namespace cupel {

struct ScoredTokens {
  at::Tensor logprobs;  // [C] fp32, recorded
  at::Tensor entropy;   // [C] fp32, nats; carries no gradient
};

// Final norm, head and log-softmax of the scored rows only, a few dozen rows at a time: logits [C, V] never exist. The backward pass
// computes them again:
//   log p_c = z[target] - log sum exp z,  z = logits / temperature
//   d logits = grad_c (onehot(target) - softmax(z)) / temperature
ScoredTokens ScoreTokens(const ComputeBackend& backend, DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout,
                         const at::Tensor& hidden, double temperature);

// The same and its derivative in one go, for a loss whose gradient is known once the log-probabilities of a completion are: logits are
// computed once, except for completions of more than 512 tokens. Adds the gradients of head and final norm; returns the gradient of hidden,
// [N, D].
at::Tensor ScoreAndDifferentiate(const ComputeBackend& backend, DecoderWeights& weights, const PackedLayout& layout,
                                 const at::Tensor& hidden, double temperature, const LossGradient& loss);

// The logits themselves, [C, V] fp32, for tests and diagnostics.
at::Tensor ScoredLogits(const ComputeBackend& backend, DecoderWeights& weights, const PackedLayout& layout, const at::Tensor& hidden);

}  // namespace cupel
