// CISPO (MiniMax-M1, arXiv 2506.13585): REINFORCE with a bounded importance weight; every token keeps a gradient.
//
//   l_t = -sg(clip(rho_t, ratio_floor, ratio_cap)) A log pi_t
//
// The bounds are absolute. Differs from the paper in that the floor is 0 by default; the paper uses none in practice.

#include <algorithm>

#include "grpo/objective/registry.h"

namespace cupel {

void Cispo(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms) {
  const double a = sequence.advantage;
  for (size_t t = 0; t < sequence.logprobs.size(); ++t) {
    const Ratio ratio = RatioOf(sequence.logprobs[t], sequence.old_logprobs[t]);
    const double weight = std::clamp(ratio.value, config.ratio_floor, config.ratio_cap);
    terms.clipped_low[t] = ratio.value < config.ratio_floor && a < 0;
    terms.clipped_high[t] = ratio.value > config.ratio_cap && a > 0;
    terms.losses[t] = -weight * a * sequence.logprobs[t];
    terms.gradients[t] = -sequence.weights[t] * weight * a;
  }
}

}  // namespace cupel
