#include "experiments/open_run.h"

#include <charconv>
#include <filesystem>

#include "base/file.h"
#include "base/status.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

struct RunName {
  std::string path;
  int64_t run_id = 1;
};

// "runs.db:2" is run 2 of runs.db, unless there is a file of that very name.
RunName ParseRunName(const std::string& run) {
  const size_t colon = run.rfind(":");
  if (colon == std::string::npos || colon + 1 == run.size() || fs::exists(run)) {
    return {run};
  }
  int64_t run_id = 0;
  const auto [end, error] = std::from_chars(run.data() + colon + 1, run.data() + run.size(), run_id);
  const bool is_number = error == std::errc() && end == run.data() + run.size();
  return is_number ? RunName{run.substr(0, colon), run_id} : RunName{run};
}

}  // namespace

std::string DatabasePath(const std::string& directory) { return directory + "/run.db"; }

std::string LogPath(const std::string& run) { return fs::is_directory(run) ? DatabasePath(run) : run; }

absl::StatusOr<RolloutStore> OpenRunForReading(const std::string& run) {
  const RunName name = ParseRunName(run);
  const std::string path = LogPath(name.path);
  if (fs::is_directory(name.path) && !Exists(path)) {
    return NotFound("{}: no run here (run.db is missing); a run folder is what `cupel train --run` names", run);
  }
  if (!Exists(path)) {
    return NotFound("{}: no such run: name the folder of a run, as `cupel train --run` does, or its run.db", run);
  }
  CUPEL_ASSIGN_OR_RETURN(RolloutStore store, RolloutStore::Open(path, RolloutStore::Mode::kReadOnly, name.run_id));
  if (name.run_id == 1) {
    return store;
  }
  CUPEL_ASSIGN_OR_RETURN(const int64_t num_runs, store.connection().QueryInteger("SELECT count(*) FROM runs"));
  if (const absl::Status status = store.ReadRun().status(); absl::IsNotFound(status)) {
    return NotFound("{}: has runs 1 to {}, not {}", path, num_runs, name.run_id);
  }
  return store;
}

absl::StatusOr<std::optional<FileLock>> LockRun(const std::string& run) {
  const std::string path = LogPath(ParseRunName(run).path);
  const std::string lock_path = (fs::path(path).parent_path() / ".lock").string();
  if (!Exists(path) || !Exists(lock_path)) {
    return std::optional<FileLock>();
  }
  absl::StatusOr<FileLock> lock = FileLock::Acquire(lock_path);
  if (!lock.ok()) {
    return FailedPrecondition("{}: the run is still going; wait for it, or stop it (nothing stored is lost)", run);
  }
  return std::optional<FileLock>(std::move(lock).value());
}

}  // namespace cupel
