#include "experiments/show/show_run.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/progress.h"
#include "base/status.h"

namespace cupel {
namespace {

// A setting of the recipe; "unknown" of an imported log.
std::string Setting(const Json& recipe, const char* pointer) {
  const Json::json_pointer at(pointer);
  if (!recipe.contains(at)) {
    return "unknown";
  }
  return recipe[at].is_string() ? recipe[at].get<std::string>() : recipe[at].dump();
}

std::string Question(const RolloutGroup& group) { return group.task.prompt.empty() ? "" : group.task.prompt.back().content; }

bool IsPruned(const Rollout& rollout) { return rollout.text.empty() && rollout.completion.tokens.empty(); }

double Metric(const RolloutStore::Metrics& metrics, std::string_view name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const auto& metric) { return metric.first == name; });
  return found == metrics.end() ? 0.0 : found->second;
}

Json MetricsJson(const RolloutStore::Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) {
    json[name] = value;
  }
  return json;
}

Json RolloutJson(const Rollout& rollout) {
  Json terms = Json::object();
  for (const RewardTerm& term : rollout.terms) {
    terms[term.name] = term.value;
  }
  return {{"sample", rollout.completion.sample_idx},
          {"reward", rollout.reward},
          {"advantage", rollout.advantage},
          {"outcome", OutcomeName(rollout.verdict.outcome)},
          {"extracted", rollout.verdict.extracted},
          {"rule", rollout.verdict.rule},
          {"reason", rollout.verdict.reason},
          {"terms", std::move(terms)},
          {"tokens", rollout.completion.tokens.size()},
          {"finish_reason", FinishReasonName(rollout.completion.finish_reason)},
          {"text", rollout.text}};
}

std::string RolloutText(const Rollout& rollout) {
  std::string text;
  text += fmt::format("    sample {:<3} reward {:+.3f}  advantage {:+.3f}  {} ({})  {} tokens, {}\n", rollout.completion.sample_idx,
                      rollout.reward, rollout.advantage, OutcomeName(rollout.verdict.outcome), rollout.verdict.reason,
                      rollout.completion.tokens.size(), FinishReasonName(rollout.completion.finish_reason));
  text += fmt::format("      {}\n", IsPruned(rollout) ? "(pruned from the log)" : OneLine(rollout.text, 400));
  return text;
}

// The best and the worst answer, or with `all` every one, best first.
std::string GroupText(const RolloutGroup& group, bool all) {
  std::string text;
  std::vector<const Rollout*> ranked;
  for (const Rollout& rollout : group.rollouts) {
    ranked.push_back(&rollout);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Rollout* a, const Rollout* b) { return a->reward > b->reward; });
  double mean = 0;
  for (const Rollout* rollout : ranked) {
    mean += rollout->reward / static_cast<double>(ranked.size());
  }
  text += fmt::format("\n  group {}  {}  gold {}  mean reward {:.3f}\n", group.group_idx, OneLine(Question(group), 200), group.task.answer,
                      mean);
  for (size_t i = 0; i < ranked.size(); ++i) {
    if (all || i == 0 || i + 1 == ranked.size()) {
      text += RolloutText(*ranked[i]);
    }
  }
  return text;
}

// The groups of a step as printed; NotFound says which there are.
absl::StatusOr<std::vector<RolloutGroup>> GroupsOf(const RolloutStore& store, int64_t step, int64_t only_group) {
  CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> groups, store.ReadStep(step - 1));
  if (groups.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
    return steps.empty()
               ? NotFound("{}: no step is stored yet", store.path())
               : NotFound("{}: step {} is not stored; steps {} to {} are", store.path(), step, steps.front() + 1, steps.back() + 1);
  }
  if (only_group >= static_cast<int64_t>(groups.size())) {
    return NotFound("{}: step {} has groups 0 to {}", store.path(), step, groups.size() - 1);
  }
  return groups;
}

// The other runs of a merged log; empty when there are none.
absl::StatusOr<std::string> OtherRuns(const RolloutStore& store) {
  std::string text;
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row,
                         store.connection().Prepare("SELECT run_id, name, started_at FROM runs WHERE run_id <> ?1 ORDER BY run_id"));
  row.Query(store.run_id());
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      return text;
    }
    text += fmt::format("also in this log: {}:{}  {}  started {}\n", store.path(), row.Integer(0), row.Text(1), row.Text(2));
  }
}

}  // namespace

