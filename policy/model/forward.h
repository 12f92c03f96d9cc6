#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <absl/status/statusor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "policy/kernels/cpu/kernels.h"
#include "policy/model/decoder_weights.h"
#include "policy/settings.h"
#include "policy/tokenizer.h"

// The pieces of the decoder that sampling and training share, so that both compute the same numbers. Every function works on `m` rows in
// the calling thread alone and may be called from several threads at once on disjoint rows; callers split rows with at::parallel_for. With
// the kernel backend the result of a row does not depend on `m`, on its neighbours or on the split.
//
// Dimensions: D model width, V vocabulary, F feed-forward width. T is the compute type (bf16 or float).

namespace cupel {

// What the decoder computes with; chosen once, when a policy is loaded. Plain value.
struct ComputeBackend {
  const kernels::KernelTable* kernels = nullptr;  // borrowed; lives as long as the process
  kernels::DType type = kernels::DType::kBf16;    // T: activations and packed matrices
  // oneDNN's packed products in the layers (not batch-invariant). The head always uses `kernels`, because its logits must be fp32 and
  // oneDNN's are T.
  bool onednn = false;
  // Where LibTorch's own operations do everything (policy/device/) instead of the functions below; nothing: they do not.
  std::optional<at::Device> device = std::nullopt;

  at::ScalarType scalar_type() const { return type == kernels::DType::kBf16 ? at::kBFloat16 : at::kFloat; }
  int64_t bytes() const { return kernels::SizeOf(type); }
  // LibTorch emulates products of bf16 where the processor has none, at a quarter of the speed of fp32's (experiments/LOG.md, "Processors
  // without products of bf16"). There its operands are widened: such products are exact in fp32, and results are rounded as before.
  bool widens_products() const { return type == kernels::DType::kBf16 && !kernels->multiplies_bf16; }
  std::string name() const;  // "avx512bf16", "onednn+avx512bf16", "libtorch-cpu", "libtorch-cuda"
};

// What settings ask for (linear = "auto": oneDNN where the processor has AMX and compute is bf16). FailedPrecondition when the processor
// has no path at all, or the device is not to be had (device.h); InvalidArgument for oneDNN with fp32, which gains nothing over the
// kernels, and beside a device, which has products of its own.
absl::StatusOr<ComputeBackend> ChooseBackend(const ModelSettings& settings);

// Shape of the attention of all heads; scores are scaled by d^-0.5.
kernels::AttentionShape AttentionShapeOf(const ModelConfig& config);

// x[i] = row tokens[i] of the embedding. x: T [tokens, D].
void EmbedRows(const ComputeBackend& backend, const DecoderWeights& weights, std::span<const TokenId> tokens, void* x);

// Floats in the compute type: copied or rounded.
void StoreRow(const ComputeBackend& backend, const float* from, int64_t count, void* to);

// y = rms_norm(x) with the fp32 scale of `norm`. x, y: T [m, D]; rstd: float [m], null if not wanted.
void NormRows(const ComputeBackend& backend, const Parameter& norm, double eps, const void* x, int64_t m, void* y, float* rstd = nullptr);

// y = x W^T (+ residual). x: T [m, in]; y and residual (null for none): T [m, out], which may be the same memory.
// With oneDNN, call it inside at::parallel_for or after at::set_num_threads(1) in this thread; outside it would start threads of its own.
void LinearRows(const ComputeBackend& backend, const LinearWeights& linear, const void* x, int64_t m, const void* residual, void* y);

// logits = x W_head^T. x: T [m, D], after the final norm; logits: float [m, V].
void HeadRows(const ComputeBackend& backend, const DecoderWeights& weights, const void* x, int64_t m, float* logits);

}  // namespace cupel
