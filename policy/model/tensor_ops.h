#pragma once

#include <cstdint>
#include <functional>

#include <ATen/core/Tensor.h>

#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"

// The pieces of forward.h and their derivatives on whole tensors, with rows split over LibTorch's threads. Nothing is recorded here. All
// activations are contiguous [rows, width] in the compute type. Sums that several rows contribute to are taken in a fixed order, whatever
// the number of threads.

namespace cupel {

// Runs `work(begin, end)` on disjoint ranges that cover [0, rows).
void ForRows(int64_t rows, const std::function<void(int64_t, int64_t)>& work);

at::Tensor EmptyRows(const ComputeBackend& backend, int64_t rows, int64_t width);

// rms_norm(x). With `rstd` (not null) keeps what NormBackward needs: float [rows].
at::Tensor NormForward(const ComputeBackend& backend, const Parameter& norm, double eps, const at::Tensor& x, at::Tensor* rstd);
// The gradient of x; adds the scale's gradient into norm.grad.
at::Tensor NormBackward(const ComputeBackend& backend, Parameter& norm, const at::Tensor& x, const at::Tensor& rstd,
                        const at::Tensor& grad);

// x W^T (+ residual, unless undefined).
at::Tensor LinearForward(const ComputeBackend& backend, const LinearWeights& linear, const at::Tensor& x, const at::Tensor& residual = {});
// The gradient of x: grad W; adds grad^T x into weight.grad or, through the chain rule, into the gradients of the adapters. What is frozen
// gets none.
at::Tensor LinearBackward(const ComputeBackend& backend, LinearWeights& linear, const at::Tensor& x, const at::Tensor& grad);
// Adds grad^T x into parameter.grad, unless it is frozen.
void AddWeightGradient(const ComputeBackend& backend, Parameter& parameter, const at::Tensor& x, const at::Tensor& grad);
// a b in the compute type, by LibTorch; the operands in the compute type or as Operand gives them.
at::Tensor Product(const ComputeBackend& backend, const at::Tensor& a, const at::Tensor& b);
// What LibTorch multiplies instead of `x`: a widened copy where the backend widens products, otherwise itself. Worth keeping for an operand
// of several products.
at::Tensor Operand(const ComputeBackend& backend, const at::Tensor& x);
// A matrix in the compute type: itself in fp32, otherwise a rounded copy made now. Standing copies would cost half as much memory as the
// gradients and save one part in a hundred of a backward pass.
at::Tensor ComputeCopy(const ComputeBackend& backend, const at::Tensor& matrix);

// silu(gate) * up of x = [gate, up].
at::Tensor SwigluForward(const ComputeBackend& backend, const at::Tensor& x);
at::Tensor SwigluBackward(const ComputeBackend& backend, const at::Tensor& x, const at::Tensor& grad);

}  // namespace cupel
