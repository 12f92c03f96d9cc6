#include "policy/model/forward.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include <ATen/ops/from_blob.h>

#include "base/check.h"
#include "base/status.h"
#include "policy/device/device.h"
#include "policy/model/onednn.h"

namespace cupel {
namespace {

bool HasAmx() {
  const std::vector<std::string_view> features = kernels::CpuFeatures();
  return std::find(features.begin(), features.end(), "amx_bf16") != features.end();
}

void OnednnRows(const LinearWeights& linear, const void* x, int64_t m, const void* residual, void* y) {
  const int64_t n = linear.weight.master.size(0);
  const int64_t k = linear.weight.master.size(1);
  // from_blob wants a mutable pointer; the input is only read.
  const at::Tensor input = at::from_blob(const_cast<void*>(x), {m, k}, at::kBFloat16);
  at::Tensor output = OnednnLinear(input, linear.onednn);
  if (residual != nullptr) {
    output.add_(at::from_blob(const_cast<void*>(residual), {m, n}, at::kBFloat16));
  }
  std::memcpy(y, output.const_data_ptr(), static_cast<size_t>(m * n) * sizeof(kernels::bf16));
}

}  // namespace

std::string ComputeBackend::name() const {
  if (device) {
    return device->is_cuda() ? "libtorch-cuda" : "libtorch-cpu";
  }
  return (onednn ? "onednn+" : "") + std::string(kernels->name);
}

absl::StatusOr<ComputeBackend> ChooseBackend(const ModelSettings& settings) {
  const bool is_fp32 = settings.compute == "fp32";
  ComputeBackend backend;
  backend.kernels = kernels::BestKernels();
  if (backend.kernels == nullptr) {
    return FailedPrecondition("this processor has no AVX2 with FMA, which the decoder's kernels need; use a machine of 2014 or later");
  }
  backend.type = is_fp32 ? kernels::DType::kFloat : kernels::DType::kBf16;
  if (settings.linear == "onednn" && is_fp32) {
    return InvalidArgument(
        "model.linear = \"onednn\" works with model.compute = \"bf16\" only; set linear to \"auto\" or \"kernel\" for fp32");
  }
  CUPEL_ASSIGN_OR_RETURN(backend.device, FindDevice(settings.device));
  if (settings.linear == "onednn" && backend.device) {
    return InvalidArgument(
        "model.linear = \"onednn\" is for model.device = \"cpu\" only, but the device is \"{}\"; leave linear at \"auto\"",
        settings.device);
  }
  backend.onednn = !backend.device && (settings.linear == "onednn" || (settings.linear == "auto" && !is_fp32 && HasAmx()));
  return backend;
}

kernels::AttentionShape AttentionShapeOf(const ModelConfig& config) {
  return {.num_heads = config.num_heads,
          .num_kv_heads = config.num_kv_heads,
          .head_dim = config.head_dim,
          .scale = 1.0F / std::sqrt(static_cast<float>(config.head_dim))};
}

void EmbedRows(const ComputeBackend& backend, const DecoderWeights& weights, std::span<const TokenId> tokens, void* x) {
  const int64_t width = weights.config.hidden_size;
  const float* table = weights.embedding.master.const_data_ptr<float>();
  auto* out = static_cast<std::byte*>(x);
  for (const TokenId token : tokens) {
    Check(token >= 0 && token < weights.config.vocab_size, "token id is inside the vocabulary");
    StoreRow(backend, table + token * width, width, out);
    out += width * backend.bytes();
  }
}

void StoreRow(const ComputeBackend& backend, const float* from, int64_t count, void* to) {
  if (backend.type == kernels::DType::kFloat) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
  } else {
    backend.kernels->to_bf16(from, count, static_cast<kernels::bf16*>(to));
  }
}

void NormRows(const ComputeBackend& backend, const Parameter& norm, double eps, const void* x, int64_t m, void* y, float* rstd) {
  backend.kernels->rms_norm(backend.type, x, norm.master.const_data_ptr<float>(), static_cast<float>(eps), m, norm.master.size(0), y, rstd);
}

void LinearRows(const ComputeBackend& backend, const LinearWeights& linear, const void* x, int64_t m, const void* residual, void* y) {
  if (backend.onednn) {
    OnednnRows(linear, x, m, residual, y);
    return;
  }
  const kernels::PackedMatrix& packed = linear.packed;
  backend.kernels->gemm(x, packed.k, m, packed, 0, packed.n, residual, y, packed.n, backend.type);
}

void HeadRows(const ComputeBackend& backend, const DecoderWeights& weights, const void* x, int64_t m, float* logits) {
  const kernels::PackedMatrix& packed = weights.head.packed;
  backend.kernels->gemm(x, packed.k, m, packed, 0, packed.n, nullptr, logits, packed.n, kernels::DType::kFloat);
}

}  // namespace cupel
