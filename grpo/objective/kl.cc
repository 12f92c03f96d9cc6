#include "grpo/objective/kl.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "grpo/objective/objective.h"

namespace cupel {
namespace {

constexpr double kMaxDistance = 20.0;

}  // namespace

KlTerm KlOf(std::string_view estimator, double logprob, double reference_logprob, double old_logprob) {
  const double distance = reference_logprob - logprob;
  const double d = std::clamp(distance, -kMaxDistance, kMaxDistance);
  const double dd = d == distance ? -1.0 : 0.0;  // d d / d log pi
  if (estimator == "k1") {
    return {-d, -dd};
  }
  if (estimator == "k2") {
    return {d * d / 2, d * dd};
  }
  const double k3 = std::expm1(d) - d;
  const double slope = std::expm1(d) * dd;
  if (estimator == "k3") {
    return {k3, slope};
  }
  Check(estimator == "k3_ratio", "a divergence is k1, k2, k3 or k3_ratio");
  const Ratio ratio = RatioOf(logprob, old_logprob);
  return {ratio.value * k3, ratio.value * slope + (ratio.is_clamped ? 0.0 : ratio.value * k3)};
}

bool ShouldResetReference(const KlConfig& config, double mean_reward, ReferenceClock& clock) {
  ++clock.steps_since;
  if (config.reset == "plateau" && (!clock.has_best || mean_reward > clock.best_reward + config.plateau_gain)) {
    clock = {.steps_since = 0, .best_reward = mean_reward, .has_best = true};
  }
  if (config.reset == "never" || clock.steps_since < config.reset_steps) {
    return false;
  }
  clock = {};
  return true;
}

}  // namespace cupel
