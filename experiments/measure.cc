#include "experiments/measure.h"

#include <memory>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/status.h"
#include "experiments/analysis/breakdown.h"
#include "experiments/analysis/thinking_budget.h"
#include "experiments/cpu_time.h"
#include "policy/policy.h"
#include "verifiers/check_golds.h"

namespace cupel {
namespace {

constexpr int64_t kForcedAnswerTokens = 24;

double MeanPrompt(const std::vector<RolloutGroup>& groups) {
  double tokens = 0;
  for (const RolloutGroup& group : groups) {
    tokens += static_cast<double>(group.prompt.size());
  }
  return groups.empty() ? 0 : tokens / static_cast<double>(groups.size());
}

}  // namespace

absl::StatusOr<Measurement> MeasureModel(const Recipe& recipe, const std::vector<int64_t>& budgets, StopSignal& stop, std::FILE* out) {
  const double cpu_before = CpuSeconds();
  Progress progress(out);
  const auto seed = static_cast<uint64_t>(recipe.run.seed);
  LoadReport left_out;
  const LoadContext loading{.check_gold = &CheckGold, .report = &left_out, .progress = {}};
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> tasks, MakeDataset(recipe.data, seed, Split::kEval, loading));
  for (const std::string& line : left_out.Lines()) {
    progress.Line("  note     " + line);
  }
  CUPEL_ASSIGN_OR_RETURN(const RewardComposition rewards, RewardComposition::Create(recipe.reward));
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Policy> policy, Policy::Load(recipe.model, seed));
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, recipe.engine);
  RolloutWorkers workers(*engine, policy->tokenizer(), policy->chat(), rewards);

  progress.Line(fmt::format("  {} on {} held-out tasks of {}", recipe.model.path, tasks->size(), recipe.data.source));
  progress.Line(fmt::format("  eval     {}", DumpJson(ConfigToJson(recipe.eval))));
  progress.Line(fmt::format("  data     {}", DumpJson(ConfigToJson(recipe.data)[recipe.data.source])));
  const EvaluationRequest request{
      .questions = recipe.eval.questions, .samples = recipe.eval.samples, .sampling = EvaluationSampling(recipe), .seed = seed};
  const auto show = [&](const CollectProgress& now) {
    progress.Update(fmt::format("  {} {:.0f} tok/s", ProgressBar(now.finished, now.total, 30),
                                now.seconds > 0 ? static_cast<double>(now.sampled_tokens) / now.seconds : 0));
  };
  Measurement measured;
  CUPEL_ASSIGN_OR_RETURN(measured.result, Evaluate(*tasks, request, workers, show, [&stop] { return stop.Requested() != 0; }));
  BudgetRequest budget{.budgets = budgets, .sampling = request.sampling, .seed = seed};
  budget.sampling.max_new_tokens = kForcedAnswerTokens;
  CUPEL_ASSIGN_OR_RETURN(const std::vector<BudgetPoint> points,
                         MeasureBudgets(measured.result.groups, budget, *engine, policy->tokenizer()));
  Json& summary = measured.summary;
  summary = EvaluationSummary(measured.result);
  summary["model"] = recipe.model.path;
  summary["temperature"] = request.sampling.temperature;
  summary["top_p"] = request.sampling.top_p;
  summary["top_k"] = request.sampling.top_k;
  summary["min_p"] = request.sampling.min_p;
  summary["repetition_penalty"] = request.sampling.repetition_penalty;
  summary["max_new_tokens"] = request.sampling.max_new_tokens;
  summary["by_difficulty"] = BreakDown(measured.result.groups);
  summary["budgets"] = BudgetJson(points);
  summary["mean_prompt"] = MeanPrompt(measured.result.groups);
  summary["cpu_seconds"] = CpuSeconds() - cpu_before;
  return measured;
}

}  // namespace cupel
