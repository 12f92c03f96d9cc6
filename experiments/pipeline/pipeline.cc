#include "experiments/pipeline/pipeline.h"

#include <chrono>
#include <thread>

#include "base/file.h"
#include "base/progress.h"
#include "base/status.h"
#include "experiments/analysis/behaviour.h"
#include "experiments/cpu_time.h"
#include "experiments/measure.h"
#include "experiments/open_run.h"
#include "experiments/paired_difference.h"
#include "experiments/pipeline/ledger.h"
#include "experiments/pipeline/pipeline_page.h"
#include "experiments/pipeline/run_stage.h"
#include "experiments/pipeline/stage_record.h"
#include "policy/calibration.h"
#include "policy/checkpoint/tensor_source.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kUntouched = "untouched";
constexpr int64_t kExamples = 6;  // questions whose answers the report shows

absl::StatusOr<Json> ReadJsonFile(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseJson(text, path);
}

// The loop over the stages; members in the order in which it calls them.
class PipelineRun {
 public:
  PipelineRun(const Pipeline& pipeline, StopSignal& stop, std::FILE* out)
      : pipeline_(pipeline), stop_(stop), out_(out), progress_(out), rows_(Json::array()) {}

  absl::Status Calibrate();
  absl::Status Untouched();
  absl::Status Stages();
  absl::StatusOr<Json> Finish();
  int stopped_by() const { return stopped_by_; }

 private:
  absl::StatusOr<Json> RunOrRead(const Stage& stage, size_t index);
  absl::StatusOr<Json> CostOf(const Stage& stage, bool has_log, double seconds, double cpu_seconds) const;
  absl::StatusOr<Json> Evaluation(const std::string& folder, const std::string& model);
  absl::Status AddGain(Json& row);
  absl::StatusOr<ModelShape> Shape(const std::string& model) const;

  const Pipeline& pipeline_;
  StopSignal& stop_;
  std::FILE* out_;
  Progress progress_;
  Rates rates_;
  Json machine_;
  Json rows_;
  TaskShares measured_before_;  // of the model measured last; empty before the first
  std::string measured_name_;
  int stopped_by_ = 0;
};

// The machine's rate is measured once for a pipeline, before its first stage, and kept.
absl::Status PipelineRun::Calibrate() {
  const std::string path = pipeline_.settings.folder + "/machine.json";
  if (Exists(path)) {
    CUPEL_ASSIGN_OR_RETURN(machine_, ReadJsonFile(path));
  } else {
    const auto threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const Calibration measured = MeasureCalibration(threads);
    machine_ = {{"threads", threads},
                {"matmul_type", measured.matmul_type},
                {"matmul_gflops", measured.matmul_gflops},
                {"copy_gb_per_s", measured.copy_gb_per_s}};
    CUPEL_RETURN_IF_ERROR(WriteFileAtomically(path, DumpJson(machine_, 2) + "\n"));
  }
  rates_ = {.peak_flops = machine_.value("matmul_gflops", 0.0) * 1e9, .price_per_core_hour = pipeline_.settings.price_per_core_hour};
  return absl::OkStatus();
}

absl::StatusOr<ModelShape> PipelineRun::Shape(const std::string& model) const {
  CUPEL_ASSIGN_OR_RETURN(const ModelFile file, OpenModel(model));
  return ShapeOf(model, file.config);
}

// Measures a model once; the result is kept beside it, with the settings that it was measured by.
absl::StatusOr<Json> PipelineRun::Evaluation(const std::string& folder, const std::string& model) {
  const std::string path = folder + "/evaluation.json";
  Recipe recipe = pipeline_.evaluation;
  recipe.model.path = model;
  const Json settings = {{"recipe", ConfigToJson(recipe)}, {"budgets", pipeline_.settings.budgets}};
  if (Exists(path)) {
    CUPEL_ASSIGN_OR_RETURN(Json stored, ReadJsonFile(path));
    if (stored.value("settings", Json()) == settings && stored.contains("questions")) {
      return stored;
    }
  }
  CUPEL_ASSIGN_OR_RETURN(const Measurement measured, MeasureModel(recipe, pipeline_.settings.budgets, stop_, out_));
  CUPEL_ASSIGN_OR_RETURN(const ModelShape shape, Shape(model));
  const Json result = {{"settings", settings},
                       {"summary", measured.summary},
                       {"questions", EvaluationQuestions(measured.result)},
                       {"examples", EvaluationExamples(measured.result, kExamples)},
                       {"cost", CostJson(CostOfEvaluation(measured.summary, shape), rates_)}};
  CUPEL_RETURN_IF_ERROR(MakeDirectories(folder));
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(path, DumpJson(result, 2) + "\n"));
  return result;
}

absl::Status PipelineRun::Untouched() {
  if (!pipeline_.evaluates || !pipeline_.settings.evaluate_untouched || pipeline_.untouched.empty()) {
    return absl::OkStatus();
  }
  progress_.Line(fmt::format("[0/{}] {}: {}", pipeline_.stages.size(), kUntouched, pipeline_.untouched));
  CUPEL_ASSIGN_OR_RETURN(Json evaluation, Evaluation(pipeline_.settings.folder + "/" + kUntouched, pipeline_.untouched));
  Json row = {{"name", kUntouched}, {"kind", ""}, {"evaluation", std::move(evaluation)}};
  CUPEL_RETURN_IF_ERROR(AddGain(row));
  rows_.push_back(std::move(row));
  return absl::OkStatus();
}

