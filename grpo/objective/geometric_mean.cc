// GMPO (arXiv 2507.20673): the geometric mean of ratios that are clipped token by token, on the side that the advantage pushes to.
//
//   l_t = -A exp(mean_t m_t),  m_t = sgn(A) min(sgn(A) log rho_t, sgn(A) clamp(log rho_t, -c, c)),  c = log_ratio_clip
//
// For A > 0 that is min(log rho, c), for A < 0 max(log rho, -c).

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "grpo/objective/registry.h"

namespace cupel {

void GeometricMean(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms) {
  const double a = sequence.advantage;
  const size_t length = sequence.logprobs.size();
  std::vector<uint8_t> has_gradient(length);
  double sum = 0;
  for (size_t t = 0; t < length; ++t) {
    const Ratio ratio = RatioOf(sequence.logprobs[t], sequence.old_logprobs[t]);
    terms.clipped_high[t] = a > 0 && ratio.log > config.log_ratio_clip;
    terms.clipped_low[t] = a < 0 && ratio.log < -config.log_ratio_clip;
    const bool is_cut = terms.clipped_high[t] != 0 || terms.clipped_low[t] != 0;
    sum += is_cut ? std::copysign(config.log_ratio_clip, a) : ratio.log;
    has_gradient[t] = !is_cut && !ratio.is_clamped;
  }
  const double loss = -a * std::exp(sum / static_cast<double>(length));
  const double weight = std::accumulate(sequence.weights.begin(), sequence.weights.end(), 0.0);
  std::fill(terms.losses.begin(), terms.losses.end(), loss);
  for (size_t t = 0; t < length; ++t) {
    terms.gradients[t] = has_gradient[t] != 0 ? loss * weight / static_cast<double>(length) : 0.0;
  }
}

}  // namespace cupel
