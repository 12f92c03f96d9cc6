#include "experiments/replay/counterfactual.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "base/status.h"
#include "grpo/weight_change.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

// A folder outside every run for the trainer's state, gone with the object.
class ScratchFolder {
 public:
  static absl::StatusOr<ScratchFolder> Create() {
    std::string path = fs::temp_directory_path().string() + "/cupel-replay-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
      return Unavailable("{}: no folder can be made there for the trainer's state: set TMPDIR", path);
    }
    return ScratchFolder(std::move(path));
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    if (!path_.empty()) {
      RemoveTree(path_).IgnoreError();
    }
  }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// k3 of Schulman, "Approximating KL divergence": mean of exp(d) - 1 - d with d = log new - log old, on samples of the old policy.
double KlMoved(const std::vector<float>& before, const std::vector<float>& after) {
  double sum = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const double d = double{after[i]} - double{before[i]};
    sum += std::expm1(d) - d;
  }
  return before.empty() ? 0 : sum / static_cast<double>(before.size());
}

absl::StatusOr<UpdateOutcome> Learn(Trainer& trainer, Policy& policy, const std::vector<RolloutGroup>& groups, const Recipe& recipe,
                                    const WeightSnapshot& start, const std::vector<float>& logprobs_before) {
  UpdateOutcome outcome;
  CUPEL_ASSIGN_OR_RETURN(outcome.metrics, trainer.Learn(groups));
  outcome.weight_change = start.ChangeNorm(policy);
  outcome.kl = KlMoved(logprobs_before, CompletionLogprobs(policy, groups, recipe.rollout.temperature, recipe.grpo.microbatch_tokens));
  return outcome;
}

int64_t ChangedAdvantages(const std::vector<RolloutGroup>& a, const std::vector<RolloutGroup>& b) {
  int64_t changed = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < a[i].rollouts.size(); ++j) {
      changed += a[i].rollouts[j].advantage != b[i].rollouts[j].advantage ? 1 : 0;
    }
  }
  return changed;
}

double MetricOr(const StepMetrics& metrics, std::string_view name) {
  const auto found = std::ranges::find(metrics.values, name, [](const auto& metric) { return std::string_view(metric.first); });
  return found == metrics.values.end() ? std::nan("") : found->second;
}

Json OutcomeJson(const UpdateOutcome& outcome) {
  Json metrics = Json::object();
  for (const auto& [name, value] : outcome.metrics.values) {
    metrics[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  }
  return {{"weight_change", outcome.weight_change}, {"kl_moved", outcome.kl}, {"metrics", std::move(metrics)}};
}

}  // namespace

absl::StatusOr<Counterfactual> CompareUpdates(Replayer& replayer, int64_t step, const std::vector<std::string>& overrides,
                                              StopSignal& stop) {
  const Recipe& recipe = replayer.recipe();
  Recipe other = recipe;
  for (const std::string& assignment : overrides) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, other));
  }
  Counterfactual result{.step = step};
  result.settings = DifferingSettings(ConfigToJson(recipe), ConfigToJson(other));
  const bool changes_update = std::ranges::any_of(result.settings, [](const std::string& line) {
    return line.starts_with("grpo.") || line.starts_with("optimizer.") || line.starts_with("reward.");
  });
  if (!changes_update) {
    return InvalidArgument(
        "nothing that the update depends on would change ({}); --lr, --objective, or --set of grpo, optimizer or reward do that",
        result.settings.empty() ? "the run had these settings" : fmt::format("{}", fmt::join(result.settings, ", ")));
  }
  CUPEL_RETURN_IF_ERROR(CheckRecipe(other));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, replayer.GoTo(step, result.start, stop));
  std::vector<RolloutGroup> other_groups = groups;
  CUPEL_ASSIGN_OR_RETURN(const GroupJudge judge, GroupJudge::Create("", std::nullopt, other.reward));
  std::ranges::for_each(other_groups, [&](RolloutGroup& group) { judge.Reward(group); });

  Policy& policy = replayer.policy();
  CUPEL_ASSIGN_OR_RETURN(const ScratchFolder scratch, ScratchFolder::Create());
  CUPEL_RETURN_IF_ERROR(replayer.trainer().SaveState(scratch.path()).status());
  const WeightSnapshot start(policy);
  const std::vector<float> before = CompletionLogprobs(policy, groups, recipe.rollout.temperature, recipe.grpo.microbatch_tokens);
  CUPEL_ASSIGN_OR_RETURN(result.recorded, Learn(replayer.trainer(), policy, groups, recipe, start, before));
  const WeightSnapshot recorded(policy);
  start.Restore(policy);

  Trainer trainer(policy, ResolvedGrpo(other), other.optimizer, other.rollout.temperature, other.run.steps * other.grpo.updates_per_step());
  CUPEL_RETURN_IF_ERROR(trainer.LoadState(scratch.path()));
  trainer.Judge(other_groups);
  CUPEL_ASSIGN_OR_RETURN(result.other, Learn(trainer, policy, other_groups, other, start, before));
  result.other.changed_advantages = ChangedAdvantages(groups, other_groups);
  result.cosine = start.ChangeCosine(recorded, policy);
  return result;
}

Json CounterfactualJson(const Counterfactual& result) {
  return {{"step", result.step + 1},
          {"start", result.start},
          {"settings", result.settings},
          {"recorded", OutcomeJson(result.recorded)},
          {"other", OutcomeJson(result.other)},
          {"changed_advantages", result.other.changed_advantages},
          {"cosine", std::isfinite(result.cosine) ? Json(result.cosine) : Json(nullptr)}};
}

std::string CounterfactualText(const Counterfactual& result) {
  std::string text = fmt::format("step {}, from {}\n", result.step + 1, result.start);
  for (const std::string& line : result.settings) {
    text += "  " + line + "\n";
  }
  text += fmt::format("\n  {:<34} {:>14} {:>14}\n", "", "as recorded", "otherwise");
  const auto line = [&](std::string_view name, double a, double b) { text += fmt::format("  {:<34} {:>14.6g} {:>14.6g}\n", name, a, b); };
  for (const char* name : {"policy_loss", "grad_norm", "learning_rate", "entropy", "kl", "clip_ratio/region_mean"}) {
    const double a = MetricOr(result.recorded.metrics, name);
    const double b = MetricOr(result.other.metrics, name);
    if (!std::isnan(a) || !std::isnan(b)) {
      line(name, a, b);
    }
  }
  line("change of the weights (2-norm)", result.recorded.weight_change, result.other.weight_change);
  line("KL moved (nats per token)", result.recorded.kl, result.other.kl);
  text += fmt::format("  {:<34} {:>29}\n", "cosine between the two changes",
                      std::isfinite(result.cosine) ? fmt::format("{:.6f}", result.cosine) : "none: one is no change");
  if (result.other.changed_advantages > 0) {
    text += fmt::format("  {:<34} {:>29}\n", "advantages that differ", result.other.changed_advantages);
  }
  return text;
}

}  // namespace cupel
