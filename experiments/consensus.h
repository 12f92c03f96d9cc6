#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rollout/rollout.h"
#include "verifiers/verifier.h"

namespace cupel {

// What k answers to a question are worth together.

// The answers to one question that have a verdict, in the order in which they were sampled.
struct Votes {
  static constexpr int64_t kNone = -1;
  int64_t correct = 0;           // how many answers are right
  std::vector<int64_t> classes;  // [samples]: which answers are the same; kNone votes for nothing, because no answer was found in it
  int64_t correct_class = kNone;

  int64_t samples() const { return static_cast<int64_t>(classes.size()); }
};

// Two answers are the same when they say the same bytes, when both are right, or when the verifier accepts one with the other as gold.
// `verifier` is that of the group's task.
Votes CountVotes(const RolloutGroup& group, const Verifier& verifier);

// Probability that one of k answers drawn without replacement from n, c of them right, is right: 1 - C(n-c, k) / C(n, k), in the product
// form, which does not overflow (Chen et al., arXiv 2107.03374). 1 <= k <= n.
double PassAtK(int64_t n, int64_t c, int64_t k);

// Share of right majority votes of k answers (cons@k, maj@k): the answers are taken in blocks of k, in order. The largest class wins; a tie
// that the right class is part of counts 1 / (tied classes), so that the order of answers plays no part. 1 <= k <= samples.
double ConsensusAtK(const Votes& votes, int64_t k);

// Over the questions with at least k answers that have a verdict.
struct AtK {
  int64_t k = 0;
  int64_t questions = 0;
  double pass = 0;
  double pass_error = 0;  // standard error over questions
  double consensus = 0;
  double consensus_error = 0;
};

// For k = 1, 2, 4, ... and `samples` itself, as far as there are answers.
std::vector<AtK> ScoresAtK(const std::vector<Votes>& questions, int64_t samples);

double SampleMean(std::span<const double> values);                    // NaN of none
double SampleDeviation(std::span<const double> values, double mean);  // standard deviation with n - 1; 0 for fewer than two values

// Mean and standard error of the mean (standard deviation with n - 1, over sqrt(n); 0 for fewer than two values).
struct MeanError {
  double mean = 0;
  double error = 0;
};
MeanError MeanAndError(std::span<const double> values);

}  // namespace cupel
