#include "grpo/objective/loss.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace cupel {
namespace {

double Sum(std::span<const uint8_t> flags) {
  double sum = 0;
  for (const uint8_t flag : flags) {
    sum += flag;
  }
  return sum;
}

// The difference between the sampler's log-probabilities and the policy's.
void AddGap(std::span<const double> logprobs, const LossInput& input, LossSums& sums) {
  for (size_t t = 0; t < logprobs.size(); ++t) {
    const double gap = std::abs(logprobs[t] - input.sampler_logprobs[t]);
    sums.gap += gap;
    sums.largest_gap = std::max(sums.largest_gap, gap);
    for (size_t i = 0; i < kGapBounds.size(); ++i) {
      sums.gaps_above[i] += gap > kGapBounds[i] ? 1 : 0;
    }
    const double ratio = RatioOf(logprobs[t], input.sampler_logprobs[t]).value;
    sums.ratio += ratio;
    sums.smallest_ratio = sums.tokens + static_cast<double>(t) > 0 ? std::min(sums.smallest_ratio, ratio) : ratio;
    sums.largest_ratio = sums.tokens + static_cast<double>(t) > 0 ? std::max(sums.largest_ratio, ratio) : ratio;
  }
}

void AddClipping(const SequenceTerms& terms, LossSums& sums) {
  const auto length = static_cast<double>(terms.losses.size());
  const double low = Sum(terms.clipped_low);
  const double high = Sum(terms.clipped_high);
  sums.clipped_low += low;
  sums.clipped_high += high;
  sums.low_shares += low / length;
  sums.high_shares += high / length;
  sums.lowest_clipped_low = sums.completions > 0 ? std::min(sums.lowest_clipped_low, low / length) : low / length;
  sums.highest_clipped_high = std::max(sums.highest_clipped_high, high / length);
}

SequenceTerms EvaluateObjective(const LossSettings& settings, const LossInput& input, std::span<const double> logprobs,
                                std::span<const double> weights) {
  const size_t length = logprobs.size();
  SequenceTerms terms{std::vector<double>(length), std::vector<double>(length), std::vector<uint8_t>(length), std::vector<uint8_t>(length)};
  settings.objective->evaluate({logprobs, input.old_logprobs, weights, input.advantage}, settings.objective_config, terms);
  return terms;
}

}  // namespace

void LossSums::Add(const LossSums& other) {
  if (other.tokens == 0) {
    return;
  }
  lowest_clipped_low = completions > 0 ? std::min(lowest_clipped_low, other.lowest_clipped_low) : other.lowest_clipped_low;
  smallest_ratio = tokens > 0 ? std::min(smallest_ratio, other.smallest_ratio) : other.smallest_ratio;
  largest_ratio = tokens > 0 ? std::max(largest_ratio, other.largest_ratio) : other.largest_ratio;
  highest_clipped_high = std::max(highest_clipped_high, other.highest_clipped_high);
  largest_gap = std::max(largest_gap, other.largest_gap);
  for (size_t i = 0; i < gaps_above.size(); ++i) {
    gaps_above[i] += other.gaps_above[i];
  }
  for (double LossSums::*member : {&LossSums::loss, &LossSums::policy_loss, &LossSums::kl, &LossSums::entropy, &LossSums::clipped_low,
                                   &LossSums::clipped_high, &LossSums::low_shares, &LossSums::high_shares, &LossSums::gap, &LossSums::ratio,
                                   &LossSums::tokens, &LossSums::entropy_tokens, &LossSums::completions}) {
    this->*member += other.*member;
  }
}

void AddCompletionLoss(const LossSettings& settings, const LossInput& input, std::span<const double> logprobs,
                       std::span<const double> entropies, std::span<double> logprob_gradients, std::span<double> entropy_gradients,
                       LossSums& sums) {
  const size_t length = logprobs.size();
  Check(input.old_logprobs.size() == length && input.sampler_logprobs.size() == length && input.factors.size() == length &&
            entropies.size() == length && logprob_gradients.size() == length && entropy_gradients.size() == length,
        "one number of each kind per token");
  std::vector<double> weights(input.factors);
  for (double& weight : weights) {
    weight *= input.weight;
  }
  const SequenceTerms terms = EvaluateObjective(settings, input, logprobs, weights);
  double policy_loss = 0;
  double kl = 0;
  double entropy = 0;
  for (size_t t = 0; t < length; ++t) {
    double gradient = terms.gradients[t];
    policy_loss += weights[t] * terms.losses[t];
    if (!input.reference_logprobs.empty()) {
      const KlTerm term = KlOf(settings.kl_estimator, logprobs[t], input.reference_logprobs[t], input.old_logprobs[t]);
      kl += term.value;
      gradient += settings.kl_weight * input.weight * term.gradient;
    }
    entropy += entropies[t];
    logprob_gradients[t] = gradient;
    entropy_gradients[t] = -settings.entropy_weight * input.stands_for;
  }
  AddGap(logprobs, input, sums);
  AddClipping(terms, sums);
  sums.policy_loss += policy_loss;
  sums.loss += policy_loss + settings.kl_weight * input.weight * kl - settings.entropy_weight * input.stands_for * entropy;
  sums.kl += kl;
  sums.entropy += input.stands_for * entropy;
  sums.tokens += static_cast<double>(length);
  sums.entropy_tokens += input.stands_for * static_cast<double>(length);
  sums.completions += 1;
}

}  // namespace cupel
