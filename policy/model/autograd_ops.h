#pragma once

#include <span>

#include <ATen/core/Tensor.h>

#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"
#include "policy/tokenizer.h"

// The differentiable parts of a decoder layer. Each is one kernel-backed operation with a hand-written backward pass that adds weight
// gradients into Parameter::grad. What is cheap to recompute (normalised activations, the product inside SwiGLU) is not kept: per token and
// layer the backward pass needs 2 D + (H + 2 KH) d + H d + 2 F numbers. Weights are borrowed and must outlive the graph.
//
// Dimensions: N packed tokens, D model width, F feed-forward width.

namespace cupel {

// [N, D]. Starts a graph when gradients are on.
at::Tensor Embed(const ComputeBackend& backend, DecoderWeights& weights, std::span<const TokenId> tokens);

// linear(rms_norm(x)): [N, out]
at::Tensor NormLinear(const ComputeBackend& backend, Parameter& norm, double eps, LinearWeights& linear, const at::Tensor& x);

// linear(x) + residual: [N, D]
at::Tensor LinearAdd(const ComputeBackend& backend, LinearWeights& linear, const at::Tensor& x, const at::Tensor& residual);

// down(silu(gate) * up) + residual of gate_up [N, 2F]: [N, D]
at::Tensor SwigluLinearAdd(const ComputeBackend& backend, LinearWeights& down, const at::Tensor& gate_up, const at::Tensor& residual);

}  // namespace cupel
