#include "experiments/pipeline/run_stage.h"

#include <chrono>
#include <memory>
#include <optional>

#include <fmt/ranges.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/status.h"
#include "experiments/cpu_time.h"
#include "experiments/run_folder.h"
#include "experiments/sft.h"
#include "experiments/train.h"
#include "policy/engine/int8_engine.h"
#include "policy/policy.h"
#include "rollout/rollout_workers.h"
#include "verifiers/check_golds.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;

struct OpenedRun {
  RunFolder folder;
  bool is_resumed;
};

// The stage's folder, to go on with the run that it holds or to start one. A run of other settings is not gone on with.
absl::StatusOr<OpenedRun> OpenRunOf(const Stage& stage) {
  absl::StatusOr<RunFolder> folder = RunFolder::Open(stage.folder, RunFolder::Start::kResume);
  if (absl::IsNotFound(folder.status())) {
    CUPEL_ASSIGN_OR_RETURN(RunFolder fresh, RunFolder::Open(stage.folder, RunFolder::Start::kNew));
    return OpenedRun{std::move(fresh), false};
  }
  CUPEL_RETURN_IF_ERROR(folder.status());
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, folder->store().ReadRun());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<std::string> differences, ChangedSince(info.recipe, folder->store().path(), stage.recipe));
  if (!differences.empty()) {
    return FailedPrecondition("it was begun with other settings ({}); remove {} to begin it again", fmt::join(differences, "; "),
                              stage.folder);
  }
  return OpenedRun{*std::move(folder), true};
}

// Asks questions block by block; a block that the log holds is not asked again.
class SamplingRun {
 public:
  SamplingRun(const SampleRecipe& recipe, RunFolder& folder, StopSignal& stop, std::FILE* out)
      : recipe_(recipe), store_(folder.store()), stop_(stop), progress_(out), filter_(recipe.keep) {}

  absl::Status Prepare(bool is_resumed, RunFolder& folder);
  absl::Status Run();
  const RejectionFilter& filter() const { return filter_; }

 private:
  absl::StatusOr<std::vector<RolloutGroup>> Block(int64_t block, int64_t first, int64_t end);

  const SampleRecipe& recipe_;
  RolloutStore& store_;
  StopSignal& stop_;
  Progress progress_;
  RejectionFilter filter_;
  std::unique_ptr<Dataset> tasks_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<GenerationEngine> engine_;
  std::optional<RewardComposition> rewards_;
  std::optional<RolloutWorkers> workers_;
};

absl::Status SamplingRun::Prepare(bool is_resumed, RunFolder& folder) {
  const auto seed = static_cast<uint64_t>(recipe_.keep.seed);
  CUPEL_ASSIGN_OR_RETURN(tasks_, MakeDataset(recipe_.data, seed, Split::kTrain));
  CUPEL_RETURN_IF_ERROR(CheckGolds(*tasks_));
  CUPEL_ASSIGN_OR_RETURN(rewards_, RewardComposition::Create(RejectionFilter::Rewards(recipe_.keep)));
  CUPEL_ASSIGN_OR_RETURN(policy_, Policy::Load(recipe_.model, seed));
  engine_ = MakeEngine(*policy_, recipe_.engine, recipe_.rollout.weights);
  workers_.emplace(*engine_, policy_->tokenizer(), policy_->chat(), *rewards_);
  store_.SetTokenizer(&policy_->tokenizer());
  if (is_resumed) {
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, DescribeRun(ConfigToJson(recipe_), recipe_.model.path, policy_->kernel_path()));
  return folder.WriteRecipe(ConfigToToml(recipe_), info);
}

absl::StatusOr<std::vector<RolloutGroup>> SamplingRun::Block(int64_t block, int64_t first, int64_t end) {
  CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> groups, store_.ReadStep(block));
  if (!groups.empty()) {
    return groups;
  }
  const double cpu_before = CpuSeconds();
  const Clock::time_point start = Clock::now();
  CollectRequest request;
  for (int64_t i = first; i < end; ++i) {
    request.tasks.push_back(tasks_->At(i));
  }
  Recipe sampling;
  sampling.rollout = recipe_.rollout;
  request.group_size = recipe_.rollout.group_size;
  request.sampling = TrainingSampling(sampling);
  request.random = {.seed = static_cast<uint64_t>(recipe_.keep.seed),
                    .purpose = RandomPurpose::kSampling,
                    .step = static_cast<uint32_t>(block),
                    .prompt = 0};
  request.step = block;
  const auto show = [&](const CollectProgress& now) {
    progress_.Update(fmt::format("  questions {} of {}, {} answers kept", first + now.finished / request.group_size, recipe_.keep.questions,
                                 filter_.kept()));
  };
  CUPEL_ASSIGN_OR_RETURN(groups, workers_->Collect(request, show, [this] { return stop_.Requested() != 0; }));
  CUPEL_RETURN_IF_ERROR(store_.AppendStep(block, groups));
  CUPEL_RETURN_IF_ERROR(store_.WriteMetrics(block, {{"time/cpu_seconds", CpuSeconds() - cpu_before},
                                                    {"step_time", std::chrono::duration<double>(Clock::now() - start).count()}}));
  return groups;
}

