#include "experiments/train.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "base/progress.h"
#include "base/status.h"
#include "datasets/curriculum.h"
#include "experiments/cpu_time.h"
#include "experiments/evaluate.h"
#include "experiments/metric_log.h"
#include "experiments/report/report_page.h"
#include "experiments/train_report.h"
#include "grpo/checkpoint.h"
#include "grpo/explain.h"
#include "grpo/memory_plan.h"
#include "grpo/trainer.h"
#include "grpo/update.h"
#include "grpo/weights_digest.h"
#include "policy/engine/int8_engine.h"
#include "rollout/rollout_workers.h"
#include "verifiers/check_golds.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kReportEverySeconds = 30;
constexpr int64_t kQuietSteps = 20;  // a warning that has been absent for so many steps is news again

double Seconds(Clock::time_point from, Clock::time_point to) { return std::chrono::duration<double>(to - from).count(); }

// Everything a run holds while it runs. Built once by Prepare; the steps are the member functions, in the order in which a run calls them.
class TrainingRun {
 public:
  TrainingRun(const TrainRequest& request, RunFolder& folder, StopSignal& stop)
      : recipe_(request.recipe),
        evaluates_(request.evaluate),
        latest_step_(request.latest_step),
        folder_(folder),
        store_(folder.store()),
        stop_(stop),
        report_(request.out) {}

  absl::Status Prepare(bool is_resumed);
  absl::Status EvaluateAs(const std::string& name, int64_t step);
  absl::Status Steps();
  absl::Status Finish();
  Json Summary() const;

 private:
  absl::Status Step(int64_t step);
  absl::Status EvaluateIfDue();
  absl::StatusOr<std::vector<RolloutGroup>> CollectOrReuse(int64_t step);
  absl::Status Checkpoint(int64_t finished_steps);
  void WriteReport(int refresh_seconds);
  void WriteReportIfDue();
  absl::Status PlanMemoryOf();
  absl::Status Remark(int64_t step, const StepMetrics& metrics);
  bool IsNewWarning(const std::string& key, int64_t step);
  bool should_stop() { return stop_.Requested() != 0; }

  const Recipe& recipe_;
  bool evaluates_;
  int64_t latest_step_;
  RunFolder& folder_;
  RolloutStore& store_;
  StopSignal& stop_;
  TrainReport report_;

  std::optional<Curriculum> curriculum_;
  std::unique_ptr<Dataset> eval_tasks_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<GenerationEngine> engine_;
  std::optional<RewardComposition> rewards_;
  std::optional<RolloutWorkers> workers_;
  std::optional<Trainer> trainer_;
  std::optional<MetricLog> metric_log_;
  std::vector<StepMetrics> history_;          // of the last kRemarkHistory steps
  std::set<std::string> said_notes_;          // keys of remarks
  std::map<std::string, int64_t> warned_at_;  // by key: the last step that the remark was true of
  int64_t finished_steps_ = 0;
  double append_seconds_ = 0;  // of the step in hand
  Clock::time_point report_written_ = Clock::now();
  double report_cost_ = 0;  // seconds that the last one took
};

