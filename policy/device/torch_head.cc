#include "policy/device/torch_head.h"

#include <cstring>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>

#include "base/check.h"
#include "policy/device/torch_ops.h"

namespace cupel {
namespace {

// A part of an array of the host as a column on the device, fp32 [rows, 1].
at::Tensor ColumnOn(at::Device device, const float* values, int64_t begin, int64_t end) {
  // from_blob wants a mutable pointer; the values are only read.
  return at::from_blob(const_cast<float*>(values + begin), {end - begin, 1}, at::kFloat).to(device);
}

void CopyToHost(const at::Tensor& column, float* to) {
  const at::Tensor host = column.to(at::kCPU).contiguous();
  std::memcpy(to, host.const_data_ptr<float>(), static_cast<size_t>(host.numel()) * sizeof(float));
}

at::Tensor Entropy(const at::Tensor& all_logprobs) { return -(all_logprobs.exp() * all_logprobs).sum(-1, true); }  // [rows, 1]

}  // namespace

TorchHead::TorchHead(const DeviceWeights& weights, const PackedBatch& batch, at::Tensor normed, double temperature)
    : weights_(weights),
      inverse_temperature_(1.0 / temperature),
      normed_(std::move(normed)),
      targets_(LongsOn(weights.device, {batch.targets.begin(), batch.targets.end()}).unsqueeze(1)) {
  Check(temperature > 0, "a temperature is positive");
}

at::Tensor TorchHead::Logits(int64_t begin, int64_t end) const { return FloatLinear(normed_.slice(0, begin, end), weights_.head.detach()); }

at::Tensor TorchHead::AllLogprobs(int64_t begin, int64_t end) const {
  return at::log_softmax(Logits(begin, end).mul_(inverse_temperature_), -1);
}

at::Tensor TorchHead::Score(int64_t begin, int64_t end, float* logprobs, float* entropies) const {
  at::Tensor all_logprobs = AllLogprobs(begin, end);
  CopyToHost(all_logprobs.gather(1, targets_.slice(0, begin, end)), logprobs + begin);
  CopyToHost(Entropy(all_logprobs), entropies + begin);
  return all_logprobs;
}

void TorchHead::Differentiate(int64_t begin, int64_t end, at::Tensor all_logprobs, const float* logprob_gradients,
                              const float* entropy_gradients, bool trains_head) {
  if (!all_logprobs.defined()) {
    all_logprobs = AllLogprobs(begin, end);
  }
  const at::Tensor by_logprob = ColumnOn(weights_.device, logprob_gradients, begin, end);
  at::Tensor factor = by_logprob;  // of -p
  if (entropy_gradients != nullptr) {
    factor = by_logprob + ColumnOn(weights_.device, entropy_gradients, begin, end) * (all_logprobs + Entropy(all_logprobs));
  }
  at::Tensor by_logits = all_logprobs.exp() * factor.neg();
  by_logits.scatter_add_(1, targets_.slice(0, begin, end), by_logprob);
  const at::Tensor rounded = by_logits.mul_(inverse_temperature_).to(weights_.type);
  const at::Tensor rows = normed_.slice(0, begin, end);
  if (trains_head) {
    const at::Tensor part = FloatProduct(rounded.t(), rows);
    head_gradient_ = head_gradient_.defined() ? head_gradient_.add_(part) : part;
  }
  if (!normed_gradient_.defined()) {
    normed_gradient_ = at::empty_like(normed_);
  }
  at::Tensor part = normed_gradient_.slice(0, begin, end);
  at::mm_out(part, rounded, weights_.head.detach());
}

}  // namespace cupel