absl::Status SamplingRun::Run() {
  const int64_t questions = std::min(recipe_.keep.questions, tasks_->size());
  for (int64_t first = 0, block = 0; first < questions; first += recipe_.rollout.prompts_per_step, ++block) {
    if (stop_.Requested() != 0) {
      return absl::CancelledError();
    }
    const int64_t end = std::min(first + recipe_.rollout.prompts_per_step, questions);
    CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, Block(block, first, end));
    for (const RolloutGroup& group : groups) {
      filter_.Add(group);
    }
  }
  progress_.Line(fmt::format("  kept {}", DumpJson(filter_.Summary())));
  return filter_.CheckNotEmpty();
}

// The rows of a file of examples, at most `limit` of them (0: all).
absl::StatusOr<std::string> ReadRows(const std::string& path, int64_t limit, int64_t& added) {
  CUPEL_ASSIGN_OR_RETURN(LineReader reader, LineReader::Open(path));
  std::string rows;
  for (added = 0; limit == 0 || added < limit;) {
    CUPEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> line, reader.Next());
    if (!line) {
      break;
    }
    if (line->find_first_not_of(" \t\r") != std::string_view::npos) {
      rows += std::string(*line) + "\n";
      ++added;
    }
  }
  return rows;
}

class Runner {
 public:
  Runner(const Stage& stage, StopSignal& stop, std::FILE* out) : stage_(stage), stop_(stop), out_(out) {}

  absl::StatusOr<StageOutcome> operator()(const TraceRecipe& recipe) const {
    CUPEL_RETURN_IF_ERROR(MakeDirectories(stage_.folder));
    CUPEL_ASSIGN_OR_RETURN(const int64_t rows, WriteTraceData(recipe, stage_.output, stop_));
    return StageOutcome{.facts = {{"rows", rows}}};
  }

  absl::StatusOr<StageOutcome> operator()(const ShrinkRecipe& recipe) const {
    CUPEL_RETURN_IF_ERROR(MakeDirectories(stage_.folder));
    CUPEL_ASSIGN_OR_RETURN(Json facts, ShrinkModel(recipe.shrink, stage_.output));
    return StageOutcome{.facts = std::move(facts)};
  }

  absl::StatusOr<StageOutcome> operator()(const SftRecipe& recipe) const {
    CUPEL_ASSIGN_OR_RETURN(OpenedRun run, OpenRunOf(stage_));
    CUPEL_ASSIGN_OR_RETURN(const SftOutcome outcome, RunSft(recipe, run.folder, run.is_resumed, stop_, out_));
    return StageOutcome{outcome.stopped_by, {{"steps", recipe.run.steps}}, true};
  }

  absl::StatusOr<StageOutcome> operator()(const Recipe& recipe) const {
    CUPEL_ASSIGN_OR_RETURN(OpenedRun run, OpenRunOf(stage_));
    TrainRequest request;
    request.recipe = recipe;
    request.evaluate = recipe.eval.every > 0;  // the pipeline measures what comes out
    request.out = out_;
    CUPEL_ASSIGN_OR_RETURN(const TrainOutcome outcome, Train(request, run.folder, run.is_resumed, stop_));
    return StageOutcome{outcome.stopped_by, {{"steps", recipe.run.steps}}, true};
  }

  absl::StatusOr<StageOutcome> operator()(const SampleRecipe& recipe) const {
    CUPEL_ASSIGN_OR_RETURN(OpenedRun run, OpenRunOf(stage_));
    SamplingRun sampling(recipe, run.folder, stop_, out_);
    CUPEL_RETURN_IF_ERROR(sampling.Prepare(run.is_resumed, run.folder));
    const absl::Status status = sampling.Run();
    if (absl::IsCancelled(status)) {
      return StageOutcome{.stopped_by = stop_.Requested(), .has_log = true};
    }
    CUPEL_RETURN_IF_ERROR(status);
    Json facts = sampling.filter().Summary();
    std::string rows = sampling.filter().rows();
    if (!recipe.keep.add.empty()) {
      int64_t added = 0;
      CUPEL_ASSIGN_OR_RETURN(const std::string more, ReadRows(recipe.keep.add, recipe.keep.add_rows, added));
      rows += more;
      facts["added"] = added;
    }
    CUPEL_RETURN_IF_ERROR(WriteFileAtomically(stage_.output, rows));
    return StageOutcome{.facts = std::move(facts), .has_log = true};
  }

 private:
  const Stage& stage_;
  StopSignal& stop_;
  std::FILE* out_;
};

}  // namespace

absl::StatusOr<StageOutcome> RunStage(const Stage& stage, StopSignal& stop, std::FILE* out) {
  return std::visit(Runner(stage, stop, out), stage.recipe);
}

}  // namespace cupel
