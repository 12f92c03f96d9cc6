// GSPO (arXiv 2507.18071): one ratio per completion, the geometric mean of its tokens' ratios.
//
//   l_t = -min(s A, clip(s, 1 - clip_low, 1 + clip_high) A),  s = exp(mean_t log rho_t)
//
// The token form replaces s by sg(s) pi_t / sg(pi_t): the same value, with the gradient of each token's own log-probability. With one
// advantage per completion and equal weights in it both have the same gradient.

#include <algorithm>
#include <numeric>
#include <vector>

#include "grpo/objective/registry.h"

namespace cupel {
namespace {

struct SequenceLoss {
  double value;  // l, of every token
  double slope;  // dl / d log s; 0 where clipped
};

SequenceLoss Evaluate(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms) {
  const size_t length = sequence.logprobs.size();
  double log_ratio = 0;
  for (size_t t = 0; t < length; ++t) {
    log_ratio += sequence.logprobs[t] - sequence.old_logprobs[t];
  }
  const double a = sequence.advantage;
  const Ratio s = RatioOf(log_ratio / static_cast<double>(length), 0.0);
  const double low = 1.0 - config.clip_low;
  const double high = 1.0 + config.clip_high;
  const double unclipped = s.value * a;
  const double clipped = std::clamp(s.value, low, high) * a;
  terms.clipped_low.assign(length, s.value < low && a < 0);
  terms.clipped_high.assign(length, s.value > high && a > 0);
  const bool is_cut = clipped < unclipped;
  return {is_cut ? -clipped : -unclipped, is_cut || s.is_clamped ? 0.0 : -unclipped};
}

}  // namespace

void SequenceRatio(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms) {
  const SequenceLoss loss = Evaluate(sequence, config, terms);
  const double weight = std::accumulate(sequence.weights.begin(), sequence.weights.end(), 0.0);
  const double gradient = loss.slope * weight / static_cast<double>(sequence.logprobs.size());
  std::fill(terms.losses.begin(), terms.losses.end(), loss.value);
  std::fill(terms.gradients.begin(), terms.gradients.end(), gradient);
}

void SequenceRatioToken(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms) {
  const SequenceLoss loss = Evaluate(sequence, config, terms);
  std::fill(terms.losses.begin(), terms.losses.end(), loss.value);
  for (size_t t = 0; t < sequence.logprobs.size(); ++t) {
    terms.gradients[t] = loss.slope * sequence.weights[t];
  }
}

}  // namespace cupel
