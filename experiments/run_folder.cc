#include "experiments/run_folder.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <unistd.h>

#include "base/sha256.h"
#include "base/status.h"
#include "experiments/open_run.h"
#include "experiments/revision.h"
#include "experiments/version.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

// Whether the folder holds a run whose first write was acknowledged.
bool HoldsRun(const std::string& directory) {
  if (!Exists(DatabasePath(directory))) {
    return false;
  }
  const absl::StatusOr<RolloutStore> store = RolloutStore::Open(DatabasePath(directory), RolloutStore::Mode::kReadOnly);
  // What cannot be opened is not ours to overwrite.
  return !store.ok() || store->ReadRun().ok();
}

absl::Status RemoveUnfinishedDatabase(const std::string& directory) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    CUPEL_RETURN_IF_ERROR(RemoveTree(DatabasePath(directory) + suffix));
  }
  return absl::OkStatus();
}

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "unknown";
}

std::string NowUtc() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(now - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int{date.year()}, unsigned{date.month()}, unsigned{date.day()},
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace

absl::StatusOr<RunFolder> RunFolder::Open(const std::string& directory, Start start) {
  if (start == Start::kResume && !HoldsRun(directory)) {
    return NotFound("{}: no run to resume here ({} is missing or empty); leave --resume out to start one", directory,
                    DatabasePath(directory));
  }
  CUPEL_RETURN_IF_ERROR(MakeDirectories(directory));
  absl::StatusOr<FileLock> lock = FileLock::Acquire(directory + "/.lock");
  if (!lock.ok()) {
    return Annotate(lock.status(), fmt::format("{}: another process is using this run folder", directory));
  }
  if (start == Start::kNew) {
    if (HoldsRun(directory)) {
      return FailedPrecondition("{}: already holds a run; continue it with --resume, or name another folder with --run", directory);
    }
    CUPEL_RETURN_IF_ERROR(RemoveUnfinishedDatabase(directory));
  }
  const auto mode = start == Start::kNew ? RolloutStore::Mode::kCreate : RolloutStore::Mode::kReadWrite;
  CUPEL_ASSIGN_OR_RETURN(RolloutStore store, RolloutStore::Open(DatabasePath(directory), mode));
  return RunFolder(directory, std::move(lock).value(), std::move(store));
}

absl::Status RunFolder::WriteRecipe(const std::string& toml, RolloutStore::RunInfo info) {
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(directory_ + "/recipe.toml", toml));
  info.name = fs::absolute(directory_ + "/").parent_path().filename().string();
  return store_->WriteRun(info);
}

absl::StatusOr<std::string> ModelDigest(const std::string& path) {
  if (path == "tiny") {
    return std::string("tiny");
  }
  if (!fs::is_directory(path)) {
    return Sha256File(path);
  }
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".safetensors" && entry.path().filename().string().starts_with("model")) {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  std::string digests;
  for (const std::string& file : files) {
    CUPEL_ASSIGN_OR_RETURN(const std::string digest, Sha256File(file));
    digests += digest;
  }
  return Sha256Hex(digests);
}

absl::StatusOr<RolloutStore::RunInfo> DescribeRun(Json recipe, const std::string& model_path, const std::string& kernel_path) {
  RolloutStore::RunInfo info;
  info.recipe = std::move(recipe);
  info.program_version = kProgramVersion;
  info.git_revision = kGitRevision;
  info.build = kCompiler;
  info.kernels = kernel_path;
  CUPEL_ASSIGN_OR_RETURN(info.model_digest, ModelDigest(model_path));
  info.host = HostName();
  info.started_at = NowUtc();
  return info;
}

}  // namespace cupel
