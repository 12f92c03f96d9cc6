#include "experiments/score/score_command.h"

#include <algorithm>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/open_run.h"
#include "experiments/recipe.h"
#include "experiments/replay/rescore.h"
#include "experiments/reward_option.h"
#include "experiments/score/workbench.h"

namespace cupel {
namespace {

struct ScoreOptions {
  std::string answers;
  std::string model;
  AnswerSampler sampler = nullptr;
  std::string recipe;
  std::vector<std::string> rewards;
  std::vector<std::string> against;
  std::vector<std::string> overrides;
  AnswerOptions reading;
  WorkbenchSettings settings;
  int64_t threads = 0;
  bool json = false;
  bool no_attacks = false;
  std::string out;
  std::string html;
};

bool IsJsonLines(const std::string& path) { return path == "-" || path.ends_with(".jsonl"); }

// Answers of a model to the held-out tasks of the recipe.
absl::StatusOr<AnswerSet> SampleAnswerSet(const ScoreOptions& options, StopSignal& stop) {
  if (options.sampler == nullptr) {
    return FailedPrecondition("this build is without LibTorch and cannot sample; score a log or JSON lines, or build with LibTorch");
  }
  CUPEL_ASSIGN_OR_RETURN(Recipe recipe, LoadRecipe(options.recipe, options.overrides));
  recipe.model.path = options.model;
  CUPEL_RETURN_IF_ERROR(CheckRecipe(recipe));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, options.sampler(recipe, stop));
  return AnswersOf(groups, options.model, options.reading);
}

absl::StatusOr<AnswerSet> ReadAnswerSet(const ScoreOptions& options, StopSignal& stop) {
  if (!options.model.empty()) {
    return SampleAnswerSet(options, stop);
  }
  if (IsJsonLines(options.answers)) {
    return ReadAnswers(options.answers, options.reading);
  }
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.answers));
  return ReadAnswers(store, options.reading);
}

// The terms of --reward, the recipe's, the run's own, or correctness: the first that there is.
absl::StatusOr<Scorer> MakeScorer(const ScoreOptions& options) {
  RewardConfig config;
  if (!options.rewards.empty()) {
    config.terms.clear();
    for (const std::string& text : options.rewards) {
      CUPEL_ASSIGN_OR_RETURN(RewardTermConfig term, ParseRewardOption(text));
      config.terms.push_back(std::move(term));
    }
    return Scorer::Create(fmt::format("{}", fmt::join(options.rewards, " + ")), config);
  }
  if (!options.recipe.empty() || !options.overrides.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const Recipe recipe, LoadRecipe(options.recipe, options.overrides));
    return Scorer::Create(options.recipe.empty() ? "the settings given" : options.recipe, recipe.reward);
  }
  if (!options.model.empty() || IsJsonLines(options.answers)) {
    return Scorer::Create("correctness", config);
  }
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.answers));
  absl::StatusOr<RescoreRequest> recorded = RescoreAsRecorded(store);
  CUPEL_RETURN_IF_ERROR(Annotate(recorded.status(), "the run's own reward cannot be used; name one with --reward or --recipe"));
  return Scorer::Create("the run's own reward", recorded->rewards);
}

