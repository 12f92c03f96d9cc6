#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/open_run.h"

namespace cupel {
namespace {

struct ShowOptions {
  std::string run;
  int64_t step = -1;  // as printed: 1 is the first
  int64_t group = -1;
  bool json = false;
};

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

absl::Status ShowRunJson(const RolloutStore& store) {
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
  fmt::print("{}\n", DumpJson(json, 2));
  return absl::OkStatus();
}

absl::Status ShowRun(const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations, store.ReadEvaluations());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Checkpoint> checkpoints, store.ReadCheckpoints());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Event> events, store.ReadEvents());
  fmt::print("{}  started {} on {}, cupel {} ({})\n", store.path(), info.started_at, info.host, info.program_version, info.build);
  fmt::print("model {}  seed {}\n\n", info.recipe["model"]["path"].get<std::string>(), info.recipe["run"]["seed"].get<int64_t>());
  fmt::print("{:>6}  {:<22}{:>7} {:>9} {:>7} {:>8} {:>9} {:>6}\n", "step", "reward", "", "no-signal", "length", "entropy", "grad norm",
             "sec");
  for (const int64_t step : steps) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics, store.ReadMetrics(step));
    if (metrics.empty()) {
      fmt::print("{:>6}  sampled, not learned from yet\n", step + 1);
      continue;
    }
    const double reward = Metric(metrics, "reward");
    const auto bar = static_cast<size_t>(std::clamp(reward, 0.0, 1.0) * 20);
    fmt::print("{:>6}  {:<22}{:>7.3f} {:>8.0f}% {:>7.1f} {:>8.2f} {:>9.3f} {:>6.1f}\n", step + 1, std::string(bar, '#'), reward,
               100 * Metric(metrics, "frac_reward_zero_std"), Metric(metrics, "completions/mean_length"), Metric(metrics, "entropy"),
               Metric(metrics, "grad_norm"), Metric(metrics, "step_time"));
  }
  fmt::print("\n");
  for (const RolloutStore::Evaluation& evaluation : evaluations) {
    fmt::print("evaluation {:<7} after step {:<6} pass@1 {:.4f} ± {:.4f}  ({} questions x {} answers)\n", evaluation.name, evaluation.step,
               evaluation.pass_at_1, evaluation.standard_error, evaluation.num_questions, evaluation.samples_per_question);
  }
  for (const RolloutStore::Checkpoint& checkpoint : checkpoints) {
    fmt::print("checkpoint after step {:<6} {}\n", checkpoint.step, checkpoint.directory);
  }
  for (const RolloutStore::Event& event : events) {
    fmt::print("{} {}: {}\n", event.at, event.kind, event.message);
  }
  if (!steps.empty()) {
    fmt::print("\nanswers of a step: cupel show {} --step {}\n", store.path(), steps.back() + 1);
  }
  return absl::OkStatus();
}

void PrintRollout(const Rollout& rollout) {
  fmt::print("    sample {:<3} reward {:+.3f}  advantage {:+.3f}  {} ({})  {} tokens, {}\n", rollout.completion.sample_idx, rollout.reward,
             rollout.advantage, OutcomeName(rollout.verdict.outcome), rollout.verdict.reason, rollout.completion.tokens.size(),
             FinishReasonName(rollout.completion.finish_reason));
  fmt::print("      {}\n", OneLine(rollout.text, 400));
}

// The best and the worst answer, or with `all` every one, best first.
void PrintGroup(const RolloutGroup& group, bool all) {
  std::vector<const Rollout*> ranked;
  for (const Rollout& rollout : group.rollouts) {
    ranked.push_back(&rollout);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Rollout* a, const Rollout* b) { return a->reward > b->reward; });
  double mean = 0;
  for (const Rollout* rollout : ranked) {
    mean += rollout->reward / static_cast<double>(ranked.size());
  }
  fmt::print("\n  group {}  {}  gold {}  mean reward {:.3f}\n", group.group_idx, OneLine(group.task.prompt.back().content, 200),
             group.task.answer, mean);
  for (size_t i = 0; i < ranked.size(); ++i) {
    if (all || i == 0 || i + 1 == ranked.size()) {
      PrintRollout(*ranked[i]);
    }
  }
}

absl::Status ShowStep(const RolloutStore& store, const ShowOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, store.ReadStep(options.step - 1));
  if (groups.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
    return steps.empty()
               ? NotFound("{}: no step is stored yet", store.path())
               : NotFound("{}: step {} is not stored; steps {} to {} are", store.path(), options.step, steps.front() + 1, steps.back() + 1);
  }
  if (options.group >= static_cast<int64_t>(groups.size())) {
    return NotFound("{}: step {} has groups 0 to {}", store.path(), options.step, groups.size() - 1);
  }
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics, store.ReadMetrics(options.step - 1));
  if (options.json) {
    Json json = {{"step", options.step}, {"metrics", MetricsJson(metrics)}, {"groups", Json::array()}};
    for (const RolloutGroup& group : groups) {
      if (options.group >= 0 && group.group_idx != options.group) {
        continue;
      }
      Json rollouts = Json::array();
      for (const Rollout& rollout : group.rollouts) {
        rollouts.push_back(RolloutJson(rollout));
      }
      json["groups"].push_back({{"group", group.group_idx},
                                {"task", group.task.id},
                                {"gold", group.task.answer},
                                {"question", group.task.prompt.back().content},
                                {"rollouts", rollouts}});
    }
    fmt::print("{}\n", DumpJson(json, 2));
    return absl::OkStatus();
  }
  fmt::print("step {} of {}\n", options.step, store.path());
  for (const auto& [name, value] : metrics) {
    fmt::print("  {:<44} {:.6g}\n", name, value);
  }
  for (const RolloutGroup& group : groups) {
    if (options.group < 0 || group.group_idx == options.group) {
      PrintGroup(group, options.group >= 0);
    }
  }
  return absl::OkStatus();
}

absl::Status RunShow(const ShowOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
  if (options.step >= 0) {
    return ShowStep(store, options);
  }
  return options.json ? ShowRunJson(store) : ShowRun(store);
}

}  // namespace

Action DeclareShow(CLI::App& app) {
  auto options = std::make_shared<ShowOptions>();
  app.add_option("run", options->run, "folder of a run, or its run.db")->required();
  app.add_option("--step", options->step, "show the metrics of a step and the best and worst answer of each group (1 is the first)")
      ->check(CLI::PositiveNumber);
  app.add_option("--group", options->group, "with --step: every answer of one group, best first (0 is the first)")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--json", options->json, "print as JSON");
  return [options](StopSignal&) {
    if (options->group >= 0 && options->step < 0) {
      return Fail(InvalidArgument("--group needs --step"));
    }
    const absl::Status status = RunShow(*options);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
