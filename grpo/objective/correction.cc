#include "grpo/objective/correction.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "grpo/objective/objective.h"

namespace cupel {

std::vector<double> CorrectionFactors(const CorrectionConfig& config, std::span<const double> old_logprobs,
                                      std::span<const double> sampler_logprobs) {
  Check(old_logprobs.size() == sampler_logprobs.size() && !old_logprobs.empty(), "one log-probability of each kind per token");
  std::vector<double> factors(old_logprobs.size(), 1.0);
  if (config.kind == "none") {
    return factors;
  }
  double log_product = 0;
  for (size_t t = 0; t < factors.size(); ++t) {
    factors[t] = RatioOf(old_logprobs[t], sampler_logprobs[t]).value;
    log_product += old_logprobs[t] - sampler_logprobs[t];
  }
  const auto is_inside = [&](double w) { return config.low <= w && w <= config.high; };
  if (config.kind == "truncated") {
    std::ranges::transform(factors, factors.begin(), [&](double w) { return std::min(w, config.cap); });
  } else if (config.kind == "masked") {
    std::ranges::transform(factors, factors.begin(), [&](double w) { return is_inside(w) ? w : 0.0; });
  } else if (config.kind == "sequence_masked") {
    const double product = RatioOf(log_product, 0).value;
    std::ranges::fill(factors, product <= config.cap ? product : 0.0);
  } else if (config.kind == "geometric_masked") {
    if (!is_inside(RatioOf(log_product / static_cast<double>(factors.size()), 0).value)) {
      std::ranges::fill(factors, 0.0);
    }
  } else {
    Check(config.kind == "decoupled", "a correction is one of those in its configuration");
  }
  return factors;
}

}  // namespace cupel
