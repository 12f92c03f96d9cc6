// Kimi k1.5 (arXiv 2501.12599, section 2.3): the relative-entropy objective by its squared surrogate. With L = sum_t log rho_t,
//
//   sum_t l_t = -A L + tau / 2 L^2,  so  d/d log pi_t = -A + tau L  (equal weights)
//
// which is the paper's gradient. It is shared out as l_t = (-A + tau / 2 L) log rho_t. Kimi K2 (arXiv 2507.20534) writes the same as
// (A - tau L)^2 / (2 tau), which differs by a constant. The whole completion counts, not its mean: use aggregation constant_length or
// token_mean.

#include "grpo/objective/registry.h"

namespace cupel {

void SquaredLogRatio(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms) {
  const double tau = config.squared_penalty;
  const size_t length = sequence.logprobs.size();
  double total = 0;     // L
  double weighted = 0;  // sum_t w_t log rho_t
  for (size_t t = 0; t < length; ++t) {
    const double log_ratio = sequence.logprobs[t] - sequence.old_logprobs[t];
    total += log_ratio;
    weighted += sequence.weights[t] * log_ratio;
  }
  const double factor = -sequence.advantage + tau / 2 * total;
  for (size_t t = 0; t < length; ++t) {
    terms.losses[t] = factor * (sequence.logprobs[t] - sequence.old_logprobs[t]);
    terms.gradients[t] = sequence.weights[t] * factor + tau / 2 * weighted;
  }
}

}  // namespace cupel
