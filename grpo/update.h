#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "grpo/config.h"
#include "grpo/objective/aggregation.h"
#include "grpo/objective/loss.h"
#include "grpo/packing.h"

namespace cupel {

// What the trainer found out about a completion before the first update of a step. All [T], or empty where nobody needs it.
struct SequenceFacts {
  std::vector<float> old_logprobs;        // the trainer's own; empty: the sampler's
  std::vector<float> reference_logprobs;  // the reference policy's
  std::vector<float> entropies;           // nats, of the distribution that each token was drawn from
};
using GroupFacts = std::vector<SequenceFacts>;  // [G]

// One optimizer update, ready to be packed: the completions that have a gradient, with what their loss needs.
struct Update {
  std::vector<SequenceRef> sequences;
  std::vector<LossInput> losses;  // one per sequence
  UpdateCounts counts;            // of every completion that counts, with or without a gradient
};

// The update of `groups` (facts: one per group). Completions without a verdict, and truncated ones with mask_truncated, count nowhere.
// Completions of advantage 0 are left out where that is exact: no divergence and no entropy bonus in the loss, and an objective that
// vanishes there; they still count in the denominators, so leaving them out changes nothing. Where the entropy bonus alone keeps them,
// config.entropy.without_signal keeps the first ones of a group in which every advantage is 0, each standing for its share of the group:
// the members of such a group are drawn alike, so the gradient stays the same in expectation.
Update MakeUpdate(std::span<const RolloutGroup> groups, std::span<const GroupFacts> facts, const GrpoConfig& config);

// The rewards of the members with a verdict, in order.
std::vector<double> ScoredRewards(const RolloutGroup& group);

// Dynamic sampling: which of the sampled groups a step learns from, as ascending indices. `wanted` groups, those with a signal first, in
// order; where they are fewer, the earliest others fill up. 0 wanted: all. A pure function of the rewards, so that a resumed run chooses
// the same.
std::vector<size_t> ChooseGroups(std::span<const RolloutGroup> groups, int64_t wanted);

// Every completion that some update can need, in order: those with a verdict.
std::vector<SequenceRef> ScoredSequences(std::span<const RolloutGroup> groups);

}  // namespace cupel
