#include "experiments/sft.h"

#include <chrono>
#include <optional>

#include "base/progress.h"
#include "base/random.h"
#include "base/status.h"
#include "datasets/permutation.h"
#include "experiments/cpu_time.h"
#include "experiments/metric_log.h"
#include "experiments/sft_data.h"
#include "grpo/checkpoint.h"
#include "grpo/memory_plan.h"
#include "grpo/sft.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;

// Everything a run holds while it runs; the member functions stand in the order in which a run calls them.
class SftRun {
 public:
  SftRun(const SftRecipe& recipe, RunFolder& folder, StopSignal& stop, std::FILE* out)
      : recipe_(recipe), folder_(folder), store_(folder.store()), stop_(stop), progress_(out) {}

  absl::Status Prepare(bool is_resumed);
  absl::Status Steps();
  absl::Status Evaluate(const char* name);
  Json Summary() const;

 private:
  absl::Status CheckMemoryFits() const;
  absl::Status Start();
  absl::Status Resume();
  std::vector<SftExample> Draw(int64_t step) const;
  absl::Status Step(int64_t step);
  absl::Status Checkpoint();

  const SftRecipe& recipe_;
  RunFolder& folder_;
  RolloutStore& store_;
  StopSignal& stop_;
  Progress progress_;
  std::unique_ptr<Policy> policy_;
  SftData data_;
  std::optional<SftData> eval_data_;
  std::optional<SftTrainer> trainer_;
  std::optional<MetricLog> metric_log_;
  int64_t finished_steps_ = 0;
  Json losses_ = Json::object();  // of the evaluation file, by name
};

absl::Status SftRun::CheckMemoryFits() const {
  CUPEL_ASSIGN_OR_RETURN(const ModelFile file, OpenModel(recipe_.model.path));
  MemoryRequest request = MemoryRequestOf(file.config, recipe_.model);
  request.microbatch_tokens = recipe_.sft.microbatch_tokens;
  return CheckMemory(PlanMemory(request), AvailableMemory());
}

absl::Status SftRun::Prepare(bool is_resumed) {
  CUPEL_RETURN_IF_ERROR(CheckMemoryFits());
  CUPEL_ASSIGN_OR_RETURN(policy_, Policy::Load(recipe_.model, static_cast<uint64_t>(recipe_.run.seed)));
  const int64_t limit = std::min(recipe_.sft.max_tokens, policy_->config().max_context);
  CUPEL_ASSIGN_OR_RETURN(data_, ReadSftData(recipe_.sft.path, policy_->chat(), policy_->tokenizer(), limit));
  if (!recipe_.sft.eval_path.empty()) {
    CUPEL_ASSIGN_OR_RETURN(eval_data_, ReadSftData(recipe_.sft.eval_path, policy_->chat(), policy_->tokenizer(), limit));
  }
  trainer_.emplace(*policy_, recipe_.optimizer, recipe_.sft.safety, recipe_.sft.microbatch_tokens, recipe_.run.steps);
  progress_.Line(fmt::format("cupel sft: run {}", folder_.directory()));
  progress_.Line(fmt::format("  model    {}, kernels {}, {} threads", recipe_.model.path, policy_->kernel_path(), policy_->num_threads()));
  progress_.Line(fmt::format("  data     {} examples from {} rows of {}, {} longer than {} tokens left out", data_.examples.size(),
                             data_.rows, recipe_.sft.path, data_.too_long, limit));
  return is_resumed ? Resume() : Start();
}

absl::Status SftRun::Start() {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, DescribeRun(ConfigToJson(recipe_), recipe_.model.path, policy_->kernel_path()));
  CUPEL_RETURN_IF_ERROR(folder_.WriteRecipe(ConfigToToml(recipe_), info));
  CUPEL_ASSIGN_OR_RETURN(metric_log_, MetricLog::Open(folder_.directory(), store_, 0));
  return absl::OkStatus();
}

absl::Status SftRun::Resume() {
  std::vector<std::string> warnings;
  CUPEL_ASSIGN_OR_RETURN(finished_steps_, LoadNewestCheckpoint(folder_.directory(), store_, *policy_, *trainer_, warnings));
  for (const std::string& warning : warnings) {
    progress_.Line("  warning  " + warning);
    CUPEL_RETURN_IF_ERROR(store_.AppendEvent(finished_steps_, "warning", warning));
  }
  progress_.Line(fmt::format("  resumed after {} finished steps", finished_steps_));
  CUPEL_ASSIGN_OR_RETURN(metric_log_, MetricLog::Open(folder_.directory(), store_, finished_steps_));
  return absl::OkStatus();
}