absl::Status TrainingRun::Prepare(bool is_resumed) {
  CUPEL_RETURN_IF_ERROR(CheckRecipe(recipe_));
  const auto seed = static_cast<uint64_t>(recipe_.run.seed);
  LoadReport left_out;
  const LoadContext loading{.check_gold = &CheckGold, .report = &left_out, .progress = {}};
  CUPEL_ASSIGN_OR_RETURN(curriculum_, Curriculum::Create(recipe_.data, seed, loading));
  CUPEL_ASSIGN_OR_RETURN(eval_tasks_, MakeDataset(recipe_.data, seed, Split::kEval, loading));
  CUPEL_ASSIGN_OR_RETURN(rewards_, RewardComposition::Create(recipe_.reward));
  CUPEL_RETURN_IF_ERROR(PlanMemoryOf());
  CUPEL_ASSIGN_OR_RETURN(policy_, Policy::Load(recipe_.model, seed));
  engine_ = MakeEngine(*policy_, recipe_.engine, recipe_.rollout.weights);
  workers_.emplace(*engine_, policy_->tokenizer(), policy_->chat(), *rewards_);
  trainer_.emplace(*policy_, ResolvedGrpo(recipe_), recipe_.optimizer, recipe_.rollout.temperature,
                   recipe_.run.steps * recipe_.grpo.updates_per_step());

  store_.SetTokenizer(&policy_->tokenizer());
  report_.Header(recipe_, folder_.directory(), *policy_, *curriculum_, eval_tasks_->size());
  for (const std::string& line : left_out.Lines()) {
    report_.Note(line);
  }
  if (!is_resumed) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info,
                           DescribeRun(ConfigToJson(recipe_), recipe_.model.path, policy_->kernel_path()));
    CUPEL_RETURN_IF_ERROR(folder_.WriteRecipe(ConfigToToml(recipe_), info));
    CUPEL_ASSIGN_OR_RETURN(metric_log_, MetricLog::Open(folder_.directory(), store_, 0));
    return absl::OkStatus();
  }
  std::vector<std::string> warnings;
  CUPEL_ASSIGN_OR_RETURN(finished_steps_, LoadNewestCheckpoint(folder_.directory(), store_, *policy_, *trainer_, warnings, latest_step_));
  for (const std::string& warning : warnings) {
    report_.Warning(warning);
    CUPEL_RETURN_IF_ERROR(store_.AppendEvent(finished_steps_, "warning", warning));
  }
  report_.Resumed(finished_steps_);
  CUPEL_RETURN_IF_ERROR(store_.WriteEnd(false));
  CUPEL_ASSIGN_OR_RETURN(metric_log_, MetricLog::Open(folder_.directory(), store_, finished_steps_));
  return store_.AppendEvent(finished_steps_, "resume", fmt::format("continued after {} finished steps", finished_steps_));
}

absl::Status TrainingRun::EvaluateAs(const std::string& name, int64_t step) {
  // The weights of another step than asked for are not evaluated under its name ("before" of a resumed run).
  if (!evaluates_ || finished_steps_ != step) {
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> stored, store_.ReadEvaluations());
  if (std::any_of(stored.begin(), stored.end(),
                  [&](const auto& evaluation) { return evaluation.name == name && evaluation.step == step; })) {
    return absl::OkStatus();
  }
  EvaluationRequest request{.questions = recipe_.eval.questions,
                            .samples = recipe_.eval.samples,
                            .sampling = EvaluationSampling(recipe_),
                            .seed = static_cast<uint64_t>(recipe_.run.seed)};
  absl::StatusOr<EvaluationResult> result = Evaluate(
      *eval_tasks_, request, *workers_, [&](const CollectProgress& progress) { report_.Evaluating(name, progress); },
      [this] { return should_stop(); });
  CUPEL_RETURN_IF_ERROR(result.status());
  report_.Evaluated(name, *result);
  return store_.WriteEvaluation({.step = step,
                                 .name = name,
                                 .num_questions = result->num_questions,
                                 .samples_per_question = result->samples,
                                 .pass_at_1 = result->pass_at_1,
                                 .standard_error = result->standard_error,
                                 .examples = EvaluationExamples(*result, recipe_.eval.examples)});
}

absl::StatusOr<std::vector<RolloutGroup>> TrainingRun::CollectOrReuse(int64_t step) {
  // A step that was stored but not learned from before a kill is not sampled again: its rollouts are acknowledged.
  CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> groups, store_.ReadStep(step));
  if (!groups.empty()) {
    return groups;
  }
  // All rounds of dynamic sampling are drawn, and logged, as one step; without it there is one round.
  const int64_t per_round = recipe_.rollout.prompts_per_step;
  const int64_t num_rounds = 1 + recipe_.grpo.resample_rounds;
  const std::vector<Task> tasks = curriculum_->Draw(step, TasksDrawn(recipe_));
  int64_t with_signal = 0;
  for (int64_t round = 0; round < num_rounds && with_signal < per_round; ++round) {
    CollectRequest request;
    request.tasks.assign(tasks.begin() + round * per_round, tasks.begin() + (round + 1) * per_round);
    request.group_size = recipe_.rollout.group_size;
    request.sampling = TrainingSampling(recipe_);
    request.random = {.seed = static_cast<uint64_t>(recipe_.run.seed),
                      .purpose = RandomPurpose::kSampling,
                      .step = static_cast<uint32_t>(step),
                      .prompt = static_cast<uint32_t>(round * per_round)};
    request.step = step;
    CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> collected,
                           workers_->Collect(
                               request, [&](const CollectProgress& progress) { report_.Sampling(step, recipe_.run.steps, progress); },
                               [this] { return should_stop(); }));
    for (RolloutGroup& group : collected) {
      group.group_idx += round * per_round;
      with_signal += HasSignal(ScoredRewards(group)) ? 1 : 0;
      groups.push_back(std::move(group));
    }
  }
  trainer_->Judge(groups);
  const Clock::time_point start = Clock::now();
  CUPEL_RETURN_IF_ERROR(store_.AppendStep(step, groups));
  append_seconds_ = Seconds(start, Clock::now());
  return groups;
}

