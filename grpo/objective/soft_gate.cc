// SAPO (arXiv 2511.20347): a smooth gate in place of the clip.
//
//   l_t = -f(rho_t) A,  f(rho) = 4 / tau * sigmoid(tau (rho - 1)),  f(1) = 2 / tau,  f'(1) = 1
//
// tau is gate_positive for A > 0 and gate_negative otherwise.

#include <cmath>

#include "grpo/objective/registry.h"

namespace cupel {

void SoftGate(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms) {
  const double a = sequence.advantage;
  const double tau = a > 0 ? config.gate_positive : config.gate_negative;
  for (size_t t = 0; t < sequence.logprobs.size(); ++t) {
    const Ratio ratio = RatioOf(sequence.logprobs[t], sequence.old_logprobs[t]);
    const double sigmoid = 1.0 / (1.0 + std::exp(-tau * (ratio.value - 1.0)));
    terms.losses[t] = -4.0 / tau * sigmoid * a;
    const double slope = 4.0 * sigmoid * (1.0 - sigmoid) * ratio.value;
    terms.gradients[t] = ratio.is_clamped ? 0.0 : -sequence.weights[t] * slope * a;
  }
}

}  // namespace cupel
