#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "grpo/objective/kl.h"
#include "grpo/objective/objective.h"

namespace cupel {

// The loss of an update as a product of independent choices:
//
//   loss = sum_t w_t ( f_t l_t + beta KL_t ) - b / n sum_t c H_t
//
// w: weights of the aggregation (aggregation.h); l: objective (objective.h); f: correction factor (correction.h), 0 for tokens outside the
// top share of entropy; KL: kl.h; H: entropy of the token's distribution, n tokens of the update, b the bonus (entropy.h),
// c: completions of the group that this one stands for in the mean of H (update.h), 1 where all of them are here.

// What is fixed about one completion before the policy is asked. T tokens.
struct LossInput {
  double advantage = 0;
  double weight = 0;                       // w: the same for all its tokens
  std::vector<double> old_logprobs;        // [T], of the policy that the update's ratios are against
  std::vector<double> sampler_logprobs;    // [T], as drawn
  std::vector<double> reference_logprobs;  // [T], or empty: no divergence in the loss
  std::vector<double> factors;             // [T], f
  double stands_for = 1;                   // c: the same for all its tokens
};

// What is the same for all completions of an update. Borrowed objective.
struct LossSettings {
  const Objective* objective = nullptr;
  ObjectiveConfig objective_config = {};
  std::string kl_estimator = "k3";
  double kl_weight = 0;       // beta
  double entropy_weight = 0;  // b / n
};

// Bounds of the histogram of |log pi - log mu|, in nats.
inline constexpr std::array<double, 4> kGapBounds = {0.001, 0.01, 0.1, 1};

// Sums over completions, in the order in which they were added. Means are taken by who knows the counts.
struct LossSums {
  double loss = 0;         // everything
  double policy_loss = 0;  // sum w f l
  double kl = 0;           // sum of KL_t
  double entropy = 0;      // sum of c H_t
  double clipped_low = 0;  // tokens
  double clipped_high = 0;
  double low_shares = 0;  // sum over completions of their share of clipped tokens
  double high_shares = 0;
  double lowest_clipped_low = 1;    // least share of a completion's tokens
  double highest_clipped_high = 0;  // largest share of a completion's tokens
  double gap = 0;                   // sum of |log pi - log mu|
  double largest_gap = 0;
  std::array<double, kGapBounds.size()> gaps_above = {};  // tokens whose |log pi - log mu| is above each bound
  double ratio = 0;                                       // sum of pi / mu
  double smallest_ratio = 1;
  double largest_ratio = 1;
  double tokens = 0;
  double entropy_tokens = 0;  // sum of c
  double completions = 0;

  double MeanEntropy() const { return entropy_tokens > 0 ? entropy / entropy_tokens : 0; }
  void Add(const LossSums& other);
};

// Adds one completion. logprobs and entropies [T] are the policy's now; the gradients [T] of the loss by both are written.
void AddCompletionLoss(const LossSettings& settings, const LossInput& input, std::span<const double> logprobs,
                       std::span<const double> entropies, std::span<double> logprob_gradients, std::span<double> entropy_gradients,
                       LossSums& sums);

}  // namespace cupel