// What the run will hold in memory, printed; refused when it does not fit.
absl::Status TrainingRun::PlanMemoryOf() {
  CUPEL_ASSIGN_OR_RETURN(const ModelFile file, OpenModel(recipe_.model.path));
  const std::vector<MemoryPart> plan = PlanMemory(TrainingMemory(file.config, recipe_));
  report_.Memory(plan, AvailableMemory());
  return CheckMemory(plan, AvailableMemory());
}

// Whether what is wrong in this step was right for a while: a number that wavers around its bound is not told of in every other step.
bool TrainingRun::IsNewWarning(const std::string& key, int64_t step) {
  const auto [last, is_first] = warned_at_.try_emplace(key, step);
  const bool is_new = is_first || step - last->second > kQuietSteps;
  last->second = step;
  return is_new;
}

// What a person may wonder about in the step's numbers. What only looks odd is said once; what is wrong, each time that it comes back.
absl::Status TrainingRun::Remark(int64_t step, const StepMetrics& metrics) {
  for (const cupel::Remark& remark : Explain(metrics, history_, recipe_.grpo)) {
    if (remark.is_warning ? !IsNewWarning(remark.key, step) : !said_notes_.insert(remark.key).second) {
      continue;
    }
    const std::string text = fmt::format("step {}: {}", step + 1, remark.text);
    remark.is_warning ? report_.Warning(text) : report_.Note(text);
    CUPEL_RETURN_IF_ERROR(store_.AppendEvent(step, remark.is_warning ? "warning" : "note", remark.text));
  }
  history_.push_back(metrics);
  if (history_.size() > kRemarkHistory) {
    history_.erase(history_.begin());
  }
  return absl::OkStatus();
}

absl::Status TrainingRun::Step(int64_t step) {
  const Clock::time_point start = Clock::now();
  const double cpu_before = CpuSeconds();
  const GenerationStats before = engine_->stats();
  append_seconds_ = 0;
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, CollectOrReuse(step));
  const Clock::time_point collected = Clock::now();
  const auto sampled = static_cast<double>(engine_->stats().sampled_tokens - before.sampled_tokens);
  report_.Learning(step, recipe_.run.steps);
  CUPEL_ASSIGN_OR_RETURN(StepMetrics metrics, trainer_->Learn(groups));
  const Clock::time_point learned = Clock::now();
  const RolloutStore::Update update{policy_->version(), WeightsDigest(*policy_)};

  metrics.Set("time/rollout_seconds", Seconds(start, collected));
  metrics.Set("time/learn_seconds", Seconds(collected, learned));
  metrics.Set("time/sampled_tokens_per_second", sampled / Seconds(start, collected));
  metrics.Set("time/trained_tokens_per_second", metrics.Get("train/scored_tokens") / Seconds(collected, learned));
  metrics.Set("time/log_seconds", append_seconds_ + Seconds(learned, Clock::now()));
  metrics.Set("time/cpu_seconds", CpuSeconds() - cpu_before);
  metrics.Set("step_time", Seconds(start, Clock::now()));
  CUPEL_RETURN_IF_ERROR(store_.WriteMetrics(step, metrics.values, update));
  CUPEL_RETURN_IF_ERROR(metric_log_->Write(step + 1, metrics));
  if (metrics.Get("train/skipped_updates") > 0) {
    CUPEL_RETURN_IF_ERROR(store_.AppendEvent(step, "skipped_update", "the loss or a gradient was not finite"));
  }
  report_.StepDone(step, recipe_.run.steps, metrics);
  return Remark(step, metrics);
}

absl::Status TrainingRun::Checkpoint(int64_t finished_steps) {
  report_.Saving(finished_steps);
  const absl::Status status = SaveCheckpoint(folder_.directory(), finished_steps, *policy_, *trainer_, store_);
  const bool may_continue = recipe_.run.on_full_disk == "continue" && finished_steps < recipe_.run.steps && !should_stop();
  if (absl::IsResourceExhausted(status) && may_continue) {
    const std::string text = fmt::format("{}; the checkpoint before stays, and the run continues (run.on_full_disk)", Message(status));
    report_.Warning(text);
    return store_.AppendEvent(finished_steps, "warning", text);
  }
  CUPEL_RETURN_IF_ERROR(status);
  const RetentionRule rule{.newest = recipe_.run.keep_checkpoints, .every = recipe_.run.keep_every, .best_metric = recipe_.run.keep_best};
  return PruneCheckpoints(folder_.directory(), rule, store_);
}

