#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "grpo/checkpointed.h"
#include "grpo/config.h"
#include "grpo/step_metrics.h"
#include "policy/policy.h"
#include "rollout/rollout.h"

namespace cupel {

// The learning half of a GRPO step, in two calls so that the caller can store the groups between them:
//
//   trainer.Judge(groups)   advantages from rewards; fills Rollout::advantage
//   store.AppendStep(...)   the caller's
//   trainer.Learn(groups)   pack, forward, objective, backward, AdamW
//
// Deterministic: the same groups and weights give the same new weights, bit for bit, on one machine with one thread count. Single-threaded
// interface.
class Trainer final : public Checkpointed {
 public:
  // The policy is borrowed; with a divergence from a reference, its weights now are copied. total_updates is the run's length, for the
  // schedules. `grpo` has passed CheckGrpoConfig.
  Trainer(Policy& policy, const GrpoConfig& grpo, const OptimizerConfig& optimizer, double sampling_temperature, int64_t total_updates);
  ~Trainer() override;

  // Asks the reference policy where the divergence is part of the reward. With more groups than grpo.groups_per_step (dynamic sampling),
  // those that are not chosen get advantage 0, and Learn chooses the same.
  void Judge(std::vector<RolloutGroup>& groups) const;

  // Aborted (the safety rule, exit code 3) after max_skipped_updates consecutive skipped updates: a loss, log-probability or gradient that
  // is not finite, or a spike of the gradient norm. A skipped update leaves parameters and optimizer state as they were.
  absl::StatusOr<StepMetrics> Learn(const std::vector<RolloutGroup>& sampled);

  int64_t num_updates() const;  // attempted, skipped ones included: drives the schedule

  // Optimizer moments, counters, controllers and, once it was reset, the reference policy, as files in `directory` (must exist), fsynced.
  absl::StatusOr<std::vector<Policy::WrittenFile>> SaveState(const std::string& directory) const override;
  absl::Status LoadState(const std::string& directory) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cupel
