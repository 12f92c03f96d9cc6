#include "grpo/checkpoint.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifestName = "manifest.json";
constexpr const char* kUnfinishedPrefix = ".unfinished-";

std::string CheckpointName(int64_t step) { return fmt::format("step-{:06}", step); }

std::string CheckpointsDirectory(const std::string& run_directory) { return run_directory + "/checkpoints"; }

// Of a checkpoint that the log acknowledged. Named after the step: what a log that somebody passed on says is not a path to delete.
std::string PublishedDirectory(const std::string& run_directory, int64_t step) {
  return CheckpointsDirectory(run_directory) + "/" + CheckpointName(step);
}

// What made the checkpoint, so that a folder that was copied away from its log still says so.
Json Origin(const RolloutStore::RunInfo& run) {
  return {{"recipe_sha256", Sha256Hex(DumpJson(run.recipe))},
          {"model_sha256", run.model_digest},
          {"program_version", run.program_version},
          {"git_revision", run.git_revision},
          {"build", run.build},
          {"kernels", run.kernels}};
}

// The manifest as text: format, step, origin, and every file with its size and digest.
absl::StatusOr<std::string> ManifestText(const std::string& directory, int64_t step, const RolloutStore::RunInfo& run,
                                         const std::vector<Policy::WrittenFile>& files) {
  Json list = Json::array();
  for (const Policy::WrittenFile& file : files) {
    std::error_code error;
    const auto bytes = fs::file_size(directory + "/" + file.name, error);
    if (error) {
      return Unavailable("{}/{}: {}", directory, file.name, error.message());
    }
    list.push_back({{"name", file.name}, {"bytes", bytes}, {"sha256", file.sha256}});
  }
  const Json manifest = {{"format", kCheckpointFormat}, {"step", step}, {"made_by", Origin(run)}, {"files", std::move(list)}};
  return DumpJson(manifest, 2) + "\n";
}

absl::Status WriteEverything(const std::string& directory, int64_t step, const RolloutStore::RunInfo& run, const Policy& policy,
                             const Checkpointed& trainer, std::string& manifest) {
  CUPEL_RETURN_IF_ERROR(MakeDirectories(directory));
  CUPEL_ASSIGN_OR_RETURN(std::vector<Policy::WrittenFile> files, policy.SaveHuggingFace(directory));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<Policy::WrittenFile> state, trainer.SaveState(directory));
  files.insert(files.end(), state.begin(), state.end());
  CUPEL_ASSIGN_OR_RETURN(manifest, ManifestText(directory, step, run, files));
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(directory + "/" + kManifestName, manifest));
  return SyncDirectory(directory);
}

absl::Status CheckFile(const std::string& directory, const Json& entry) {
  const bool is_well_formed = entry.is_object() && entry.contains("name") && entry["name"].is_string() && entry.contains("bytes") &&
                              entry["bytes"].is_number_unsigned() && entry.contains("sha256") && entry["sha256"].is_string();
  if (!is_well_formed) {
    return DataLoss("{}/{}: an entry of \"files\" lacks name, bytes or sha256", directory, kManifestName);
  }
  const auto name = entry["name"].get<std::string>();
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
    return DataLoss("{}/{}: \"{}\" is not the name of a file in the checkpoint", directory, kManifestName, name);
  }
  const std::string path = directory + "/" + name;
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error) {
    return DataLoss("{}: {}", path, error.message());
  }
  if (bytes != entry["bytes"].get<uint64_t>()) {
    return DataLoss("{}: {} bytes, the manifest says {}", path, bytes, entry["bytes"].get<uint64_t>());
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string digest, Sha256File(path));
  if (digest != entry["sha256"].get<std::string>()) {
    return DataLoss("{}: SHA-256 is {}, the manifest says {}", path, digest, entry["sha256"].get<std::string>());
  }
  return absl::OkStatus();
}

// Whether a folder name is one that SaveCheckpoint gives; "step-000040-best", which a user made, is not.
bool IsCheckpointName(std::string_view name) {
  constexpr std::string_view kPrefix = "step-";
  if (name.starts_with(kUnfinishedPrefix)) {
    return true;
  }
  return name.size() > kPrefix.size() && name.starts_with(kPrefix) &&
         name.find_first_not_of("0123456789", kPrefix.size()) == std::string_view::npos;
}

