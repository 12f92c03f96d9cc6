#include "policy/model/decoder.h"

#include <ATen/core/grad_mode.h>

#include "policy/model/autograd_ops.h"
#include "policy/model/record.h"

namespace cupel {
namespace {

at::Tensor LayerForward(const ComputeBackend& backend, DecoderWeights& weights, LayerWeights& layer,
                        const std::shared_ptr<const PackedLayout>& layout, const at::Tensor& x) {
  const double eps = weights.config.rms_norm_eps;
  const at::Tensor qkv = NormLinear(backend, layer.input_norm, eps, layer.qkv, x);
  const at::Tensor attended = LinearAdd(backend, layer.o_proj, RopeAttention(backend, weights, layout, qkv), x);
  const at::Tensor gate_up = NormLinear(backend, layer.post_norm, eps, layer.gate_up, attended);
  return SwigluLinearAdd(backend, layer.down, gate_up, attended);
}

at::Tensor RecomputedLayer(const ComputeBackend& backend, DecoderWeights& weights, LayerWeights& layer,
                           const std::shared_ptr<const PackedLayout>& layout, const at::Tensor& x) {
  at::Tensor y;
  {
    const at::NoGradGuard no_grad;
    y = LayerForward(backend, weights, layer, layout, x);
  }
  Record(y, {x}, [&backend, &weights, &layer, layout, kept = x.detach()](const at::Tensor& grad) -> std::vector<at::Tensor> {
    const at::AutoGradMode with_grad(true);
    const at::Tensor input = kept.detach().requires_grad_(true);
    LayerForward(backend, weights, layer, layout, input).backward(grad);
    return {input.grad()};
  });
  return y;
}

}  // namespace

at::Tensor DecoderForward(const ComputeBackend& backend, DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout,
                          bool recomputes) {
  at::Tensor x = Embed(backend, weights, layout->batch.tokens);  // [N, D]
  for (LayerWeights& layer : weights.layers) {
    x = recomputes && IsRecording(x) ? RecomputedLayer(backend, weights, layer, layout, x)
                                     : LayerForward(backend, weights, layer, layout, x);
  }
  return x;
}

}  // namespace cupel