absl::Status WriteReports(const ScoreOptions& options, const Json& report) {
  if (!options.out.empty()) {
    CUPEL_RETURN_IF_ERROR(WriteFileAtomically(options.out, DumpJson(report, 1) + "\n"));
  }
  if (!options.html.empty()) {
    CUPEL_RETURN_IF_ERROR(WriteFileAtomically(options.html, WorkbenchPage(report)));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RunScore(ScoreOptions options, StopSignal& stop) {
  if (options.answers.empty() == options.model.empty()) {
    return InvalidArgument("give either ANSWERS, a log or JSON lines, or --model MODEL, whose answers are sampled now");
  }
  if (!options.rewards.empty() && !options.recipe.empty() && options.model.empty()) {
    return InvalidArgument("give either --reward or --recipe; --against compares two recipes");
  }
  CUPEL_ASSIGN_OR_RETURN(const Scorer scorer, MakeScorer(options));
  std::vector<std::unique_ptr<Scorer>> others;
  std::vector<const Scorer*> borrowed;
  for (const std::string& path : options.against) {
    CUPEL_ASSIGN_OR_RETURN(const Recipe recipe, LoadRecipe(path, {}));
    CUPEL_ASSIGN_OR_RETURN(Scorer other, Scorer::Create(path, recipe.reward));
    others.push_back(std::make_unique<Scorer>(std::move(other)));
    borrowed.push_back(others.back().get());
  }
  CUPEL_ASSIGN_OR_RETURN(const AnswerSet answers, ReadAnswerSet(options, stop));
  options.settings.threads =
      options.threads > 0 ? static_cast<int>(options.threads) : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.settings.attack_tasks = options.no_attacks ? 0 : options.settings.attack_tasks;
  const Json report = RunWorkbench(answers, scorer, borrowed, options.settings);
  CUPEL_RETURN_IF_ERROR(WriteReports(options, report));
  fmt::print("{}", options.json ? DumpJson(report, 1) + "\n" : WorkbenchText(report));
  return HasFailed(report) ? kExitFailed : 0;
}

}  // namespace

Action DeclareScoreWith(CLI::App& app, AnswerSampler sampler) {
  auto options = std::make_shared<ScoreOptions>();
  options->sampler = sampler;
  app.add_option(
      "answers", options->answers,
      "a run's folder or run.db, or JSON lines (FILE.jsonl, or - for standard input) with \"completion\" and \"answer\", optionally "
      "\"prompt\", \"task\", \"group\", \"label\", \"num_tokens\", \"finish_reason\", \"verifier\", \"options\"");
  app.add_option("--model", options->model,
                 "score answers of this model, sampled now: a .gguf file, a Hugging Face directory or checkpoint, or \"tiny\"; the tasks, "
                 "how many (eval.questions, eval.samples) and how they are sampled are the recipe's");
  app.add_option("--recipe", options->recipe, "score by the reward of this recipe (default: the run's own; for others, correctness)");
  app.add_option("--set", options->overrides, "one setting of the recipe: section.key=value; may be repeated");
  app.add_option("--reward", options->rewards, "score by these terms instead: NAME, NAME=WEIGHT or NAME(PATTERN)=WEIGHT; may be repeated");
  app.add_option("--against", options->against, "compare with the reward of this recipe too; may be repeated");
  app.add_option("--verifier", options->reading.verifier,
                 "who judges, in place of each task's own; for lines that name none the default is math");
  app.add_option("--options", options->reading.verifier_options, "options of the verifier as a JSON object, in place of each task's own");
  app.add_option("--limit", options->reading.limit, "score the first so many answers, whole groups; 0: all")->check(AtLeast(0));
  app.add_flag("--skip-bad", options->reading.skip_bad, "leave out lines that cannot be used, and count them");
  app.add_option("--threshold", options->settings.threshold, "for labels: an answer counts as accepted from this reward on")
      ->capture_default_str();
  app.add_option("--max-share", options->settings.max_share,
                 "fail when a degenerate policy earns more than this share of what an honest right answer is worth")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--attack-questions", options->settings.attack_tasks, "questions put to every degenerate policy")
      ->check(AtLeast(1))
      ->capture_default_str();
  app.add_flag("--no-attacks", options->no_attacks, "leave the attack report out");
  app.add_option("--threads", options->threads, "threads; 0: one per core")->check(CLI::Range(0, 1024));
  app.add_flag("--json", options->json, "print the report as JSON");
  app.add_option("--out", options->out, "also write the report as JSON to this file");
  app.add_option("--html", options->html, "also write the report as one HTML page that opens from disk");
  return [options](StopSignal& stop) {
    const absl::StatusOr<int> code = RunScore(*options, stop);
    if (absl::IsCancelled(code.status())) {
      return 128 + stop.Requested();
    }
    return code.ok() ? *code : Fail(code.status());
  };
}

Action DeclareScoreLogged(CLI::App& app) { return DeclareScoreWith(app, nullptr); }

}  // namespace cupel