absl::Status TrainingRun::EvaluateIfDue() {
  const bool is_due = recipe_.eval.every > 0 && finished_steps_ > 0 && finished_steps_ % recipe_.eval.every == 0;
  return is_due ? EvaluateAs("step", finished_steps_) : absl::OkStatus();
}

absl::Status TrainingRun::Steps() {
  report_.StepsBegin(recipe_.run.steps);
  while (finished_steps_ < recipe_.run.steps) {
    // Before the step, not after the one that made it due: a run that was stopped in the middle of an evaluation makes up for it.
    absl::Status status = EvaluateIfDue();
    if (status.ok()) {
      status = should_stop() ? absl::CancelledError() : Step(finished_steps_);
    }
    if (absl::IsCancelled(status)) {
      CUPEL_RETURN_IF_ERROR(Checkpoint(finished_steps_));
    }
    CUPEL_RETURN_IF_ERROR(status);
    ++finished_steps_;
    if (finished_steps_ == recipe_.run.steps || finished_steps_ % recipe_.run.checkpoint_every == 0) {
      CUPEL_RETURN_IF_ERROR(Checkpoint(finished_steps_));
    }
    WriteReportIfDue();
  }
  return absl::OkStatus();
}

// The page for people. A run does not fail for want of it.
void TrainingRun::WriteReport(int refresh_seconds) {
  const Clock::time_point start = Clock::now();
  const absl::StatusOr<std::string> page = ReportPage({&store_}, {}, refresh_seconds);
  absl::Status status = page.status();
  if (status.ok()) {
    status = WriteFileAtomically(folder_.directory() + "/report.html", *page);
  }
  if (!status.ok()) {
    report_.Warning(fmt::format("report.html was not written: {}", Message(status)));
  }
  report_written_ = Clock::now();
  report_cost_ = Seconds(start, report_written_);
}

// While the run goes on: seldom enough to cost at most a hundredth of its time.
void TrainingRun::WriteReportIfDue() {
  if (Seconds(report_written_, Clock::now()) > std::max(kReportEverySeconds, 100 * report_cost_)) {
    WriteReport(static_cast<int>(kReportEverySeconds));
  }
}

absl::Status TrainingRun::Finish() {
  CUPEL_RETURN_IF_ERROR(EvaluateAs("after", finished_steps_));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations, store_.ReadEvaluations());
  report_.BeforeAndAfter(evaluations);
  CUPEL_RETURN_IF_ERROR(store_.WriteEnd(true));
  WriteReport(0);
  return absl::OkStatus();
}

Json TrainingRun::Summary() const {
  Json evaluations = Json::array();
  if (const absl::StatusOr<std::vector<RolloutStore::Evaluation>> stored = store_.ReadEvaluations(); stored.ok()) {
    for (const RolloutStore::Evaluation& evaluation : *stored) {
      evaluations.push_back({{"name", evaluation.name},
                             {"step", evaluation.step},
                             {"pass@1", evaluation.pass_at_1},
                             {"standard_error", evaluation.standard_error}});
    }
  }
  return {{"run", folder_.directory()},
          {"steps", finished_steps_},
          {"database", folder_.directory() + "/run.db"},
          {"checkpoint", fmt::format("{}/checkpoints/step-{:06}", folder_.directory(), finished_steps_)},
          {"report", folder_.directory() + "/report.html"},
          {"evaluations", std::move(evaluations)}};
}

}  // namespace

absl::StatusOr<TrainOutcome> Train(const TrainRequest& request, RunFolder& folder, bool is_resumed, StopSignal& stop) {
  TrainingRun run(request, folder, stop);
  CUPEL_RETURN_IF_ERROR(run.Prepare(is_resumed));
  absl::Status status = run.EvaluateAs("before", 0);
  if (status.ok()) {
    status = run.Steps();
  }
  if (status.ok()) {
    status = run.Finish();
  }
  if (!status.ok() && !absl::IsCancelled(status)) {
    return status;
  }
  return TrainOutcome{status.ok() ? 0 : stop.Requested(), run.Summary()};
}

}  // namespace cupel
