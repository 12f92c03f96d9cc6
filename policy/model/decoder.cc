#include "policy/model/decoder.h"

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

}  // namespace

at::Tensor DecoderForward(const ComputeBackend& backend, DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout,
                          bool recomputes) {
  at::Tensor x = Embed(backend, weights, layout->batch.tokens);  // [N, D]
  for (LayerWeights& layer : weights.layers) {
    const auto forward = [&backend, &weights, &layer, layout](const at::Tensor& input) {
      return LayerForward(backend, weights, layer, layout, input);
    };
    x = recomputes ? Recomputed(forward, x) : forward(x);
  }
  return x;
}

}  // namespace cupel
