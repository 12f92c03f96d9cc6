#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/evaluate.h"
#include "experiments/measure.h"
#include "experiments/open_run.h"
#include "experiments/recipe.h"
#include "experiments/report/evaluation_plots.h"
#include "experiments/report/html_page.h"
#include "experiments/run_folder.h"
#include "grpo/checkpoint.h"

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
  std::vector<int64_t> budgets;
  std::string plot;
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

// A page with accuracy against the number of answers, and against the tokens of thought.
absl::Status WritePlots(const Json& summary, const std::string& path) {
  std::string body = fmt::format("<h1>{}</h1>\n", EscapeHtml(summary["model"].get<std::string>()));
  body += SvgPlot(AccuracyPlot({{"pass@k, cons@k", summary}})) + SvgPlot(BudgetPlot({{"pass@1", summary}}));
  return WriteFileAtomically(path, HtmlPage({.title = "evaluation · cupel", .style = PlotStyle(), .body = body}));
}

void PrintMeasurement(const Measurement& measured, const Recipe& recipe, Progress& progress) {
  const EvaluationResult& result = measured.result;
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
  for (const Json& part : measured.summary["by_difficulty"]) {
    progress.Line(fmt::format("  {:<28} {:<20} {:>5} questions  pass@1 {:.4f} ± {:.4f}", part["family"].get<std::string>(),
                              part["difficulty"].get<std::string>(), part["questions"].get<int64_t>(), part["pass@1"].get<double>(),
                              part["error"].get<double>()));
  }
  for (const Json& point : measured.summary["budgets"]) {
    progress.Line(fmt::format("  thinking cut at {:>5} tokens  pass@1 {:.4f} ± {:.4f}  ({:.0f} % cut)", point["budget"].get<int64_t>(),
                              point["pass@1"].get<double>(), point["error"].get<double>(), 100 * point["forced"].get<double>()));
  }
}

absl::Status RunEval(const EvalOptions& options, StopSignal& stop) {
  Progress progress(HumanStream(options.json));
  CUPEL_ASSIGN_OR_RETURN(const Recipe recipe, ResolveRecipe(options));
  progress.Line("cupel eval");
  CUPEL_ASSIGN_OR_RETURN(const Measurement measured, MeasureModel(recipe, options.budgets, stop, HumanStream(options.json)));
  if (!options.out.empty()) {
    CUPEL_RETURN_IF_ERROR(WriteAnswers(measured.result, options.out));
    progress.Line(fmt::format("  answers  {}", options.out));
  }
  if (!options.plot.empty()) {
    CUPEL_RETURN_IF_ERROR(WritePlots(measured.summary, options.plot));
    progress.Line(fmt::format("  plots    {}", options.plot));
  }
  PrintMeasurement(measured, recipe, progress);
  if (options.json) {
    fmt::print("{}\n", DumpJson(measured.summary, 2));
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
  app.add_option("--budgets", options->budgets, "also cut thinking after so many tokens and force the answer: 32,64,128")->delimiter(',');
  app.add_option("--plot", options->plot, "write a page with accuracy against answers and against tokens of thought here");
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
