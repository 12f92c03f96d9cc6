#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "grpo/config.h"
#include "rewards/reward.h"
#include "rollout/rollout.h"
#include "verifiers/verifier.h"

namespace cupel {

// Verdicts and rewards of groups that have their texts: what RolloutWorkers does with a group, without sampling. Thread-safe.
class GroupJudge {
 public:
  // `verifier` and `metadata` replace what tasks say, unless empty. NotFound for an unknown verifier, InvalidArgument for unusable rewards.
  static absl::StatusOr<GroupJudge> Create(const std::string& verifier, const std::optional<std::string>& metadata,
                                           const RewardConfig& rewards);

  // NotFound when a task asks for a verifier that does not exist; InvalidArgument when the verifier has no use for a task's gold answer or
  // options.
  absl::Status CheckTasks(const std::vector<RolloutGroup>& groups) const;

  // Fills verdict, verifier_version, terms and reward of every rollout, and the group's verifier and metadata. CheckTasks came before.
  void Judge(RolloutGroup& group) const;
  // The parts of Judge, each from what is recorded of the other.
  void Verify(RolloutGroup& group) const;
  void Reward(RolloutGroup& group) const;

 private:
  explicit GroupJudge(RewardComposition rewards) : rewards_(std::move(rewards)) {}
  Task AsAsked(const Task& task) const;

  std::string verifier_;
  std::optional<std::string> metadata_;
  RewardComposition rewards_;
};

// Advantages of a step's groups from their rewards, as the trainer computes them.
void FillAdvantages(const GrpoConfig& grpo, std::vector<RolloutGroup>& groups);

}  // namespace cupel