// Epochs over the examples without gaps, each in its own order.
std::vector<SftExample> SftRun::Draw(int64_t step) const {
  const auto size = static_cast<int64_t>(data_.examples.size());
  const std::array<uint32_t, 2> key = RandomKey(static_cast<uint64_t>(recipe_.run.seed), RandomPurpose::kTaskOrder);
  std::vector<SftExample> batch;
  for (int64_t i = step * recipe_.sft.batch_size; i < (step + 1) * recipe_.sft.batch_size; ++i) {
    batch.push_back(data_.examples[static_cast<size_t>(PermutedIndex(size, key, static_cast<uint64_t>(i / size), i % size))]);
  }
  return batch;
}

absl::Status SftRun::Step(int64_t step) {
  const Clock::time_point start = Clock::now();
  const double cpu_before = CpuSeconds();
  const std::vector<SftExample> batch = Draw(step);
  CUPEL_ASSIGN_OR_RETURN(StepMetrics metrics, trainer_->Learn(batch));
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  size_t packed = 0;
  for (const SftExample& example : batch) {
    packed += example.prompt.size() + example.completion.size();
  }
  metrics.Set("train/packed_tokens", static_cast<double>(packed));
  metrics.Set("train/examples", static_cast<double>(batch.size()));
  metrics.Set("time/cpu_seconds", CpuSeconds() - cpu_before);
  metrics.Set("step_time", seconds);
  CUPEL_RETURN_IF_ERROR(store_.WriteMetrics(step, metrics.values));
  CUPEL_RETURN_IF_ERROR(metric_log_->Write(step + 1, metrics));
  progress_.Line(fmt::format("{:>9}  loss {:.4f}  grad norm {:.3g}  {:.0f} tok/s", step + 1, metrics.Get("loss"), metrics.Get("grad_norm"),
                             metrics.Get("num_tokens") / seconds));
  return absl::OkStatus();
}

absl::Status SftRun::Checkpoint() {
  CUPEL_RETURN_IF_ERROR(SaveCheckpoint(folder_.directory(), finished_steps_, *policy_, *trainer_, store_));
  return PruneCheckpoints(folder_.directory(),
                          {.newest = recipe_.run.keep_checkpoints, .every = recipe_.run.keep_every, .best_metric = recipe_.run.keep_best},
                          store_);
}

absl::Status SftRun::Steps() {
  while (finished_steps_ < recipe_.run.steps) {
    if (stop_.Requested() != 0) {
      CUPEL_RETURN_IF_ERROR(Checkpoint());
      return absl::CancelledError();
    }
    CUPEL_RETURN_IF_ERROR(Step(finished_steps_));
    ++finished_steps_;
    if (finished_steps_ == recipe_.run.steps || finished_steps_ % recipe_.run.checkpoint_every == 0) {
      CUPEL_RETURN_IF_ERROR(Checkpoint());
    }
  }
  return absl::OkStatus();
}

absl::Status SftRun::Evaluate(const char* name) {
  if (eval_data_) {
    losses_[name] = trainer_->Loss(eval_data_->examples);
    progress_.Line(fmt::format("evaluation ({}): loss {:.4f} per token over {} examples", name, losses_[name].get<double>(),
                               eval_data_->examples.size()));
  }
  return absl::OkStatus();
}

Json SftRun::Summary() const {
  return {{"run", folder_.directory()},
          {"steps", finished_steps_},
          {"checkpoint", fmt::format("{}/checkpoints/step-{:06}", folder_.directory(), finished_steps_)},
          {"evaluation_loss", losses_}};
}

}  // namespace

absl::StatusOr<SftOutcome> RunSft(const SftRecipe& recipe, RunFolder& folder, bool is_resumed, StopSignal& stop, std::FILE* out) {
  SftRun run(recipe, folder, stop, out);
  CUPEL_RETURN_IF_ERROR(run.Prepare(is_resumed));
  CUPEL_RETURN_IF_ERROR(run.Evaluate("before"));
  const absl::Status status = run.Steps();
  if (!status.ok() && !absl::IsCancelled(status)) {
    return status;
  }
  if (status.ok()) {
    CUPEL_RETURN_IF_ERROR(run.Evaluate("after"));
  }
  return SftOutcome{status.ok() ? 0 : stop.Requested(), run.Summary()};
}

}  // namespace cupel
