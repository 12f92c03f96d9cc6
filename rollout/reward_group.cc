#include "rollout/reward_group.h"

#include <utility>
#include <vector>

namespace cupel {

void RewardGroup(const RewardComposition& rewards, RolloutGroup& group) {
  std::vector<Candidate> candidates;
  for (const Rollout& rollout : group.rollouts) {
    candidates.push_back({.text = rollout.text,
                          .verdict = &rollout.verdict,
                          .num_tokens = std::ssize(rollout.completion.tokens),
                          .is_truncated = rollout.completion.finish_reason == FinishReason::kLength});
  }
  RewardComposition::Result result = rewards.Score(group.task, candidates);
  for (size_t i = 0; i < group.rollouts.size(); ++i) {
    group.rollouts[i].terms = std::move(result.terms[i]);
    group.rollouts[i].reward = result.rewards[i];
  }
}

}  // namespace cupel
