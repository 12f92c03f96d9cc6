#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace cupel {

// How rewards become advantages. The advantage of a completion is what its tokens are pushed up or down by; it is a number without unit.
struct AdvantageConfig {
  std::string estimator = "group_std";
  std::string std = "sample";
  double eps = 1e-6;
  template <class Field>
  void VisitFields(Field&& field) {
    field("estimator", estimator,
          "baseline and scale of a reward: group_std (GRPO), group_mean (Dr. GRPO), leave_one_out (RLOO), mean_normalised (MaxRL), "
          "batch_std (Lite PPO), batch_norm (REINFORCE++), length_baseline (OPO), per_reward (GDPO)");
    field("std", std, "standard deviations divide by n-1 (sample) or n (population)", OneOf{{"sample", "population"}});
    field("eps", eps, "added to what rewards are divided by", Range{0, 1});
  }
};

// The members of a group that have a verdict, in order; those without one (error, undecided) are left out before and get advantage 0.
struct ScoredGroup {
  struct Term {  // one reward function
    double weight;
    std::vector<double> values;  // [n]
  };
  std::vector<double> rewards;  // [n]
  std::vector<double> lengths;  // [n], tokens of the completion
  std::vector<Term> terms;      // only per_reward looks at them
};

// Advantages of every group of a batch, [groups][n], in double. The formulas stand in the estimators' files. Laws: a permutation of a group
// permutes its advantages; equal rewards in the whole batch give exact zeros; every estimator but batch_norm gives exact zeros to a group
// of equal rewards (per_reward: of equal terms) and to a group of one. Check: the estimator exists (FindAdvantage).
std::vector<std::vector<double>> BatchAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig& config);

// Whether the rewards of a group differ: one without signal teaches nothing about its members.
bool HasSignal(std::span<const double> rewards);

using AdvantageFunction = void (*)(std::span<const ScoredGroup> batch, const AdvantageConfig& config,
                                   std::span<std::vector<double>> advantages);  // zeros of the right size on entry

struct AdvantageEstimator {
  std::string_view name;
  AdvantageFunction compute;
  bool centres_groups;  // advantages of a group sum to zero (length_baseline: weighted by length)
};

// Null when there is none of that name.
const AdvantageEstimator* FindAdvantage(std::string_view name);
std::span<const AdvantageEstimator> AdvantageEstimators();  // sorted by name

}  // namespace cupel
