#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/evaluate.h"
#include "experiments/open_run.h"
#include "experiments/recipe.h"
#include "experiments/run_folder.h"
#include "grpo/checkpoint.h"
#include "verifiers/check_golds.h"

namespace cupel {
namespace {

struct EvalOptions {
  std::string model;
  std::string recipe;
  std::string run;
  std::string out;
  std::vector<std::string> overrides;
  // On top of everything else, when given.
  std::optional<double> temperature, top_p, min_p;
  std::optional<int64_t> top_k, max_new_tokens;
  bool json = false;
};

// The settings that have an option of their own.
void ApplyOptions(const EvalOptions& options, EvalSettings& eval) {
  eval.temperature = options.temperature.value_or(eval.temperature);
  eval.top_p = options.top_p.value_or(eval.top_p);
  eval.top_k = options.top_k.value_or(eval.top_k);
  eval.min_p = options.min_p.value_or(eval.min_p);
  eval.max_new_tokens = options.max_new_tokens.value_or(eval.max_new_tokens);
}

// The newest checkpoint of a run that is still on disk.
absl::StatusOr<std::string> NewestCheckpoint(const std::string& run, const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Checkpoint> checkpoints, store.ReadCheckpoints());
  for (const RolloutStore::Checkpoint& checkpoint : checkpoints) {
    const std::string directory = run + "/" + checkpoint.directory;
    if (Exists(directory)) {
      CUPEL_RETURN_IF_ERROR(VerifyCheckpoint(directory));
      return directory;
    }
  }
  return NotFound("{}: no checkpoint yet; one is written every run.checkpoint_every steps, at the end, and on Ctrl-C", run);
}

// Settings from the run, else from the recipe file, else the defaults; the model from the command line wins over both.
absl::StatusOr<Recipe> ResolveRecipe(const EvalOptions& options) {
  Recipe recipe;
  if (!options.run.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
    CUPEL_RETURN_IF_ERROR(ApplyJson(info.recipe, store.path(), recipe));
    if (options.model.empty()) {
      CUPEL_ASSIGN_OR_RETURN(recipe.model.path, NewestCheckpoint(options.run, store));
    }
    for (const std::string& assignment : options.overrides) {
      CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, recipe));
    }
  } else {
    CUPEL_ASSIGN_OR_RETURN(recipe, LoadRecipe(options.recipe, options.overrides));
  }
  if (!options.model.empty()) {
    recipe.model.path = options.model;
  }
  ApplyOptions(options, recipe.eval);
  CUPEL_RETURN_IF_ERROR(CheckRecipe(recipe));
  return recipe;
}

Json AnswerJson(const Rollout& rollout) {
  return {{"text", rollout.text},
          {"outcome", OutcomeName(rollout.verdict.outcome)},
          {"extracted", rollout.verdict.extracted},
          {"rule", rollout.verdict.rule},
          {"reason", rollout.verdict.reason},
          {"tokens", rollout.completion.tokens.size()},
          {"finish_reason", FinishReasonName(rollout.completion.finish_reason)}};
}

// One JSON line per question.
absl::Status WriteAnswers(const EvaluationResult& result, const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(FileWriter file, FileWriter::Create(path));
  for (const RolloutGroup& group : result.groups) {
    Json answers = Json::array();
    int64_t correct = 0;
    for (const Rollout& rollout : group.rollouts) {
      answers.push_back(AnswerJson(rollout));
      correct += rollout.verdict.outcome == Outcome::kCorrect ? 1 : 0;
    }
    const Json line = {{"task", group.task.id},
                       {"question", group.task.prompt.back().content},
                       {"gold", group.task.answer},
                       {"correct", correct},
                       {"samples", group.rollouts.size()},
                       {"answers", std::move(answers)}};
    CUPEL_RETURN_IF_ERROR(file.Write(DumpJson(line) + "\n"));
  }
  return file.Close();
}

