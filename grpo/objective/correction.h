#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace cupel {

// What is done about samples that came from another distribution (mu) than the policy that the update starts from (pi_old).
struct CorrectionConfig {
  std::string kind = "none";
  double cap = 2;
  double low = 0.5;
  double high = 5;
  template <class Field>
  void VisitFields(Field&& field) {
    field("kind", kind,
          "factor of a token's loss, from w = pi_old / mu: none, truncated (TIS), masked (IcePop), sequence_masked (by the product of w), "
          "geometric_masked (by the mean of log w), decoupled (w itself)",
          OneOf{{"none", "truncated", "masked", "sequence_masked", "geometric_masked", "decoupled"}});
    field("cap", cap, "truncated: largest factor; sequence_masked: a completion whose product of w is above is dropped", Range{1e-6, 1e6});
    field("low", low, "masked, geometric_masked: smallest w, or mean of the completion, that is kept", Range{0, 1});
    field("high", high, "masked, geometric_masked: largest w, or mean of the completion, that is kept", Range{1, 1e6});
  }
};

// Detached factors of the token losses of one completion, [T]. With w_t = pi_old / mu (log-ratio clamped to +-20):
//   none              1
//   truncated         min(w_t, cap)                                                 Yao et al., truncated importance sampling
//   masked            w_t if low <= w_t <= high, else 0                             IcePop
//   sequence_masked   prod w if prod w <= cap, else 0, for every token              TRL's default
//   geometric_masked  w_t if low <= exp(mean log w) <= high, else 0                 seq-mask-tis
//   decoupled         w_t, the objective's ratio being pi / pi_old                  AReaL, arXiv 2505.24298
// All are 1 where both log-probabilities are equal.
std::vector<double> CorrectionFactors(const CorrectionConfig& config, std::span<const double> old_logprobs,
                                      std::span<const double> sampler_logprobs);

}  // namespace cupel
