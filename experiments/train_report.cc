#include "experiments/train_report.h"

#include <algorithm>

#include <fmt/format.h>

namespace cupel {
namespace {

constexpr int kBarWidth = 24;

std::string Percent(double share) { return fmt::format("{:.0f}%", 100 * share); }

const RolloutStore::Evaluation* Find(const std::vector<RolloutStore::Evaluation>& evaluations, std::string_view name) {
  const auto found = std::find_if(evaluations.begin(), evaluations.end(), [&](const auto& evaluation) { return evaluation.name == name; });
  return found == evaluations.end() ? nullptr : &*found;
}

// The example of `evaluation` about the same task; null when it has none.
const Json* SameTask(const RolloutStore::Evaluation& evaluation, const Json& example) {
  for (const Json& other : evaluation.examples) {
    if (other["task"] == example["task"]) {
      return &other;
    }
  }
  return nullptr;
}

std::string Answer(const Json& example, size_t width) {
  return fmt::format("[{}] {}", example["outcome"].get<std::string>(), OneLine(example["answer"].get<std::string>(), width));
}

}  // namespace

void TrainReport::Header(const Recipe& recipe, const std::string& directory, const Policy& policy, const Curriculum& curriculum,
                         int64_t eval_tasks) {
  int64_t parameters = 0;
  for (const Parameter* parameter : Parameters(const_cast<Policy&>(policy).weights())) {
    parameters += parameter->master.numel();
  }
  progress_.Line(fmt::format("cupel train: run {}", directory));
  progress_.Line(fmt::format("  model    {} ({:.1f} M parameters, {} layers), kernels {}, {} threads", recipe.model.path,
                             static_cast<double>(parameters) / 1e6, policy.config().num_layers, policy.kernel_path(),
                             policy.num_threads()));
  const std::vector<Curriculum::Stage>& stages = curriculum.stages();
  progress_.Line(fmt::format("  tasks    {} to train on, {} held out", stages.back().tasks->size(), eval_tasks));
  for (size_t i = 0; i + 1 < stages.size(); ++i) {
    progress_.Line(
        fmt::format("  stage    {} tasks in steps {} to {}", stages[i].tasks->size(), stages[i].first_step + 1, stages[i + 1].first_step));
  }
  progress_.Line("  settings (every one; also in recipe.toml of the run)");
  const std::string settings = ConfigToToml(recipe);
  for (size_t begin = 0; begin < settings.size();) {
    const size_t end = std::min(settings.find('\n', begin), settings.size());
    if (end > begin) {
      progress_.Line("    " + settings.substr(begin, end - begin));
    }
    begin = end + 1;
  }
}

void TrainReport::Resumed(int64_t finished_steps) { progress_.Line(fmt::format("  resumed after {} finished steps", finished_steps)); }

void TrainReport::Memory(const std::vector<MemoryPart>& plan, int64_t available) {
  const auto bytes = [](int64_t n) { return FormatBytes(static_cast<uint64_t>(n)); };
  progress_.Line(fmt::format("  memory   {} planned of {} available", bytes(TotalBytes(plan)), bytes(available)));
  for (const MemoryPart& part : plan) {
    progress_.Line(fmt::format("    {:<24} {:>10}", part.name, bytes(part.bytes)));
  }
}

void TrainReport::Note(const std::string& text) { progress_.Line("  note     " + text); }

void TrainReport::Warning(const std::string& text) { progress_.Line("  warning  " + text); }

void TrainReport::Evaluating(const std::string& name, const CollectProgress& progress) {
  progress_.Update(fmt::format("evaluating ({}) {} {:.0f} tok/s", name, ProgressBar(progress.finished, progress.total, kBarWidth),
                               progress.seconds > 0 ? static_cast<double>(progress.sampled_tokens) / progress.seconds : 0));
}

void TrainReport::Evaluated(const std::string& name, const EvaluationResult& result) {
  progress_.Line(fmt::format("evaluation ({}): pass@1 {:.3f} ± {:.3f} ({} held-out questions x {} answers, mean length {:.1f}, {} cut, {})",
                             name, result.pass_at_1, result.standard_error, result.num_questions, result.samples, result.mean_length,
                             Percent(result.truncated), FormatDuration(result.seconds)));
}

void TrainReport::StepsBegin(int64_t total_steps) {
  progress_.Line(fmt::format("{:>9}  {:>6} {:>9} {:>6} {:>7} {:>9} {:>10} {:>10} {:>6} {:>7}", fmt::format("step/{}", total_steps),
                             "reward", "no-signal", "length", "entropy", "logp gap", "sampled/s", "trained/s", "sec", "ETA"));
}

void TrainReport::Sampling(int64_t step, int64_t total_steps, const CollectProgress& progress) {
  progress_.Update(fmt::format("{:>5}/{}  sampling {} {:.0f} tok/s", step + 1, total_steps,
                               ProgressBar(progress.finished, progress.total, kBarWidth),
                               progress.seconds > 0 ? static_cast<double>(progress.sampled_tokens) / progress.seconds : 0));
}

void TrainReport::Learning(int64_t step, int64_t total_steps) {
  progress_.Update(fmt::format("{:>5}/{}  learning", step + 1, total_steps));
}

void TrainReport::StepDone(int64_t step, int64_t total_steps, const StepMetrics& metrics) {
  seconds_in_steps_ += metrics.Get("step_time");
  ++steps_done_;
  const double remaining = seconds_in_steps_ / static_cast<double>(steps_done_) * static_cast<double>(total_steps - step - 1);
  progress_.Line(fmt::format("{:>9}  {:>6.3f} {:>9} {:>6.1f} {:>7.2f} {:>9.2g} {:>10.0f} {:>10.0f} {:>6.1f} {:>7}", step + 1,
                             metrics.Get("reward"), Percent(metrics.Get("frac_reward_zero_std")), metrics.Get("completions/mean_length"),
                             metrics.Get("entropy"), metrics.Get("sampling/sampling_logp_difference/max"),
                             metrics.Get("time/sampled_tokens_per_second"), metrics.Get("time/trained_tokens_per_second"),
                             metrics.Get("step_time"), FormatDuration(remaining)));
  if (metrics.Get("train/skipped_updates") > 0) {
    Warning(fmt::format("step {}: the loss or a gradient was not finite; the update was skipped", step + 1));
  }
}

void TrainReport::Saving(int64_t finished_steps) { progress_.Update(fmt::format("writing the checkpoint of step {}", finished_steps)); }

void TrainReport::BeforeAndAfter(const std::vector<RolloutStore::Evaluation>& evaluations) {
  const RolloutStore::Evaluation* before = Find(evaluations, "before");
  const RolloutStore::Evaluation* after = Find(evaluations, "after");
  if (before == nullptr || after == nullptr) {
    return;
  }
  progress_.Line("");
  progress_.Line(fmt::format("held-out pass@1: {:.3f} ± {:.3f} before, {:.3f} ± {:.3f} after {} steps", before->pass_at_1,
                             before->standard_error, after->pass_at_1, after->standard_error, after->step));
  const auto width = static_cast<size_t>(std::max(40, progress_.width() - 30));
  for (const Json& now : after->examples) {
    progress_.Line(fmt::format("  {}   (answer {})", OneLine(now["question"].get<std::string>(), width), now["gold"].get<std::string>()));
    if (const Json* then = SameTask(*before, now); then != nullptr) {
      progress_.Line("    before  " + Answer(*then, width));
    }
    progress_.Line("    after   " + Answer(now, width));
  }
}

}  // namespace cupel
