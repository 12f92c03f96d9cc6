#include <memory>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/open_run.h"
#include "grpo/checkpoint.h"
#include "policy/policy.h"

namespace cupel {
namespace {

struct ExportOptions {
  std::string run;
  std::string to;
  int64_t step = -1;
  bool adapter = false;
};

// The checkpoint of the step asked for, or the newest, that is on disk and verifies.
absl::StatusOr<std::string> FindCheckpoint(const ExportOptions& options, const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Checkpoint> rows, store.ReadCheckpoints());
  for (const RolloutStore::Checkpoint& row : rows) {
    const std::string directory = fmt::format("{}/checkpoints/step-{:06}", options.run, row.step);
    if ((options.step < 0 || row.step == options.step) && Exists(directory)) {
      CUPEL_RETURN_IF_ERROR(VerifyCheckpoint(directory));
      return directory;
    }
  }
  return NotFound("{}: no checkpoint{} on disk", options.run, options.step < 0 ? "" : fmt::format(" of step {}", options.step));
}

absl::Status Export(const ExportOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
  ModelSettings settings;
  const Json section = info.recipe.contains("model") ? info.recipe["model"] : Json::object();
  CUPEL_RETURN_IF_ERROR(ApplyJson(section, store.path() + ", section model", settings));
  if (options.adapter && !settings.lora.is_on()) {
    return InvalidArgument("--adapter: {} was trained without adapters (model.lora.rank is 0); leave it out for the whole weights",
                           options.run);
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string checkpoint, FindCheckpoint(options, store));
  if (Exists(options.to)) {
    return FailedPrecondition("{}: exists already; name a new folder with --to", options.to);
  }
  // The built-in model's weights follow from the seed.
  const Json run = info.recipe.contains("run") ? info.recipe["run"] : Json::object();
  const uint64_t seed = run.contains("seed") && run["seed"].is_number_unsigned() ? run["seed"].get<uint64_t>() : 0;
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Policy> policy, Policy::Load(settings, seed));
  CUPEL_RETURN_IF_ERROR(policy->LoadWeights(checkpoint));
  CUPEL_RETURN_IF_ERROR(MakeDirectories(options.to));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<Policy::WrittenFile> files,
                         options.adapter ? policy->SaveAdapters(options.to) : policy->SaveHuggingFace(options.to));
  fmt::print("{} of {} -> {}\n", options.adapter ? "adapter" : "weights", checkpoint, options.to);
  for (const Policy::WrittenFile& file : files) {
    fmt::print("  {:<28} {}\n", file.name, file.sha256);
  }
  return SyncDirectory(options.to);
}

}  // namespace

Action DeclareExport(CLI::App& app) {
  auto options = std::make_shared<ExportOptions>();
  app.add_option("--run", options->run, "folder of the run")->required();
  app.add_option("--to", options->to, "folder to write, which must not exist")->required();
  app.add_option("--step", options->step, "checkpoint of so many steps (default: the newest)")->check(CLI::Range(0, 1000000000));
  app.add_flag("--adapter", options->adapter, "the low-rank adapter alone, as PEFT reads it; otherwise the whole weights");
  return [options](StopSignal&) {
    const absl::Status status = Export(*options);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