absl::StatusOr<std::string> RunAsJson(const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations, store.ReadEvaluations());
  Json json = {{"recipe", info.recipe},
               {"program_version", info.program_version},
               {"build", info.build},
               {"model_digest", info.model_digest},
               {"started_at", info.started_at}};
  json["steps"] = Json::array();
  for (const int64_t step : steps) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics, store.ReadMetrics(step));
    json["steps"].push_back({{"step", step + 1}, {"metrics", MetricsJson(metrics)}});
  }
  json["evaluations"] = Json::array();
  for (const RolloutStore::Evaluation& evaluation : evaluations) {
    json["evaluations"].push_back({{"name", evaluation.name},
                                   {"step", evaluation.step},
                                   {"pass@1", evaluation.pass_at_1},
                                   {"standard_error", evaluation.standard_error},
                                   {"questions", evaluation.num_questions},
                                   {"samples", evaluation.samples_per_question},
                                   {"examples", evaluation.examples}});
  }
  return DumpJson(json, 2) + "\n";
}

absl::StatusOr<std::string> RunAsText(const RolloutStore& store) {
  std::string text;
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations, store.ReadEvaluations());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Checkpoint> checkpoints, store.ReadCheckpoints());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Event> events, store.ReadEvents());
  text += fmt::format("{}  started {} on {}, cupel {} ({})\n", store.path(), info.started_at, info.host, info.program_version, info.build);
  text += fmt::format("model {}  seed {}\n\n", Setting(info.recipe, "/model/path"), Setting(info.recipe, "/run/seed"));
  text += fmt::format("{:>6}  {:<22}{:>7} {:>9} {:>7} {:>8} {:>9} {:>6}\n", "step", "reward", "", "no-signal", "length", "entropy",
                      "grad norm", "sec");
  for (const int64_t step : steps) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics, store.ReadMetrics(step));
    if (metrics.empty()) {
      text += fmt::format("{:>6}  sampled, not learned from yet\n", step + 1);
      continue;
    }
    const double reward = Metric(metrics, "reward");
    const auto bar = static_cast<size_t>(std::clamp(reward, 0.0, 1.0) * 20);
    text += fmt::format("{:>6}  {:<22}{:>7.3f} {:>8.0f}% {:>7.1f} {:>8.2f} {:>9.3f} {:>6.1f}\n", step + 1, std::string(bar, '#'), reward,
                        100 * Metric(metrics, "frac_reward_zero_std"), Metric(metrics, "completions/mean_length"),
                        Metric(metrics, "entropy"), Metric(metrics, "grad_norm"), Metric(metrics, "step_time"));
  }
  text += fmt::format("\n");
  for (const RolloutStore::Evaluation& evaluation : evaluations) {
    text += fmt::format("evaluation {:<7} after step {:<6} pass@1 {:.4f} ± {:.4f}  ({} questions x {} answers)\n", evaluation.name,
                        evaluation.step, evaluation.pass_at_1, evaluation.standard_error, evaluation.num_questions,
                        evaluation.samples_per_question);
  }
  for (const RolloutStore::Checkpoint& checkpoint : checkpoints) {
    text += fmt::format("checkpoint after step {:<6} {}\n", checkpoint.step, checkpoint.directory);
  }
  for (const RolloutStore::Event& event : events) {
    text += fmt::format("{} {}: {}\n", event.at, event.kind, event.message);
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string others, OtherRuns(store));
  text += others;
  if (!steps.empty()) {
    text += fmt::format("\nanswers of a step: cupel show {} --step {}\n", store.path(), steps.back() + 1);
  }
  return text;
}

absl::StatusOr<std::string> StepAsJson(const RolloutStore& store, int64_t step, int64_t only_group) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, GroupsOf(store, step, only_group));
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics, store.ReadMetrics(step - 1));
  Json json = {{"step", step}, {"metrics", MetricsJson(metrics)}, {"groups", Json::array()}};
  for (const RolloutGroup& group : groups) {
    if (only_group >= 0 && group.group_idx != only_group) {
      continue;
    }
    Json rollouts = Json::array();
    for (const Rollout& rollout : group.rollouts) {
      rollouts.push_back(RolloutJson(rollout));
    }
    json["groups"].push_back({{"group", group.group_idx},
                              {"task", group.task.id},
                              {"gold", group.task.answer},
                              {"question", Question(group)},
                              {"rollouts", rollouts}});
  }
  return DumpJson(json, 2) + "\n";
}

absl::StatusOr<std::string> StepAsText(const RolloutStore& store, int64_t step, int64_t only_group) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, GroupsOf(store, step, only_group));
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics, store.ReadMetrics(step - 1));
  std::string text;
  text += fmt::format("step {} of {}\n", step, store.path());
  for (const auto& [name, value] : metrics) {
    text += fmt::format("  {:<44} {:.6g}\n", name, value);
  }
  for (const RolloutGroup& group : groups) {
    if (only_group < 0 || group.group_idx == only_group) {
      text += GroupText(group, only_group >= 0);
    }
  }
  return text;
}

}  // namespace cupel
