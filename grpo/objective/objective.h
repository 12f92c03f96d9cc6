#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace cupel {

// The clipped-ratio policy loss of one microbatch, to be minimised (DeepSeekMath, arXiv 2402.03300, eq. 3; asymmetric clip of DAPO, arXiv
// 2503.14476):
//
//   l_t = -min(rho_t A_i, clip(rho_t, 1 - low, 1 + high) A_i),   rho_t = exp(clamp(logp_t - old_t, -20, 20))
//   loss = sum_t w_t l_t
//
// with the token weights w of the aggregation (token_weight.h).
struct ObjectiveInput {
  at::Tensor logprobs;      // [C] fp32, with gradient
  at::Tensor old_logprobs;  // [C] fp32: under the policy that sampled
  at::Tensor advantages;    // [C] fp32: the completion's advantage at each of its tokens
  at::Tensor weights;       // [C] fp32: w above; 0 masks a token out
};

struct ObjectiveStats {
  double loss = 0;             // this microbatch's share
  double clipped_low = 0;      // weighted share of tokens with rho < 1 - low and A < 0
  double clipped_high = 0;     // weighted share of tokens with rho > 1 + high and A > 0
  double max_logprob_gap = 0;  // max |logp - old| (the sampler-trainer difference when no update came between)
  double sum_logprob_gap = 0;  // sum over tokens
};

struct ObjectiveResult {
  at::Tensor loss;  // scalar, with gradient
  ObjectiveStats stats;
};

ObjectiveResult ClippedRatio(const ObjectiveInput& input, double clip_low, double clip_high);

}  // namespace cupel
