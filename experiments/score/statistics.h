#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "experiments/score/answers.h"
#include "experiments/score/scorer.h"

// What `cupel score` says about scores that it has. Every function gives its section of the report as JSON; docs/rewards.md explains them.

namespace cupel {

struct ScoredSet {
  const std::vector<AnswerGroup>& groups;
  const std::vector<JudgedGroup>& scored;  // as groups
  const std::vector<std::string>& terms;
};

// A number for a report: six digits, null when it is not finite.
Json ReportNumber(double value);
// At most 600 bytes of a text, valid UTF-8.
std::string ReportExcerpt(std::string_view text);
// Pearson's correlation; NaN when one side does not vary.
double Correlation(std::span<const double> x, std::span<const double> y);

// Answers by outcome, and the errors by message.
Json CountsOf(const ScoredSet& set);
// Mean, spread, quantiles and histogram of every term and of the reward, over the scored answers, apart for correct and other ones.
Json DistributionsOf(const ScoredSet& set);
// The reward against the labels: the answer counts as accepted from `threshold` on. Null without labels.
Json AgreementOf(const ScoredSet& set, double threshold);
// Correlation of every term and the reward with length, form, position and correctness.
Json CorrelationsOf(const ScoredSet& set);
// What the groups tell a policy gradient: how many have no signal, and which term drives the advantages.
Json SignalOf(const ScoredSet& set);
// Two rewards of the same answers.
Json ComparisonOf(const std::string& name, const ScoredSet& one, const std::vector<JudgedGroup>& other);

}  // namespace cupel
