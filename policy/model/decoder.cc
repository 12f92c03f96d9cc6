#include "policy/model/decoder.h"

#include "policy/model/autograd_ops.h"

namespace cupel {

at::Tensor DecoderForward(const ComputeBackend& backend, DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout) {
  const double eps = weights.config.rms_norm_eps;
  at::Tensor x = Embed(backend, weights, layout->batch.tokens);  // [N, D]
  for (LayerWeights& layer : weights.layers) {
    const at::Tensor qkv = NormLinear(backend, layer.input_norm, eps, layer.qkv, x);
    x = LinearAdd(backend, layer.o_proj, RopeAttention(backend, weights, layout, qkv), x);
    const at::Tensor gate_up = NormLinear(backend, layer.post_norm, eps, layer.gate_up, x);
    x = SwigluLinearAdd(backend, layer.down, gate_up, x);
  }
  return x;
}

}  // namespace cupel
