#include "experiments/replay/judge.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "grpo/judge_groups.h"
#include "rollout/reward_group.h"

namespace cupel {

absl::StatusOr<GroupJudge> GroupJudge::Create(const std::string& verifier, const std::optional<std::string>& metadata,
                                              const RewardConfig& rewards) {
  CUPEL_ASSIGN_OR_RETURN(RewardComposition composition, RewardComposition::Create(rewards));
  if (!verifier.empty()) {
    CUPEL_RETURN_IF_ERROR(FindVerifier(verifier).status());
  }
  GroupJudge judge(std::move(composition));
  judge.verifier_ = verifier;
  judge.metadata_ = metadata;
  return judge;
}

Task GroupJudge::AsAsked(const Task& task) const {
  Task asked = task;
  if (!verifier_.empty() && verifier_ != task.verifier) {
    asked.verifier = verifier_;
    asked.metadata.clear();  // the options of another verifier
  }
  if (metadata_) {
    asked.metadata = *metadata_;
  }
  return asked;
}

absl::Status GroupJudge::CheckTasks(const std::vector<RolloutGroup>& groups) const {
  for (const RolloutGroup& group : groups) {
    const Task task = AsAsked(group.task);
    const std::string where = fmt::format("step {}, group {}, task {}", group.step + 1, group.group_idx, task.id);
    const absl::StatusOr<const Verifier*> verifier = FindVerifier(task.verifier);
    CUPEL_RETURN_IF_ERROR(Annotate(verifier.status(), where));
    CUPEL_RETURN_IF_ERROR(Annotate((*verifier)->CheckGold(task), where));
  }
  return absl::OkStatus();
}

void GroupJudge::Judge(RolloutGroup& group) const {
  Verify(group);
  Reward(group);
}

void GroupJudge::Verify(RolloutGroup& group) const {
  group.task = AsAsked(group.task);
  const absl::StatusOr<const Verifier*> verifier = FindVerifier(group.task.verifier);
  Check(verifier.ok(), "tasks were checked before they are judged");
  for (Rollout& rollout : group.rollouts) {
    rollout.verdict = (*verifier)->Verify(group.task, rollout.text);
    rollout.verifier_version = (*verifier)->version();
  }
}

void GroupJudge::Reward(RolloutGroup& group) const { RewardGroup(rewards_, group); }

void FillAdvantages(const GrpoConfig& grpo, std::vector<RolloutGroup>& groups) { JudgeGroups(grpo, {}, groups); }

}  // namespace cupel
