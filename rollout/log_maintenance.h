#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "rollout/rollout_store.h"

// What is done to logs after they were written: joining, checking, compacting, thinning out.

namespace cupel {

// Copies every run of the logs at `sources` into a new log at `target`, in order; runs are numbered from 1. AlreadyExists when there is a
// file; nothing is left of it when a source cannot be read. Sources are only read, each in one snapshot.
absl::Status MergeLogs(const std::vector<std::string>& sources, const std::string& target);

struct LogCheck {
  std::vector<std::string> problems;  // one line each; empty: the log is sound
  int64_t num_runs = 0;
  int64_t num_steps = 0;
  int64_t num_rollouts = 0;
  int64_t num_pruned = 0;  // rollouts whose tokens were removed
  std::string digest;      // of everything but times and durations: two logs with equal contents have equal digests
};

// SQLite's integrity check, foreign keys, every blob decoded, counts that must agree, the full-text index. At most `max_problems` are told.
absl::StatusOr<LogCheck> CheckLog(const std::string& path, int64_t max_problems = 20);

struct LogSizes {
  int64_t bytes_before = 0;
  int64_t bytes_after = 0;
};

// Brings the log to the present schema, moves the write-ahead log into the file and gives unused space back to the disk. The caller makes
// sure that nobody else writes.
absl::StatusOr<LogSizes> VacuumLog(const std::string& path);

struct PruneRequest {
  int64_t keep_steps = 100;  // the newest so many steps are left alone
  int64_t keep_every = 0;    // so is every step whose number (from 0) is a multiple of this; 0: none
  int64_t keep_samples = 2;  // of each group in the other steps: the best, then the worst, then the second best, … keep everything
};

struct PruneResult {
  int64_t num_pruned = 0;  // completions whose text, token ids and log-probabilities were removed
  int64_t num_kept = 0;    // completions of the steps in question that keep them
};

// Removes text, token ids and log-probabilities of old completions. Rewards, advantages, verdicts, lengths, reward terms and metrics stay,
// so that every statistic stays what it was; the steps can no longer be replayed. An event says what was done. VacuumLog then shrinks the
// file.
absl::StatusOr<PruneResult> PruneLog(const std::string& path, const PruneRequest& request);

// Rounds the log-probabilities of the steps that `request` does not keep to bfloat16, which halves what they take on disk; keep_samples has
// no meaning here. Nothing else changes. A replay then compares as much as is left of them. Gives the number of completions.
absl::StatusOr<int64_t> RoundLogprobs(const std::string& path, const PruneRequest& request);

}  // namespace cupel
