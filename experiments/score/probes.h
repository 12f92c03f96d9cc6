#pragma once

#include <cstdint>

#include "base/json.h"
#include "experiments/score/answers.h"
#include "experiments/score/scorer.h"
#include "experiments/score/statistics.h"

// What `cupel score` finds out by asking for more scores: changed answers, degenerate policies, the same again.

namespace cupel {

// Scores of answers whose meaning was left alone: white space, case, order, an irrelevant sentence. On `max_groups` groups spread over all.
Json SensitivityOf(const Scorer& scorer, const ScoredSet& set, int64_t max_groups, int threads);

// What honest answers earn: `high` is the mean reward of those that are right by label, or by verdict where there are no labels; where
// none is right, what the gold answers would earn, or where these are no answers the highest reward; `low` the smaller one of the mean
// reward of the wrong ones and of the empty answer.
struct HonestWorth {
  double high = 0;
  double low = 0;
  double mean = 0;         // of all
  const char* basis = "";  // what `high` stands on, for a person
};
HonestWorth HonestWorthOf(const Scorer& scorer, const ScoredSet& set);

// The mean reward of every degenerate policy, and its share of what an honest right answer is worth:
//   (mean - low) / (high - low), and where high = low, 1 for what earns as much as that, else 0.
// An answer that the verifier leaves undecided counts as incorrect here: in training it would have no score, but what the reward would pay
// is the question. "failed" is true when a share exceeds `max_share`.
Json AttackReportOf(const Scorer& scorer, const ScoredSet& set, const HonestWorth& honest, int64_t max_tasks, double max_share,
                    int threads);

// Whether the same answers get the same scores, bit for bit, from one thread and from several. On `max_answers` answers.
Json DeterminismOf(const Scorer& scorer, const ScoredSet& set, int64_t max_answers, int threads);

}  // namespace cupel
