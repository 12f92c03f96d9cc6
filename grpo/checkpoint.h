#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "grpo/checkpointed.h"
#include "policy/policy.h"
#include "rollout/rollout_store.h"

namespace cupel {

// A checkpoint is a folder RUN/checkpoints/step-000040/: a Hugging Face directory (model.safetensors in fp32, config, tokenizer) plus the
// trainer's state (trainer.json, optimizer.safetensors) and manifest.json, which lists every file with size and SHA-256 and says what made
// them: digests of recipe and model, program, build and kernels. It is published by rename after every byte is on disk and before its row
// in the log, so a folder with a verifying manifest is complete and one without is rubbish to delete.
inline constexpr int kCheckpointFormat = 1;

// Writes and publishes the checkpoint of `step` finished steps, then appends its row. One that the log has and that verifies is kept; one
// that is damaged or gone is written again.
absl::Status SaveCheckpoint(const std::string& run_directory, int64_t step, const Policy& policy, const Checkpointed& trainer,
                            RolloutStore& store);

// Loads the newest checkpoint that verifies (damaged ones are named in `warnings`) and returns the number of finished steps; 0, with
// nothing loaded, when there is none. `latest_step`: newer ones are passed over. Deletes checkpoint folders that the log never
// acknowledged. FailedPrecondition for a newer format.
absl::StatusOr<int64_t> LoadNewestCheckpoint(const std::string& run_directory, RolloutStore& store, Policy& policy, Checkpointed& trainer,
                                             std::vector<std::string>& warnings, int64_t latest_step = std::numeric_limits<int64_t>::max());

// Loads the checkpoint of one row of the log, after it was compared with what the log acknowledged. NotFound when its folder is gone
// (run.keep_checkpoints), DataLoss when a file is not what it was. Writes nothing.
absl::Status LoadCheckpoint(const std::string& run_directory, const RolloutStore::Checkpoint& row, Policy& policy, Checkpointed& trainer);

// Checks manifest and digests of one checkpoint folder. DataLoss names the file that does not match.
absl::Status VerifyCheckpoint(const std::string& checkpoint_directory);

// Which checkpoints stay on disk: a checkpoint stays when any rule keeps it. The newest always does.
struct RetentionRule {
  int64_t newest = 1;  // so many of the newest
  int64_t every = 0;   // those whose step is a multiple of this; 0: none
  std::string best_metric =
      {};  // the one with the largest value of this metric of its last step, "pass@1" being the evaluation's; empty: none
};

// Removes the folders that no rule keeps. Their rows stay in the log.
absl::Status PruneCheckpoints(const std::string& run_directory, const RetentionRule& rule, const RolloutStore& store);

}  // namespace cupel
