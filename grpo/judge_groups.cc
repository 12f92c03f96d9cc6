#include "grpo/judge_groups.h"

#include "base/check.h"
#include "grpo/advantage/advantage.h"
#include "grpo/update.h"

namespace cupel {
namespace {

// The members of a group that have a verdict, as the advantage estimators take them.
ScoredGroup ScoredMembers(const RolloutGroup& group) {
  ScoredGroup scored;
  for (const Rollout& rollout : group.rollouts) {
    if (!rollout.verdict.is_scored()) {
      continue;
    }
    scored.rewards.push_back(rollout.reward);
    scored.lengths.push_back(static_cast<double>(rollout.completion.tokens.size()));
    scored.terms.resize(rollout.terms.size());
    for (size_t k = 0; k < rollout.terms.size(); ++k) {
      scored.terms[k].weight = rollout.terms[k].weight;
      scored.terms[k].values.push_back(rollout.terms[k].value);
    }
  }
  return scored;
}

}  // namespace

void JudgeGroups(const GrpoConfig& grpo, const RewardPenalty& penalty, std::vector<RolloutGroup>& groups) {
  const std::vector<size_t> chosen = ChooseGroups(groups, grpo.groups_per_step);
  std::vector<ScoredGroup> scored;
  for (const size_t g : chosen) {
    scored.push_back(ScoredMembers(groups[g]));
    if (penalty) {
      const std::vector<double> penalties = penalty(groups[g]);
      Check(penalties.size() == scored.back().rewards.size(), "one penalty per scored member");
      for (size_t i = 0; i < penalties.size(); ++i) {
        scored.back().rewards[i] -= penalties[i];
      }
    }
  }
  const std::vector<std::vector<double>> advantages = BatchAdvantages(scored, grpo.advantage);
  for (RolloutGroup& group : groups) {
    for (Rollout& rollout : group.rollouts) {
      rollout.advantage = 0;
    }
  }
  for (size_t i = 0; i < chosen.size(); ++i) {
    size_t member = 0;
    for (Rollout& rollout : groups[chosen[i]].rollouts) {
      rollout.advantage = rollout.verdict.is_scored() ? advantages[i][member++] : 0.0;
    }
  }
}

}  // namespace cupel
