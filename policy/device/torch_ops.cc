#include "policy/device/torch_ops.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "policy/model/record.h"

namespace cupel {
namespace {

// Turns pairs (low, high) of each head by the row's angles, in fp32.
at::Tensor Rotate(const at::Tensor& x, const RotaryRows& rotary) {
  const int64_t half = x.size(2) / 2;
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor low = wide.narrow(2, 0, half);
  const at::Tensor high = wide.narrow(2, half, half);
  return at::cat({low * rotary.cosine - high * rotary.sine, high * rotary.cosine + low * rotary.sine}, 2).to(x.scalar_type());
}

}  // namespace

at::Tensor LongsOn(at::Device device, const std::vector<int64_t>& values) { return at::tensor(values, at::kLong).to(device); }

at::Tensor GatherRows(const at::Tensor& x, const at::Tensor& rows) {
  at::Tensor result;
  {
    const at::NoGradGuard no_grad;
    result = at::index_select(x, 0, rows);
  }
  Record(result, {x}, [rows, sizes = x.sizes().vec()](const at::Tensor& grad) -> std::vector<at::Tensor> {
    at::Tensor sum = at::zeros(sizes, grad.options().dtype(at::kFloat));
    sum.index_add_(0, rows, grad.to(at::kFloat));
    return {sum.to(grad.scalar_type())};
  });
  return result;
}

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& scale, double eps) {
  const at::Tensor wide = x.to(at::kFloat);
  return (wide * at::rsqrt((wide * wide).mean(-1, true) + eps) * scale).to(x.scalar_type());
}

at::Tensor FloatLinear(const at::Tensor& x, const at::Tensor& w) { return FloatProduct(x, w.t()); }

at::Tensor FloatProduct(const at::Tensor& a, const at::Tensor& b) {
  if (a.is_cuda() && a.scalar_type() != at::kFloat) {
    return at::mm(a, b, at::kFloat);  // CUDA has a product with wider results; the processor has not
  }
  return at::mm(a.to(at::kFloat), b.to(at::kFloat));
}

RotaryRows RotaryOf(const DeviceWeights& weights, const at::Tensor& positions) {
  return {.cosine = at::index_select(weights.cosine, 0, positions).unsqueeze(1),
          .sine = at::index_select(weights.sine, 0, positions).unsqueeze(1)};
}

at::Tensor LayerForward(const DeviceWeights& weights, const DeviceLayer& layer, const RotaryRows& rotary, const at::Tensor& x,
                        const Attend& attend) {
  const ModelConfig& config = weights.config;
  const int64_t rows = x.size(0);
  const int64_t heads = config.num_heads;
  const int64_t kv_heads = config.num_kv_heads;
  const at::Tensor qkv =
      at::linear(RmsNorm(x, layer.input_norm, config.rms_norm_eps), layer.qkv).view({rows, heads + 2 * kv_heads, config.head_dim});
  const at::Tensor rotated = Rotate(qkv.narrow(1, 0, heads + kv_heads), rotary);
  const at::Tensor attended =
      attend(rotated.narrow(1, 0, heads), rotated.narrow(1, heads, kv_heads), qkv.narrow(1, heads + kv_heads, kv_heads));
  const at::Tensor middle = x + at::linear(attended.reshape({rows, config.q_size()}), layer.o_proj);
  const at::Tensor gate_up = at::linear(RmsNorm(middle, layer.post_norm, config.rms_norm_eps), layer.gate_up);
  const at::Tensor product = at::silu(gate_up.narrow(1, 0, config.ffn_size)) * gate_up.narrow(1, config.ffn_size, config.ffn_size);
  return middle + at::linear(product, layer.down);
}

}  // namespace cupel
