#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/config.h"

namespace cupel {

// The pull toward a reference policy.
struct KlConfig {
  double beta = 0;
  std::string estimator = "k3";
  std::string placement = "loss";
  std::string reset = "never";
  int64_t reset_steps = 400;
  double plateau_gain = 0.01;
  template <class Field>
  void VisitFields(Field&& field) {
    field("beta", beta, "weight of the divergence from the reference policy; 0: no reference model is kept", Range{0, 1e3});
    field("estimator", estimator, "per token, in the loss: k1, k2, k3, or k3 weighted by the ratio (k3_ratio)",
          OneOf{{"k1", "k2", "k3", "k3_ratio"}});
    field("placement", placement, "in the loss, or k1 summed over the completion taken off its reward", OneOf{{"loss", "reward"}});
    field("reset", reset, "when the reference becomes the current policy: never, every reset_steps, or on a plateau of the reward",
          OneOf{{"never", "every", "plateau"}});
    field("reset_steps", reset_steps, "steps between resets; with plateau: steps without a gain before one", Range{1, 1e9});
    field("plateau_gain", plateau_gain, "plateau: a mean reward this much above the best so far is a gain", Range{0, 1e6});
  }
  bool is_on() const { return beta > 0; }
};

// One token's estimate of KL(pi || pi_ref) from a sample of pi, with d = log pi_ref - log pi, clamped to +-20:
//
//   k1 = -d      k2 = d^2 / 2      k3 = e^d - d - 1  (Schulman, "Approximating KL divergence", 2020)      k3_ratio = rho k3
//
// In the loss, on-policy and in expectation, the gradient of k1 is zero, of k2 that of KL(pi || ref), of k3 that of KL(ref || pi), of
// k3_ratio (DeepSeek-V3.2) that of KL(pi || ref) off-policy too. rho = pi / pi_old is not detached.
struct KlTerm {
  double value;
  double gradient;  // d value / d log pi
};
KlTerm KlOf(std::string_view estimator, double logprob, double reference_logprob, double old_logprob);

// When the reference is set to the current policy. Plain state; saved with the trainer.
struct ReferenceClock {
  int64_t steps_since = 0;  // since the last reset or, on a plateau, since the last gain
  double best_reward = 0;
  bool has_best = false;
};
// Counts one finished step; true when the reference must be reset after it.
bool ShouldResetReference(const KlConfig& config, double mean_reward, ReferenceClock& clock);

}  // namespace cupel
