#include <csignal>
#include <filesystem>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "experiments/command.h"
#include "experiments/train.h"

namespace cupel {
namespace {

struct TrainOptions {
  std::string recipe;
  std::string run;
  std::vector<std::string> overrides;
  int64_t step = -1;
  bool resumes = false;
  bool forces = false;
  bool skips_evaluation = false;
  bool json = false;
  bool lists_settings = false;
};

// Where a run goes when nobody says: runs/RECIPE, or runs/RECIPE-2 and so on when that is taken.
std::string DefaultRunDirectory(const std::string& recipe) {
  const std::string base = "runs/" + std::filesystem::path(recipe).stem().string();
  std::string directory = base;
  for (int number = 2; std::filesystem::exists(directory); ++number) {
    directory = fmt::format("{}-{}", base, number);
  }
  return directory;
}

// The recipe of the stored run with the command line on top. A setting that differs from the stored one is refused without --force: the
// resumed run would not equal the uninterrupted one.
absl::StatusOr<Recipe> RecipeToResume(const TrainOptions& options, const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
  Recipe recipe;
  if (options.recipe.empty()) {
    CUPEL_RETURN_IF_ERROR(ApplyJson(info.recipe, store.path(), recipe));
    for (const std::string& assignment : options.overrides) {
      CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, recipe));
    }
  } else {
    CUPEL_ASSIGN_OR_RETURN(recipe, LoadRecipe(options.recipe, options.overrides));
  }
  if (!options.forces) {
    CUPEL_RETURN_IF_ERROR(CheckSettingsUnchanged(options.run, info.recipe, store.path(), recipe));
  }
  return recipe;
}

absl::StatusOr<TrainOutcome> RunTrain(const TrainOptions& options, StopSignal& stop) {
  TrainRequest request;
  request.evaluate = !options.skips_evaluation;
  request.out = HumanStream(options.json);
  if (options.resumes) {
    if (options.run.empty()) {
      return InvalidArgument("--resume needs --run DIR, the folder of the run to continue");
    }
    CUPEL_ASSIGN_OR_RETURN(RunFolder folder, RunFolder::Open(options.run, RunFolder::Start::kResume));
    CUPEL_ASSIGN_OR_RETURN(request.recipe, RecipeToResume(options, folder.store()));
    if (options.step >= 0) {
      request.latest_step = options.step;
    }
    return Train(request, folder, true, stop);
  }
  if (options.step >= 0) {
    return InvalidArgument("--step {} names a checkpoint to continue from: it needs --resume and --run DIR", options.step);
  }
  if (options.recipe.empty()) {
    return InvalidArgument("name a recipe, for example `cupel train experiments/recipes/tiny.toml`; experiments/recipes/ has more");
  }
  CUPEL_ASSIGN_OR_RETURN(request.recipe, LoadRecipe(options.recipe, options.overrides));
  CUPEL_RETURN_IF_ERROR(CheckRecipe(request.recipe));  // before a folder is made
  CUPEL_RETURN_IF_ERROR(CheckTrainingSampling(request.recipe));
  const std::string directory = options.run.empty() ? DefaultRunDirectory(options.recipe) : options.run;
  CUPEL_ASSIGN_OR_RETURN(RunFolder folder, RunFolder::Open(directory, RunFolder::Start::kNew));
  return Train(request, folder, false, stop);
}

void PrintEnd(const TrainOptions& options, const TrainOutcome& outcome) {
  std::FILE* out = HumanStream(options.json);
  const auto run = outcome.summary["run"].get<std::string>();
  if (outcome.stopped_by != 0) {
    fmt::print(out, "stopped by {} after {} steps; nothing stored is lost. Continue with: cupel train --resume --run {}\n",
               outcome.stopped_by == SIGINT ? "Ctrl-C" : "SIGTERM", outcome.summary["steps"].get<int64_t>(), run);
  } else {
    fmt::print(out, "\ndatabase    {}\ncheckpoint  {}\nreport      {}\n", outcome.summary["database"].get<std::string>(),
               outcome.summary["checkpoint"].get<std::string>(), outcome.summary["report"].get<std::string>());
  }
  if (options.json) {
    fmt::print("{}\n", DumpJson(outcome.summary, 2));
  }
}

}  // namespace

Action DeclareTrain(CLI::App& app) {
  auto options = std::make_shared<TrainOptions>();
  app.add_option("recipe", options->recipe, "TOML recipe (with --resume: optional, default the run's own)");
  app.add_option("--run", options->run, "folder of the run (default runs/RECIPE, numbered when taken)");
  app.add_option("--set", options->overrides, "section.key=value on top of the recipe; repeatable")->take_all()->allow_extra_args(false);
  app.add_flag("--resume", options->resumes, "continue the run in --run after its newest good checkpoint");
  app.add_option("--step", options->step, "with --resume: continue after the newest checkpoint of at most so many steps")
      ->check(CLI::Range(int64_t{0}, int64_t{1000000000}));
  app.add_flag("--force", options->forces, "resume although settings differ from the stored ones");
  app.add_flag("--no-eval", options->skips_evaluation, "do not evaluate before and after");
  app.add_flag("--settings", options->lists_settings, "list every setting with its meaning, range and default, and exit");
  app.add_flag("--json", options->json, "print the result as JSON on standard output, everything else on standard error");
  return [options](StopSignal& stop) {
    if (options->lists_settings) {
      fmt::print("{}", DescribeConfig<Recipe>());
      return 0;
    }
    const absl::StatusOr<TrainOutcome> outcome = RunTrain(*options, stop);
    if (!outcome.ok()) {
      return Fail(outcome.status());
    }
    PrintEnd(*options, *outcome);
    // SIGTERM is how schedulers ask for a clean stop, and that is what they got.
    return outcome->stopped_by == 0 || outcome->stopped_by == SIGTERM ? 0 : 128 + outcome->stopped_by;
  };
}

}  // namespace cupel
