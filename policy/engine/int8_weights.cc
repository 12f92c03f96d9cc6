#include "policy/engine/int8_weights.h"

#include <algorithm>

#include <ATen/Parallel.h>

namespace cupel {
namespace {

void Round(const kernels::Int8Table& table, const at::Tensor& matrix, kernels::Int8Matrix& rounded) {
  const int64_t n = matrix.size(0);
  if (rounded.n == 0) {
    rounded = kernels::MakeInt8Matrix(table, n, matrix.size(1));
  }
  constexpr int64_t kRowsAtOnce = 256;  // a multiple of every panel
  at::parallel_for(0, (n + kRowsAtOnce - 1) / kRowsAtOnce, 1, [&](int64_t begin, int64_t end) {
    table.pack(matrix.const_data_ptr<float>(), begin * kRowsAtOnce, std::min(end * kRowsAtOnce, n), rounded);
  });
}

}  // namespace

Int8Weights::Int8Weights(const DecoderWeights& weights)
    : weights_(weights), kernels_(kernels::BestInt8()), layers_(weights.layers.size()) {}

void Int8Weights::Refresh() {
  for (size_t i = 0; i < layers_.size(); ++i) {
    const LayerWeights& from = weights_.layers[i];
    Int8LayerWeights& to = layers_[i];
    Round(kernels_, EffectiveMatrix(from.qkv), to.qkv);
    Round(kernels_, EffectiveMatrix(from.o_proj), to.o_proj);
    Round(kernels_, EffectiveMatrix(from.gate_up), to.gate_up);
    Round(kernels_, EffectiveMatrix(from.down), to.down);
  }
  Round(kernels_, weights_.head_weight().master, head_);
}

}  // namespace cupel
