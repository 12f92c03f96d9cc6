#include "experiments/open_run.h"

#include <filesystem>

#include "base/file.h"
#include "base/status.h"

namespace cupel {

std::string DatabasePath(const std::string& directory) { return directory + "/run.db"; }

absl::StatusOr<RolloutStore> OpenRunForReading(const std::string& run) {
  const bool is_directory = std::filesystem::is_directory(run);
  if (is_directory && !Exists(DatabasePath(run))) {
    return NotFound("{}: no run here (run.db is missing); a run folder is what `cupel train --run` names", run);
  }
  return RolloutStore::Open(is_directory ? DatabasePath(run) : run, RolloutStore::Mode::kReadOnly);
}

}  // namespace cupel