absl::Status RunEval(const EvalOptions& options, StopSignal& stop) {
  Progress progress(HumanStream(options.json));
  CUPEL_ASSIGN_OR_RETURN(const Recipe recipe, ResolveRecipe(options));
  LoadReport left_out;
  const LoadContext loading{.check_gold = &CheckGold, .report = &left_out, .progress = {}};
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> tasks,
                         MakeDataset(recipe.data, static_cast<uint64_t>(recipe.run.seed), Split::kEval, loading));
  for (const std::string& line : left_out.Lines()) {
    progress.Line("  note     " + line);
  }
  CUPEL_ASSIGN_OR_RETURN(const RewardComposition rewards, RewardComposition::Create(recipe.reward));
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Policy> policy, Policy::Load(recipe.model, static_cast<uint64_t>(recipe.run.seed)));
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, recipe.engine);
  RolloutWorkers workers(*engine, policy->tokenizer(), policy->chat(), rewards);

  progress.Line(fmt::format("cupel eval: {} on {} held-out tasks of {}", recipe.model.path, tasks->size(), recipe.data.source));
  progress.Line(fmt::format("  eval     {}", DumpJson(ConfigToJson(recipe.eval))));
  progress.Line(fmt::format("  data     {}", DumpJson(ConfigToJson(recipe.data)[recipe.data.source])));
  const EvaluationRequest request{.questions = recipe.eval.questions,
                                  .samples = recipe.eval.samples,
                                  .sampling = EvaluationSampling(recipe),
                                  .seed = static_cast<uint64_t>(recipe.run.seed)};
  const auto show = [&](const CollectProgress& now) {
    progress.Update(fmt::format("  {} {:.0f} tok/s", ProgressBar(now.finished, now.total, 30),
                                now.seconds > 0 ? static_cast<double>(now.sampled_tokens) / now.seconds : 0));
  };
  CUPEL_ASSIGN_OR_RETURN(const EvaluationResult result,
                         Evaluate(*tasks, request, workers, show, [&stop] { return stop.Requested() != 0; }));

  if (!options.out.empty()) {
    CUPEL_RETURN_IF_ERROR(WriteAnswers(result, options.out));
    progress.Line(fmt::format("  answers  {}", options.out));
  }
  for (const Json& example : EvaluationExamples(result, recipe.eval.examples)) {
    progress.Line(fmt::format("  {} (answer {}): [{}] {}", example["question"].get<std::string>(), example["gold"].get<std::string>(),
                              example["outcome"].get<std::string>(), OneLine(example["answer"].get<std::string>(), 100)));
  }
  progress.Line(fmt::format("pass@1 {:.4f} ± {:.4f} ({} questions x {} answers, {:.1f} tokens, {})", result.pass_at_1,
                            result.standard_error, result.num_questions, result.samples, result.mean_length,
                            FormatDuration(result.seconds)));
  for (const AtK& one : result.at_k) {
    if (one.k > 1) {
      progress.Line(fmt::format("pass@{:<3} {:.4f} ± {:.4f}   cons@{:<3} {:.4f} ± {:.4f}", one.k, one.pass, one.pass_error, one.k,
                                one.consensus, one.consensus_error));
    }
  }
  if (options.json) {
    Json summary = EvaluationSummary(result);
    summary["model"] = recipe.model.path;
    summary["temperature"] = request.sampling.temperature;
    summary["top_p"] = request.sampling.top_p;
    summary["top_k"] = request.sampling.top_k;
    summary["min_p"] = request.sampling.min_p;
    summary["repetition_penalty"] = request.sampling.repetition_penalty;
    summary["max_new_tokens"] = request.sampling.max_new_tokens;
    fmt::print("{}\n", DumpJson(summary, 2));
  }
  return absl::OkStatus();
}

}  // namespace

Action DeclareEval(CLI::App& app) {
  auto options = std::make_shared<EvalOptions>();
  app.add_option("model", options->model, "a .gguf file, a Hugging Face directory or checkpoint, or \"tiny\"");
  app.add_option("--recipe", options->recipe, "recipe whose data, eval and model settings to use");
  app.add_option("--run", options->run, "a run: its settings and, unless MODEL is given, its newest checkpoint");
  app.add_option("--out", options->out, "write every question with its answers and verdicts here, as JSON lines");
  app.add_option("--set", options->overrides, "section.key=value; repeatable (eval.samples=16, data.arithmetic.max_operand=99)")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--temperature", options->temperature, "instead of eval.temperature; 0: greedy")->check(CLI::Range(0.0, 100.0));
  app.add_option("--top-p", options->top_p, "instead of eval.top_p")->check(CLI::Range(0.000001, 1.0));
  app.add_option("--top-k", options->top_k, "instead of eval.top_k; 0: all")->check(CLI::Range(0, 1 << 24));
  app.add_option("--min-p", options->min_p, "instead of eval.min_p")->check(CLI::Range(0.0, 1.0));
  app.add_option("--max-new-tokens", options->max_new_tokens, "instead of eval.max_new_tokens")->check(CLI::Range(1, 1 << 20));
  app.add_flag("--json", options->json, "print the result as JSON on standard output, everything else on standard error");
  return [options](StopSignal& stop) {
    const absl::Status status = RunEval(*options, stop);
    if (absl::IsCancelled(status)) {
      return 128 + stop.Requested();
    }
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
