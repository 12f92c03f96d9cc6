#include "policy/device/device_weights.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

namespace cupel {
namespace {

at::Tensor EmptyLike(const Parameter& parameter, at::Device device, at::ScalarType type) {
  return at::empty(parameter.master.sizes(), at::TensorOptions(device).dtype(type));
}

bool TrainsAdapters(const LinearWeights* matrix) {
  return matrix != nullptr &&
         std::any_of(matrix->adapters.begin(), matrix->adapters.end(), [](const Adapter& adapter) { return adapter.a.grad.defined(); });
}

// With W = W0 + s B A: dL/dB = s dL/dW A^T and dL/dA = s B^T dL/dW, of the adapter's rows.
void CollectAdapter(Adapter& adapter, const at::Tensor& grad) {
  const at::Tensor rows = grad.slice(0, adapter.row_begin, adapter.row_end).to(at::kFloat);
  const at::Tensor a = adapter.a.master.to(grad.device());
  const at::Tensor b = adapter.b.master.to(grad.device());
  adapter.a.grad.add_(at::mm(b.t(), rows).to(at::kCPU), adapter.scale);
  adapter.b.grad.add_(at::mm(rows, a.t()).to(at::kCPU), adapter.scale);
}

}  // namespace

DeviceWeights AllocateDeviceWeights(const DecoderWeights& masters, at::Device device, at::ScalarType type) {
  const ModelConfig& config = masters.config;
  DeviceWeights weights;
  weights.config = config;
  weights.device = device;
  weights.type = type;
  weights.embedding = EmptyLike(masters.embedding, device, type);
  for (const LayerWeights& layer : masters.layers) {
    weights.layers.push_back({.input_norm = EmptyLike(layer.input_norm, device, at::kFloat),
                              .qkv = EmptyLike(layer.qkv.weight, device, type),
                              .o_proj = EmptyLike(layer.o_proj.weight, device, type),
                              .post_norm = EmptyLike(layer.post_norm, device, at::kFloat),
                              .gate_up = EmptyLike(layer.gate_up.weight, device, type),
                              .down = EmptyLike(layer.down.weight, device, type)});
  }
  weights.final_norm = EmptyLike(masters.final_norm, device, at::kFloat);
  weights.head = config.tie_word_embeddings ? weights.embedding : EmptyLike(masters.head.weight, device, type);
  // from_blob wants a mutable pointer; the table is copied.
  const at::Tensor table = at::from_blob(const_cast<float*>(masters.rope_table.data()), {config.max_context, config.head_dim}, at::kFloat);
  const int64_t half = config.head_dim / 2;
  weights.cosine = table.slice(1, 0, half).contiguous().to(device);
  weights.sine = table.slice(1, half).contiguous().to(device);
  return weights;
}

std::vector<DeviceCopy> DeviceCopies(DecoderWeights& masters, DeviceWeights& weights) {
  std::vector<DeviceCopy> copies = {{&masters.embedding, nullptr, weights.embedding}};
  for (size_t i = 0; i < masters.layers.size(); ++i) {
    LayerWeights& from = masters.layers[i];
    const DeviceLayer& to = weights.layers[i];
    copies.insert(copies.end(), {{&from.input_norm, nullptr, to.input_norm},
                                 {&from.qkv.weight, &from.qkv, to.qkv},
                                 {&from.o_proj.weight, &from.o_proj, to.o_proj},
                                 {&from.post_norm, nullptr, to.post_norm},
                                 {&from.gate_up.weight, &from.gate_up, to.gate_up},
                                 {&from.down.weight, &from.down, to.down}});
  }
  copies.push_back({&masters.final_norm, nullptr, weights.final_norm});
  if (!masters.config.tie_word_embeddings) {
    copies.push_back({&masters.head.weight, nullptr, weights.head});
  }
  return copies;
}

void RefreshCopies(const std::vector<DeviceCopy>& copies) {
  const at::NoGradGuard no_grad;
  for (const DeviceCopy& one : copies) {
    const at::Tensor master = one.matrix == nullptr ? one.parameter->master : EffectiveMatrix(*one.matrix);
    one.copy.copy_(master.to(one.copy.scalar_type()));
  }
}

void MarkTrained(const std::vector<DeviceCopy>& copies) {
  for (const DeviceCopy& one : copies) {
    one.copy.set_requires_grad(one.parameter->grad.defined() || TrainsAdapters(one.matrix));
  }
}

void CollectGradients(const std::vector<DeviceCopy>& copies) {
  const at::NoGradGuard no_grad;
  for (const DeviceCopy& one : copies) {
    const at::Tensor grad = one.copy.grad();
    if (!grad.defined()) {
      continue;
    }
    if (one.parameter->grad.defined()) {
      one.parameter->grad.add_(grad.to(at::kCPU));
    }
    if (TrainsAdapters(one.matrix)) {
      for (Adapter& adapter : one.matrix->adapters) {
        CollectAdapter(adapter, grad);
      }
    }
    one.copy.mutable_grad().reset();
  }
}

}  // namespace cupel
