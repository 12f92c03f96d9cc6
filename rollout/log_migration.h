#pragma once

#include <cstdint>

#include <absl/status/status.h>

#include "rollout/sqlite.h"

// Logs of earlier schemas: brought up to the present one for a writer, shown as if they were for a reader.

namespace cupel {

// Changes the log of schema `version` into one of the present schema, in one transaction: killed at any moment it is of one schema or the
// other. Nothing to do when it is of the present one already. Foreign keys must be off.
absl::Status MigrateLog(SqliteConnection& connection, int64_t version);

// Makes the reading connection show a log of schema `version` with the tables, columns and views of the present one; what an earlier
// program did not record is NULL or empty. The file is not modified. Full-text search is missing until the log is migrated.
absl::Status PresentAsCurrent(SqliteConnection& connection, int64_t version);

}  // namespace cupel
