#include <csignal>
#include <filesystem>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/sft.h"

namespace cupel {
namespace {

struct SftOptions {
  std::string recipe;
  std::string run;
  std::vector<std::string> overrides;
  bool resumes = false;
  bool forces = false;
  bool json = false;
  bool lists_settings = false;
};

absl::StatusOr<SftRecipe> LoadSftRecipe(const SftOptions& options) {
  SftRecipe recipe;
  if (!options.recipe.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.recipe));
    CUPEL_RETURN_IF_ERROR(ApplyToml(text, options.recipe, recipe));
  }
  for (const std::string& assignment : options.overrides) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, recipe));
  }
  return recipe;
}

absl::Status CheckSftRecipe(const SftRecipe& recipe) {
  if (recipe.model.path.empty()) {
    return InvalidArgument("model.path is empty: name a .gguf file, a Hugging Face directory or \"tiny\" with --set model.path=...");
  }
  if (recipe.sft.path.empty()) {
    return InvalidArgument("sft.path is empty: name a JSONL file of examples with --set sft.path=...");
  }
  return absl::OkStatus();
}

// The recipe of the stored run with the command line on top; a difference is refused without --force.
absl::StatusOr<SftRecipe> SftRecipeToResume(const SftOptions& options, const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
  SftRecipe recipe;
  if (options.recipe.empty()) {
    CUPEL_RETURN_IF_ERROR(ApplyJson(info.recipe, store.path(), recipe));
    for (const std::string& assignment : options.overrides) {
      CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, recipe));
    }
  } else {
    CUPEL_ASSIGN_OR_RETURN(recipe, LoadSftRecipe(options));
  }
  if (!options.forces) {
    CUPEL_RETURN_IF_ERROR(CheckSettingsUnchanged(options.run, info.recipe, store.path(), recipe));
  }
  return recipe;
}

absl::StatusOr<SftOutcome> Run(const SftOptions& options, StopSignal& stop) {
  if (options.run.empty()) {
    return InvalidArgument("--run DIR names the folder of the run");
  }
  const auto start = options.resumes ? RunFolder::Start::kResume : RunFolder::Start::kNew;
  SftRecipe recipe;
  if (!options.resumes) {  // before a folder is made
    CUPEL_ASSIGN_OR_RETURN(recipe, LoadSftRecipe(options));
    CUPEL_RETURN_IF_ERROR(CheckSftRecipe(recipe));
  }
  CUPEL_ASSIGN_OR_RETURN(RunFolder folder, RunFolder::Open(options.run, start));
  if (options.resumes) {
    CUPEL_ASSIGN_OR_RETURN(recipe, SftRecipeToResume(options, folder.store()));
  }
  return RunSft(recipe, folder, options.resumes, stop, HumanStream(options.json));
}

}  // namespace

Action DeclareSft(CLI::App& app) {
  auto options = std::make_shared<SftOptions>();
  app.add_option("recipe", options->recipe, "TOML recipe (optional: --set gives every setting)");
  app.add_option("--run", options->run, "folder of the run");
  app.add_option("--set", options->overrides, "section.key=value on top of the recipe; repeatable")->take_all()->allow_extra_args(false);
  app.add_flag("--resume", options->resumes, "continue the run in --run after its newest good checkpoint");
  app.add_flag("--force", options->forces, "resume although settings differ from the stored ones");
  app.add_flag("--settings", options->lists_settings, "list every setting with its meaning, range and default, and exit");
  app.add_flag("--json", options->json, "print the result as JSON on standard output, everything else on standard error");
  return [options](StopSignal& stop) {
    if (options->lists_settings) {
      fmt::print("{}", DescribeConfig<SftRecipe>());
      return 0;
    }
    const absl::StatusOr<SftOutcome> outcome = Run(*options, stop);
    if (!outcome.ok()) {
      return Fail(outcome.status());
    }
    const auto run = outcome->summary["run"].get<std::string>();
    if (outcome->stopped_by != 0) {
      fmt::print(HumanStream(options->json), "stopped after {} steps; continue with: cupel sft --resume --run {}\n",
                 outcome->summary["steps"].get<int64_t>(), run);
    } else {
      fmt::print(HumanStream(options->json), "\ncheckpoint  {}\n", outcome->summary["checkpoint"].get<std::string>());
    }
    if (options->json) {
      fmt::print("{}\n", DumpJson(outcome->summary, 2));
    }
    return outcome->stopped_by == 0 || outcome->stopped_by == SIGTERM ? 0 : 128 + outcome->stopped_by;
  };
}

}  // namespace cupel