// How much better the model of `row` is than the one measured before it, on the same questions.
absl::Status PipelineRun::AddGain(Json& row) {
  const std::string name = row["name"];
  CUPEL_ASSIGN_OR_RETURN(TaskShares shares, ReadTaskShares(row["evaluation"]["questions"], name + "/evaluation.json"));
  if (!measured_before_.empty()) {
    const PairedDifference pair = Compare(measured_before_, shares);
    row["gain"] = {{"over", measured_name_},
                   {"mean", pair.difference.mean},
                   {"standard_error", pair.difference.error},
                   {"low95", pair.low95()},
                   {"high95", pair.high95()}};
  }
  measured_before_ = std::move(shares);
  measured_name_ = name;
  return absl::OkStatus();
}

absl::StatusOr<Json> PipelineRun::CostOf(const Stage& stage, bool has_log, double seconds, double cpu_seconds) const {
  Cost cost{.seconds = seconds, .cpu_seconds = cpu_seconds};
  if (has_log) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(stage.folder));
    CUPEL_ASSIGN_OR_RETURN(const ModelShape shape, Shape(ModelOf(stage)));
    CUPEL_ASSIGN_OR_RETURN(cost, CostOfRun(store, shape));
  }
  return CostJson(cost, rates_);
}

absl::StatusOr<Json> PipelineRun::RunOrRead(const Stage& stage, size_t index) {
  CUPEL_ASSIGN_OR_RETURN(std::optional<Json> record, ReadFinished(pipeline_, stage));
  progress_.Line(
      fmt::format("[{}/{}] {} ({}){}", index + 1, pipeline_.stages.size(), stage.name, stage.kind, record ? ": finished before" : ""));
  if (record) {
    return *std::move(record);
  }
  const double cpu_before = CpuSeconds();
  const Clock::time_point start = Clock::now();
  CUPEL_ASSIGN_OR_RETURN(const StageOutcome outcome, RunStage(stage, stop_, out_));
  if (outcome.stopped_by != 0) {
    stopped_by_ = outcome.stopped_by;
    return absl::CancelledError();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  CUPEL_ASSIGN_OR_RETURN(const Json cost, CostOf(stage, outcome.has_log, seconds, CpuSeconds() - cpu_before));
  CUPEL_RETURN_IF_ERROR(WriteFinished(pipeline_, stage, outcome.facts, cost));
  CUPEL_ASSIGN_OR_RETURN(record, ReadFinished(pipeline_, stage));
  return *std::move(record);
}

absl::Status PipelineRun::Stages() {
  for (size_t i = 0; i < pipeline_.stages.size(); ++i) {
    const Stage& stage = pipeline_.stages[i];
    absl::StatusOr<Json> record = RunOrRead(stage, i);
    if (!record.ok()) {
      return absl::IsCancelled(record.status()) ? record.status() : Annotate(record.status(), "stage " + stage.name);
    }
    Json row = {{"name", stage.name},
                {"kind", stage.kind},
                {"folder", stage.folder},
                {"output", stage.output},
                {"digest", (*record)["digest"]},
                {"facts", (*record)["facts"]},
                {"cost", (*record)["cost"]}};
    if (stage.evaluate) {
      CUPEL_ASSIGN_OR_RETURN(row["evaluation"], Evaluation(stage.folder, stage.output));
      CUPEL_RETURN_IF_ERROR(AddGain(row));
    }
    rows_.push_back(std::move(row));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> PipelineRun::Finish() {
  Cost total;
  for (const Json& row : rows_) {
    if (row.contains("cost")) {
      total.Add(CostFromJson(row["cost"]));
    }
  }
  Json summary = {{"folder", pipeline_.settings.folder},
                  {"machine", machine_},
                  {"currency", pipeline_.settings.currency},
                  {"stages", rows_},
                  {"total", CostJson(total, rates_)}};
  Json behaviour = Json::array();
  for (const Stage& stage : pipeline_.stages) {
    if (stage.kind == "train" || stage.kind == "sample") {
      CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(stage.folder));
      CUPEL_ASSIGN_OR_RETURN(Json curves, BehaviourCurves(store));
      behaviour.push_back({{"stage", stage.name}, {"curves", std::move(curves)}});
    }
  }
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(pipeline_.settings.folder + "/pipeline.json", DumpJson(summary, 2) + "\n"));
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(pipeline_.settings.folder + "/report.html", PipelinePage(summary, behaviour)));
  return summary;
}

}  // namespace

absl::StatusOr<PipelineOutcome> RunPipeline(const Pipeline& pipeline, StopSignal& stop, std::FILE* out) {
  CUPEL_RETURN_IF_ERROR(MakeDirectories(pipeline.settings.folder));
  const absl::StatusOr<FileLock> lock = FileLock::Acquire(pipeline.settings.folder + "/.lock");
  if (!lock.ok()) {
    return Annotate(lock.status(), fmt::format("{}: another process is using this pipeline's folder", pipeline.settings.folder));
  }
  PipelineRun run(pipeline, stop, out);
  CUPEL_RETURN_IF_ERROR(run.Calibrate());
  absl::Status status = run.Untouched();
  if (status.ok()) {
    status = run.Stages();
  }
  if (absl::IsCancelled(status)) {
    return PipelineOutcome{run.stopped_by() != 0 ? run.stopped_by() : stop.Requested(), {{"folder", pipeline.settings.folder}}};
  }
  CUPEL_RETURN_IF_ERROR(status);
  CUPEL_ASSIGN_OR_RETURN(Json summary, run.Finish());
  return PipelineOutcome{0, std::move(summary)};
}

}  // namespace cupel
