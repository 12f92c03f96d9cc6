#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "rollout/sqlite.h"

// The tables of a run's log and how a file with them is made and recognised. What each table means: docs/rollout-log.md.

namespace cupel {

inline constexpr int64_t kLogApplicationId = 0x4375704c;  // PRAGMA application_id: "CupL"

// Makes a log with its tables, complete or not at all even if the process is killed, and opens it for writing. AlreadyExists when there is
// a file.
absl::StatusOr<SqliteConnection> CreateLog(const std::string& path);

// Opens a log. NotFound when missing, DataLoss when it is none, FailedPrecondition when its schema is newer than this program's; the file
// is not modified in any of these cases.
absl::StatusOr<SqliteConnection> OpenLogForWriting(const std::string& path);
// On a medium that cannot be written, too, if the run was closed properly.
absl::StatusOr<SqliteConnection> OpenLogForReading(const std::string& path);

}  // namespace cupel
