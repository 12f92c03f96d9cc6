#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "base/sha256.h"
#include "base/stop_signal.h"
#include "datasets/curriculum.h"
#include "experiments/recipe.h"
#include "experiments/replay/judge.h"
#include "experiments/replay/stages.h"
#include "grpo/trainer.h"
#include "policy/policy.h"
#include "rollout/rollout_store.h"
#include "rollout/rollout_workers.h"

namespace cupel {

struct StepReplay {
  int64_t step = 0;        // from 0
  std::string start = {};  // "checkpoints/step-000010, then 2 steps learned again from the log"
  std::vector<StageResult> stages = {};
  double seconds = 0;
  bool is_identical() const;
};

// Does steps of a recorded run again. Reads the run's log and checkpoints, and writes nothing into the run. Steps are cheapest in ascending
// order: the policy goes forward by learning from the log, and back only by loading.
class Replayer {
 public:
  // `run`: folder or run.db (checkpoints lie beside it). `model`: where the run's first model is, when no longer where the recipe says;
  // empty otherwise. InvalidArgument when the run's recipe does not fit this program, FailedPrecondition when the model file is not the one
  // the run began with.
  static absl::StatusOr<std::unique_ptr<Replayer>> Open(const std::string& run, const std::string& model);

  // Stages before `first` are left out. FailedPrecondition when the step cannot be replayed, with those that can. A difference is a result.
  absl::StatusOr<StepReplay> Replay(int64_t step, Stage first, StopSignal& stop);

  // Brings policy and trainer to where they were before `step`, and gives the step's groups. `how` says from where.
  absl::StatusOr<std::vector<RolloutGroup>> GoTo(int64_t step, std::string& how, StopSignal& stop);

  const Recipe& recipe() const { return recipe_; }
  const RolloutStore& store() const { return store_; }
  const ReplayBounds& bounds() const { return bounds_; }
  Policy& policy() { return *policy_; }
  Trainer& trainer() { return *trainer_; }
  // Of everything that was done again since the replayer was opened: tokens, log-probabilities, verdicts, rewards, advantages, weights.
  std::string Digest() { return digest_.Hex(); }

 private:
  Replayer(std::string directory, RolloutStore store, Recipe recipe, GroupJudge judge)
      : directory_(std::move(directory)), store_(std::move(store)), recipe_(std::move(recipe)), judge_(std::move(judge)) {}

  absl::Status StartAnew();
  absl::Status CheckReplayable(int64_t step) const;
  absl::Status CheckExact(int64_t step) const;
  absl::StatusOr<std::vector<RolloutGroup>> Sample(int64_t step, size_t num_groups, StopSignal& stop);
  std::vector<Task> TasksOf(int64_t step, size_t num_groups) const;
  absl::StatusOr<std::vector<RolloutGroup>> DrawPrompts(int64_t step, size_t num_groups);
  absl::Status ReplayPrompts(int64_t step, const std::vector<RolloutGroup>& groups, StepReplay& replay);
  absl::Status ReplaySampling(int64_t step, const std::vector<RolloutGroup>& groups, StopSignal& stop, StepReplay& replay);
  absl::Status ReplayJudgement(const std::vector<RolloutGroup>& groups, Stage first, StepReplay& replay);
  absl::Status ReplayUpdate(int64_t step, const std::vector<RolloutGroup>& groups, StepReplay& replay);
  absl::Status Learn(int64_t step, const std::vector<RolloutGroup>& groups);

  std::string directory_;
  RolloutStore store_;
  Recipe recipe_;
  GroupJudge judge_;
  ReplayBounds bounds_;
  bool is_rounded_ = false;               // the log-probabilities of the step in hand
  std::optional<Curriculum> curriculum_;  // made when prompts are drawn
  std::unique_ptr<Policy> policy_;
  std::optional<Trainer> trainer_;
  int64_t position_ = 0;  // steps that policy and trainer have learned from
  std::string origin_;    // where they came from
  Sha256 digest_;
};

}  // namespace cupel
