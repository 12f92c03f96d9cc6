// PPO's clipped ratio, token by token (DeepSeekMath, arXiv 2402.03300, eq. 3; asymmetric clip of DAPO, arXiv 2503.14476):
//
//   l_t = -min(rho_t A, clip(rho_t, 1 - clip_low, 1 + clip_high) A)
//
// dual_clip c (as in verl): for A < 0, l_t = min(l_t, -c A). ratio_limit (INTELLECT-2, arXiv 2505.07291): rho_t is at most that in the
// first branch, which binds only for A < 0.

#include <algorithm>

#include "grpo/objective/registry.h"

namespace cupel {

void ClippedRatio(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms) {
  const double a = sequence.advantage;
  const double low = 1.0 - config.clip_low;
  const double high = 1.0 + config.clip_high;
  for (size_t t = 0; t < sequence.logprobs.size(); ++t) {
    const Ratio ratio = RatioOf(sequence.logprobs[t], sequence.old_logprobs[t]);
    const bool is_limited = config.ratio_limit > 0 && ratio.value > config.ratio_limit;
    const double unclipped = (is_limited ? config.ratio_limit : ratio.value) * a;
    const double clipped = std::clamp(ratio.value, low, high) * a;
    terms.clipped_low[t] = ratio.value < low && a < 0;
    terms.clipped_high[t] = ratio.value > high && a > 0;
    // Written so that an input that is not a number makes the loss not a number.
    terms.losses[t] = clipped < unclipped ? -clipped : -unclipped;
    bool has_gradient = !(clipped < unclipped) && !is_limited && !ratio.is_clamped;
    if (config.dual_clip > 0 && a < 0 && terms.losses[t] > -a * config.dual_clip) {
      terms.losses[t] = -a * config.dual_clip;
      has_gradient = false;
    }
    terms.gradients[t] = has_gradient ? -sequence.weights[t] * a * ratio.value : 0.0;
  }
}

}  // namespace cupel
