#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "rollout/rollout_store.h"

namespace cupel {

// The log of a run named by its folder or by the .db file itself, for reading.
absl::StatusOr<RolloutStore> OpenRunForReading(const std::string& run);

// Where the log stands in a run folder.
std::string DatabasePath(const std::string& directory);

}  // namespace cupel
