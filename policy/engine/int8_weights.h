#pragma once

#include <cstdint>
#include <vector>

#include "policy/kernels/cpu/int8.h"
#include "policy/model/decoder_weights.h"

namespace cupel {

struct Int8LayerWeights {
  kernels::Int8Matrix qkv, o_proj, gate_up, down;
};

// The matrices of a decoder, head included, rounded to 8 bits for sampling. Norms, and the embedding as a table, stay as they are.
class Int8Weights {
 public:
  // Nothing is rounded before Refresh. `weights` borrowed.
  explicit Int8Weights(const DecoderWeights& weights);

  // Rounds the masters, adapters added, that there are now. Uses all threads.
  void Refresh();

  const kernels::Int8Table& kernels() const { return kernels_; }
  const Int8LayerWeights& layer(int64_t idx) const { return layers_[static_cast<size_t>(idx)]; }
  const kernels::Int8Matrix& head() const { return head_; }

 private:
  const DecoderWeights& weights_;
  const kernels::Int8Table& kernels_;
  std::vector<Int8LayerWeights> layers_;  // [L]
  kernels::Int8Matrix head_;              // [V, D]
};

}  // namespace cupel
