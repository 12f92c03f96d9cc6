#include "grpo/update.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace cupel {
namespace {

bool Counts(const Rollout& rollout, const GrpoConfig& config) {
  const bool is_masked = config.mask_truncated && rollout.completion.finish_reason == FinishReason::kLength;
  return rollout.verdict.is_scored() && !is_masked && !rollout.completion.tokens.empty();
}

UpdateCounts CountAll(std::span<const RolloutGroup> groups, const GrpoConfig& config) {
  UpdateCounts counts;
  for (const RolloutGroup& group : groups) {
    for (const Rollout& rollout : group.rollouts) {
      if (Counts(rollout, config)) {
        counts.tokens += static_cast<int64_t>(rollout.completion.tokens.size());
        ++counts.completions;
      }
    }
  }
  return counts;
}

// The entropy below which tokens of this update get no gradient.
double EntropyThreshold(std::span<const RolloutGroup> groups, std::span<const GroupFacts> facts, const GrpoConfig& config) {
  if (config.entropy.top_share >= 1) {
    return -std::numeric_limits<double>::infinity();
  }
  std::vector<double> entropies;
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t i = 0; i < groups[g].rollouts.size(); ++i) {
      if (Counts(groups[g].rollouts[i], config)) {
        entropies.insert(entropies.end(), facts[g][i].entropies.begin(), facts[g][i].entropies.end());
      }
    }
  }
  return TopEntropyThreshold(std::move(entropies), config.entropy.top_share);
}

std::vector<double> Factors(const LossInput& input, const SequenceFacts& facts, double entropy_threshold, const CorrectionConfig& config) {
  std::vector<double> factors = CorrectionFactors(config, input.old_logprobs, input.sampler_logprobs);
  for (size_t t = 0; t < facts.entropies.size(); ++t) {
    if (facts.entropies[t] < entropy_threshold) {
      factors[t] = 0;
    }
  }
  return factors;
}

// What of one group is in the update.
struct Share {
  std::vector<size_t> members;
  double stands_for = 1;
};

// only_advantage: nothing else in the loss than the advantage and the entropy bonus looks at a completion.
Share ShareOf(const RolloutGroup& group, bool only_advantage, const GrpoConfig& config) {
  Share share;
  bool has_signal = false;
  for (size_t i = 0; i < group.rollouts.size(); ++i) {
    const Rollout& rollout = group.rollouts[i];
    const bool has_advantage = rollout.advantage != 0;  // also where it is not a number
    if (Counts(rollout, config) && (has_advantage || !only_advantage || config.entropy.needs_gradient())) {
      share.members.push_back(i);
      has_signal |= has_advantage;
    }
  }
  const auto wanted = static_cast<size_t>(config.entropy.without_signal);
  if (only_advantage && !has_signal && wanted > 0 && wanted < share.members.size()) {
    share.stands_for = static_cast<double>(share.members.size()) / static_cast<double>(wanted);
    share.members.resize(wanted);
  }
  return share;
}

}  // namespace

Update MakeUpdate(std::span<const RolloutGroup> groups, std::span<const GroupFacts> facts, const GrpoConfig& config) {
  Check(groups.size() == facts.size(), "facts of every group");
  const Objective* objective = FindObjective(config.objective.kind);
  Check(objective != nullptr, "the objective was looked up when the recipe was read");
  const bool has_divergence = config.kl.is_on() && config.kl.placement == "loss";
  const bool only_advantage = objective->vanishes_at_zero && !has_divergence;
  Update update;
  update.counts = CountAll(groups, config);
  const double threshold = EntropyThreshold(groups, facts, config);
  for (size_t g = 0; g < groups.size(); ++g) {
    const Share share = ShareOf(groups[g], only_advantage, config);
    for (const size_t i : share.members) {
      const Rollout& rollout = groups[g].rollouts[i];
      const Completion& completion = rollout.completion;
      const auto length = static_cast<int64_t>(completion.tokens.size());
      Check(completion.logprobs.size() == completion.tokens.size(), "one log-probability per sampled token");
      const SequenceFacts& known = facts[g][i];
      const std::vector<float>& old = known.old_logprobs.empty() ? completion.logprobs : known.old_logprobs;
      LossInput input{.advantage = rollout.advantage,
                      .weight = TokenWeight(config.aggregation, length, update.counts, config.constant_length),
                      .old_logprobs = {old.begin(), old.end()},
                      .sampler_logprobs = {completion.logprobs.begin(), completion.logprobs.end()},
                      .reference_logprobs = {},
                      .factors = {},
                      .stands_for = share.stands_for};
      if (has_divergence) {
        input.reference_logprobs.assign(known.reference_logprobs.begin(), known.reference_logprobs.end());
      }
      input.factors = Factors(input, known, threshold, config.correction);
      update.sequences.push_back({&groups[g], &rollout});
      update.losses.push_back(std::move(input));
    }
  }
  return update;
}

std::vector<size_t> ChooseGroups(std::span<const RolloutGroup> groups, int64_t wanted) {
  const size_t limit = wanted == 0 ? groups.size() : std::min(groups.size(), static_cast<size_t>(wanted));
  std::vector<size_t> chosen;
  std::vector<size_t> others;
  for (size_t g = 0; g < groups.size(); ++g) {
    const bool is_chosen = limit == groups.size() || (HasSignal(ScoredRewards(groups[g])) && chosen.size() < limit);
    (is_chosen ? chosen : others).push_back(g);
  }
  for (size_t i = 0; chosen.size() < limit; ++i) {
    chosen.push_back(others[i]);
  }
  std::ranges::sort(chosen);
  return chosen;
}

std::vector<double> ScoredRewards(const RolloutGroup& group) {
  std::vector<double> rewards;
  for (const Rollout& rollout : group.rollouts) {
    if (rollout.verdict.is_scored()) {
      rewards.push_back(rollout.reward);
    }
  }
  return rewards;
}

std::vector<SequenceRef> ScoredSequences(std::span<const RolloutGroup> groups) {
  std::vector<SequenceRef> sequences;
  for (const RolloutGroup& group : groups) {
    for (const Rollout& rollout : group.rollouts) {
      if (rollout.verdict.is_scored() && !rollout.completion.tokens.empty()) {
        sequences.push_back({&group, &rollout});
      }
    }
  }
  return sequences;
}

}  // namespace cupel
