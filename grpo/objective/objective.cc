#include "grpo/objective/objective.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/minimum.h>

namespace cupel {
namespace {

constexpr double kMaxLogRatio = 20.0;  // exp stays finite; no trained token comes near

ObjectiveStats Measure(const ObjectiveInput& input, const at::Tensor& ratio, const at::Tensor& loss, double clip_low, double clip_high) {
  const at::NoGradGuard no_grad;
  const at::Tensor gap = (input.logprobs - input.old_logprobs).abs() * (input.weights > 0);
  const at::Tensor is_low = ratio.lt(1.0 - clip_low).logical_and(input.advantages.lt(0));
  const at::Tensor is_high = ratio.gt(1.0 + clip_high).logical_and(input.advantages.gt(0));
  ObjectiveStats stats;
  stats.loss = loss.item<double>();
  stats.clipped_low = (input.weights * is_low).sum(at::kDouble).item<double>();
  stats.clipped_high = (input.weights * is_high).sum(at::kDouble).item<double>();
  stats.max_logprob_gap = gap.max().item<double>();
  stats.sum_logprob_gap = gap.sum(at::kDouble).item<double>();
  return stats;
}

}  // namespace

ObjectiveResult ClippedRatio(const ObjectiveInput& input, double clip_low, double clip_high) {
  const at::Tensor ratio = (input.logprobs - input.old_logprobs).clamp(-kMaxLogRatio, kMaxLogRatio).exp();
  const at::Tensor clipped = ratio.clamp(1.0 - clip_low, 1.0 + clip_high);
  const at::Tensor token_loss = -at::minimum(ratio * input.advantages, clipped * input.advantages);
  ObjectiveResult result;
  result.loss = (token_loss * input.weights).sum();
  result.stats = Measure(input, ratio, result.loss, clip_low, clip_high);
  return result;
}

}  // namespace cupel