// Folders that no row of the log speaks of: a write that was interrupted before it was acknowledged.
absl::Status RemoveUnacknowledged(const std::string& directory, const std::vector<RolloutStore::Checkpoint>& acknowledged) {
  if (!Exists(directory)) {
    return absl::OkStatus();
  }
  std::set<std::string> known;
  for (const RolloutStore::Checkpoint& checkpoint : acknowledged) {
    known.insert(CheckpointName(checkpoint.step));
  }
  std::error_code error;
  std::vector<std::string> rubbish;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (IsCheckpointName(name) && !known.contains(name)) {
      rubbish.push_back(entry->path().string());
    }
  }
  if (error) {
    return Unavailable("{}: {}", directory, error.message());
  }
  for (const std::string& path : rubbish) {
    CUPEL_RETURN_IF_ERROR(RemoveTree(path));
  }
  return absl::OkStatus();
}

// OK when the checkpoint of `row` is on disk as it was when the log acknowledged it. The manifest's digest comes first: a manifest that is
// damaged must not be taken for one of a newer format.
absl::Status VerifyAcknowledged(const std::string& run_directory, const RolloutStore::Checkpoint& row) {
  const std::string directory = PublishedDirectory(run_directory, row.step);
  const std::string path = directory + "/" + kManifestName;
  CUPEL_ASSIGN_OR_RETURN(const std::string digest, Sha256File(path));
  if (digest != row.manifest_sha256) {
    return DataLoss("{}: is not the manifest that the log acknowledged", path);
  }
  return VerifyCheckpoint(directory);
}

// The metric of every number of finished steps.
absl::StatusOr<std::map<int64_t, double>> MetricByStep(const std::string& metric, const RolloutStore& store) {
  std::map<int64_t, double> values;
  if (metric == "pass@1") {
    CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations, store.ReadEvaluations());
    for (const RolloutStore::Evaluation& evaluation : evaluations) {
      values[evaluation.step] = evaluation.pass_at_1;
    }
    return values;
  }
  CUPEL_ASSIGN_OR_RETURN(const auto series, store.ReadMetricSeries(metric));
  for (const auto& [step, value] : series) {
    values[step + 1] = value;
  }
  return values;
}

// The step of the checkpoint on disk with the largest value, the latest among equals; -1 when none has one.
absl::StatusOr<int64_t> BestStep(const std::string& run_directory, const std::string& metric,
                                 const std::vector<RolloutStore::Checkpoint>& rows, const RolloutStore& store) {
  int64_t best = -1;
  if (metric.empty()) {
    return best;
  }
  CUPEL_ASSIGN_OR_RETURN(const auto values, MetricByStep(metric, store));
  double largest = 0;
  for (const RolloutStore::Checkpoint& row : rows) {  // newest first
    const auto found = values.find(row.step);
    if (found != values.end() && (best < 0 || found->second > largest) && Exists(PublishedDirectory(run_directory, row.step))) {
      best = row.step;
      largest = found->second;
    }
  }
  return best;
}

}  // namespace

absl::Status SaveCheckpoint(const std::string& run_directory, int64_t step, const Policy& policy, const Checkpointed& trainer,
                            RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Checkpoint> existing, store.ReadCheckpoints());
  const std::string parent = CheckpointsDirectory(run_directory);
  const std::string published = PublishedDirectory(run_directory, step);
  const bool is_there = std::any_of(existing.begin(), existing.end(), [&](const RolloutStore::Checkpoint& row) {
    return row.step == step && VerifyAcknowledged(run_directory, row).ok();
  });
  if (is_there) {
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo run, store.ReadRun());
  const std::string unfinished = parent + "/" + kUnfinishedPrefix + CheckpointName(step);
  CUPEL_RETURN_IF_ERROR(RemoveTree(unfinished));
  CUPEL_RETURN_IF_ERROR(RemoveTree(published));
  std::string manifest;
  if (absl::Status status = WriteEverything(unfinished, step, run, policy, trainer, manifest); !status.ok()) {
    RemoveTree(unfinished).IgnoreError();  // a full disk gets its space back
    return Annotate(status, fmt::format("checkpoint of step {}", step));
  }
  if (std::rename(unfinished.c_str(), published.c_str()) != 0) {
    return Unavailable("{}: cannot be renamed to {}: {}", unfinished, published, std::strerror(errno));
  }
  CUPEL_RETURN_IF_ERROR(SyncDirectory(parent));
  return store.AppendCheckpoint({step, "checkpoints/" + CheckpointName(step), Sha256Hex(manifest)});
}

