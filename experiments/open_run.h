#pragma once

#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "base/file.h"
#include "rollout/rollout_store.h"

namespace cupel {

// Where the log stands in a run folder.
std::string DatabasePath(const std::string& directory);

// Where a run's log is: `run` itself when it names a file, else the run.db of that folder.
std::string LogPath(const std::string& run);

// The log of a run for reading. `run` is the run's folder, its run.db, or FILE.db:N for the N-th run of a merged log. NotFound when there
// is none; otherwise as RolloutStore::Open.
absl::StatusOr<RolloutStore> OpenRunForReading(const std::string& run);

// Keeps the run that a log belongs to from being continued while the log is written to: holds the lock of its folder, if that has one.
// FailedPrecondition when a process has the run in hand.
absl::StatusOr<std::optional<FileLock>> LockRun(const std::string& run);

}  // namespace cupel
