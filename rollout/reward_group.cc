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
                          .is_truncated = rollout.completion.finish_reason == FinishReason::kLength,
                          .tokens = rollout.completion.tokens});
  }
  RewardComposition::Result result = rewards.Score(group.task, candidates, group.step);
  for (size_t i = 0; i < group.rollouts.size(); ++i) {
    Rollout& rollout = group.rollouts[i];
    rollout.terms = std::move(result.terms[i]);
    rollout.reward = result.rewards[i];
    if (!result.errors[i].empty() && rollout.verdict.is_scored()) {
      rollout.verdict.outcome = Outcome::kError;
      rollout.verdict.rule = "reward";
      rollout.verdict.reason = std::move(result.errors[i]);
    }
  }
}

}  // namespace cupel