absl::Status VerifyCheckpoint(const std::string& checkpoint_directory) {
  const std::string path = checkpoint_directory + "/" + kManifestName;
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  CUPEL_ASSIGN_OR_RETURN(const Json manifest, ParseJson(text, path));
  if (!manifest.is_object() || !manifest.contains("format") || !manifest["format"].is_number_unsigned() || !manifest.contains("files") ||
      !manifest["files"].is_array()) {
    return DataLoss("{}: not a checkpoint manifest", path);
  }
  if (manifest["format"].get<int64_t>() > kCheckpointFormat) {
    return FailedPrecondition("{}: written in checkpoint format {}, this program reads up to {}; use a newer cupel", path,
                              manifest["format"].get<int64_t>(), kCheckpointFormat);
  }
  for (const Json& entry : manifest["files"]) {
    CUPEL_RETURN_IF_ERROR(CheckFile(checkpoint_directory, entry));
  }
  return absl::OkStatus();
}

absl::Status LoadCheckpoint(const std::string& run_directory, const RolloutStore::Checkpoint& row, Policy& policy, Checkpointed& trainer) {
  const std::string directory = PublishedDirectory(run_directory, row.step);
  if (!Exists(directory)) {
    return NotFound("{}: is no longer there (run.keep_checkpoints)", directory);
  }
  CUPEL_RETURN_IF_ERROR(VerifyAcknowledged(run_directory, row));
  CUPEL_RETURN_IF_ERROR(policy.LoadWeights(directory));
  return trainer.LoadState(directory);
}

absl::StatusOr<int64_t> LoadNewestCheckpoint(const std::string& run_directory, RolloutStore& store, Policy& policy, Checkpointed& trainer,
                                             std::vector<std::string>& warnings, int64_t latest_step) {
  CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutStore::Checkpoint> rows, store.ReadCheckpoints());
  CUPEL_RETURN_IF_ERROR(RemoveUnacknowledged(CheckpointsDirectory(run_directory), rows));
  std::erase_if(rows, [&](const RolloutStore::Checkpoint& row) { return row.step > latest_step; });
  for (const RolloutStore::Checkpoint& row : rows) {
    const std::string directory = PublishedDirectory(run_directory, row.step);
    const bool is_newest = &row == &rows.front();
    if (!is_newest && !Exists(directory)) {
      continue;  // pruned, as run.keep_checkpoints asks
    }
    const absl::Status status = VerifyAcknowledged(run_directory, row);
    if (absl::IsFailedPrecondition(status)) {
      return status;
    }
    if (!status.ok()) {
      warnings.push_back(fmt::format("the checkpoint of step {} is damaged and was passed over: {}", row.step, Message(status)));
      continue;
    }
    CUPEL_RETURN_IF_ERROR(policy.LoadWeights(directory));
    CUPEL_RETURN_IF_ERROR(trainer.LoadState(directory));
    return row.step;
  }
  return 0;
}

absl::Status PruneCheckpoints(const std::string& run_directory, const RetentionRule& rule, const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Checkpoint> rows, store.ReadCheckpoints());
  CUPEL_ASSIGN_OR_RETURN(const int64_t best, BestStep(run_directory, rule.best_metric, rows, store));
  // A step has two rows when its checkpoint was lost and written again.
  std::set<int64_t> steps;
  for (const RolloutStore::Checkpoint& row : rows) {
    const bool is_first_row = steps.insert(row.step).second;
    const bool is_newest = static_cast<int64_t>(steps.size()) <= std::max<int64_t>(1, rule.newest);
    const bool is_multiple = rule.every > 0 && row.step > 0 && row.step % rule.every == 0;
    if (is_first_row && !is_newest && !is_multiple && row.step != best) {
      CUPEL_RETURN_IF_ERROR(RemoveTree(PublishedDirectory(run_directory, row.step)));
    }
  }
  return absl::OkStatus();
}

}  // namespace cupel
