#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "base/file.h"
#include "base/json.h"
#include "experiments/recipe.h"
#include "rollout/rollout_store.h"

namespace cupel {

// The folder of a run: run.db, checkpoints/, recipe.toml (every resolved setting), .lock. One process writes a folder at a time.
class RunFolder {
 public:
  enum class Start { kNew, kResume };

  // kNew: creates the folder; FailedPrecondition when it already holds a run (says how to resume it or to choose another). kResume:
  // NotFound without a run. FailedPrecondition when another process is using it. A run that was killed before its first acknowledged write
  // counts as new.
  static absl::StatusOr<RunFolder> Open(const std::string& directory, Start start);

  const std::string& directory() const { return directory_; }
  RolloutStore& store() { return *store_; }

  // Stores the recipe (recipe.toml and the run's row, under the folder's name): the first write of a new run.
  absl::Status WriteRecipe(const std::string& toml, RolloutStore::RunInfo info);

 private:
  RunFolder(std::string directory, FileLock lock, RolloutStore store)
      : directory_(std::move(directory)), lock_(std::move(lock)), store_(std::make_unique<RolloutStore>(std::move(store))) {}
  std::string directory_;
  FileLock lock_;
  std::unique_ptr<RolloutStore> store_;
};

// SHA-256 of a model file; of a directory, the digest over its weight files' digests in name order; of the built-in model, its name.
absl::StatusOr<std::string> ModelDigest(const std::string& path);

// What identifies program, machine and model in the run's row.
absl::StatusOr<RolloutStore::RunInfo> DescribeRun(Json recipe, const std::string& model_path, const std::string& kernel_path);

}  // namespace cupel
