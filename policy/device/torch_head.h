#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "policy/device/device_weights.h"
#include "policy/packed_batch.h"

namespace cupel {

// Head and log-softmax of the scored rows of a batch, and the way back, some hundred rows at a time: logits [C, V] never exist. Logits are
// fp32 whatever the compute type T is. Nothing is recorded. With z = logits / temperature, p = softmax(z), H = -sum p log p:
//   d log p_t / d z = onehot(t) - p      d H / d z = -p (log p + H)
class TorchHead {
 public:
  // Rows whose logits stand in memory at once.
  static constexpr int64_t kRows = 512;

  // `weights` and `batch` borrowed. normed: T [C, D], scored rows after the final norm.
  TorchHead(const DeviceWeights& weights, const PackedBatch& batch, at::Tensor normed, double temperature);

  // log p and entropy of the targets of rows [begin, end), written into the host's arrays [C]. Returns log p of every token of the
  // vocabulary, fp32 [rows, V].
  at::Tensor Score(int64_t begin, int64_t end, float* logprobs, float* entropies) const;
  // Takes the gradients of a loss by log p and entropy (null: none) of the rows, host [C]. `all_logprobs` as Score returned it, or
  // undefined to compute it again. `trains_head`: whether the gradient of the head is wanted.
  void Differentiate(int64_t begin, int64_t end, at::Tensor all_logprobs, const float* logprob_gradients, const float* entropy_gradients,
                     bool trains_head);

  at::Tensor Logits(int64_t begin, int64_t end) const;  // fp32 [rows, V], temperature 1

  // After every row has been differentiated.
  const at::Tensor& normed_gradient() const { return normed_gradient_; }  // T [C, D]
  const at::Tensor& head_gradient() const { return head_gradient_; }      // fp32 [V, D]; undefined when it was not wanted

 private:
  at::Tensor AllLogprobs(int64_t begin, int64_t end) const;

  const DeviceWeights& weights_;
  double inverse_temperature_;
  at::Tensor normed_;   // T [C, D]
  at::Tensor targets_;  // int64 [C, 1]
  at::Tensor normed_gradient_;
  at::Tensor head_gradient_;
};

}  // namespace cupel
