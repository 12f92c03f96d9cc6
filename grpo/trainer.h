#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

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
class Trainer {
 public:
  // The policy is borrowed. total_updates is the run's length, for the linear schedule.
  Trainer(Policy& policy, const GrpoConfig& grpo, const OptimizerConfig& optimizer, double sampling_temperature, int64_t total_updates);
  ~Trainer();

  void Judge(std::vector<RolloutGroup>& groups) const;

  // Aborted (the safety rule, exit code 3) after max_skipped_updates consecutive updates with a non-finite loss or gradient; a skipped
  // update leaves parameters and optimizer state as they were.
  absl::StatusOr<StepMetrics> Learn(const std::vector<RolloutGroup>& groups);

  int64_t num_updates() const;  // attempted, skipped ones included: drives the schedule

  // Optimizer moments and counters, as files in `directory` (must exist), fsynced.
  absl::StatusOr<std::vector<Policy::WrittenFile>> SaveState(const std::string& directory) const;
  absl::Status LoadState(const std::string& directory);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cupel
