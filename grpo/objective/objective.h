#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace cupel {

// The policy term of the loss, and what each objective may be told. An objective reads only the settings that its file names.
struct ObjectiveConfig {
  std::string kind = "clipped_ratio";
  double clip_low = 0.2;
  double clip_high = 0.28;
  double dual_clip = 0;
  double ratio_limit = 0;
  double ratio_floor = 0;
  double ratio_cap = 5;
  double log_ratio_clip = 0.4;
  double gate_positive = 1.0;
  double gate_negative = 1.05;
  double squared_penalty = 0.1;
  template <class Field>
  void VisitFields(Field&& field) {
    field("kind", kind,
          "clipped_ratio (PPO, GRPO, DAPO), sequence_ratio (GSPO), sequence_ratio_token (GSPO-token), cispo, geometric_mean (GMPO), "
          "soft_gate (SAPO), reinforce, squared_log_ratio (Kimi k1.5)");
    field("clip_low", clip_low, "clipped_ratio, sequence_ratio: the ratio is clipped below at 1 - clip_low (GSPO's authors: 3e-4)",
          Range{0, 1});
    field("clip_high", clip_high, "clipped_ratio, sequence_ratio: the ratio is clipped above at 1 + clip_high (GSPO's authors: 4e-4)",
          Range{0, 100});
    field("dual_clip", dual_clip, "clipped_ratio: the loss of a negative advantage is at most this times its size; 0: off", Range{0, 1e6});
    field("ratio_limit", ratio_limit, "clipped_ratio: largest ratio in the unclipped branch (two-sided clipping); 0: none", Range{0, 1e6});
    field("ratio_floor", ratio_floor, "cispo: smallest weight of a token", Range{0, 1});
    field("ratio_cap", ratio_cap, "cispo: largest weight of a token, an absolute bound (verl's 0.2 is 1.2 here)", Range{0, 1e6});
    field("log_ratio_clip", log_ratio_clip, "geometric_mean: bound of a token's log-ratio on the side of its advantage", Range{0, 20});
    field("gate_positive", gate_positive, "soft_gate: steepness for positive advantages", Range{1e-3, 1e3});
    field("gate_negative", gate_negative, "soft_gate: steepness for negative advantages", Range{1e-3, 1e3});
    field("squared_penalty", squared_penalty, "squared_log_ratio: weight of the squared log-ratio of the completion (tau)", Range{0, 1e6});
  }
};

// What an objective sees of one completion. T: its tokens, all of which the policy sampled.
struct SequenceView {
  std::span<const double> logprobs;      // [T], log pi: what is differentiated
  std::span<const double> old_logprobs;  // [T], log pi_old: fixed
  std::span<const double> weights;       // [T], >= 0: of the aggregation times whatever masks or corrects; 0 takes a token out of the loss
  double advantage;
};

// What it gives back for each token. All [T], zeros on entry.
struct SequenceTerms {
  std::vector<double> losses;         // l_t; the loss is sum_t w_t l_t, to be minimised
  std::vector<double> gradients;      // d(sum_s w_s l_s) / d log pi_t
  std::vector<uint8_t> clipped_low;   // 1 where the ratio was cut from below and lost its gradient
  std::vector<uint8_t> clipped_high;  // the same from above
};

// rho_t = pi / pi_old. Log-ratios are clamped to +-20 first: exp stays finite, and no trained token comes near. A clamped one has no
// gradient.
struct Ratio {
  double log;
  double value;
  bool is_clamped;
};
Ratio RatioOf(double logprob, double old_logprob);

using ObjectiveFunction = void (*)(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms);

struct Objective {
  std::string_view name;
  ObjectiveFunction evaluate;
  bool is_per_token;      // the term of a token depends on that token alone
  bool vanishes_at_zero;  // advantage 0 means gradient 0 at any ratio: such completions can be left out exactly
};

// Null when there is none of that name. Laws: advantage 0 at ratio 1 gives gradient 0; weight 0 everywhere gives nothing; at ratio 1 the
// gradient is that of REINFORCE, -w_t A (sequence objectives: with the mean of the weights).
const Objective* FindObjective(std::string_view name);
std::span<const Objective> Objectives();  // sorted by name

}  // namespace cupel
