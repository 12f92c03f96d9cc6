#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/status.h"
#include "experiments/replay/counterfactual.h"
#include "experiments/replay/replay_command.h"
#include "experiments/replay/replayer.h"

namespace cupel {
namespace {

Stage FirstStage(const ReplayOptions& options) {
  const std::map<std::string, Stage> stages = {{"text", Stage::kText},
                                               {"verdicts", Stage::kVerdicts},
                                               {"rewards", Stage::kRewards},
                                               {"advantages", Stage::kAdvantages},
                                               {"update", Stage::kUpdate}};
  return options.from_log ? stages.at(options.from_stage) : Stage::kPrompts;
}

Json StageJson(const StageResult& stage) {
  Json json = {{"stage", StageName(stage.stage)},
               {"result", !stage.skipped.empty()     ? "skipped"
                          : stage.difference.empty() ? "identical"
                                                     : "differs"}};
  if (!stage.compared.empty()) {
    json["compared"] = stage.compared;
  }
  if (!stage.difference.empty()) {
    json["difference"] = stage.difference;
  }
  if (!stage.skipped.empty()) {
    json["why"] = stage.skipped;
  }
  return json;
}

void PrintStep(const StepReplay& replay, const ReplayBounds& bounds) {
  fmt::print("step {} ({})\n", replay.step + 1, FormatDuration(replay.seconds));
  for (const StageResult& stage : replay.stages) {
    const std::string_view same = bounds.is_exact ? "identical" : "within bounds";
    const std::string result = !stage.skipped.empty()     ? "not compared: " + stage.skipped
                               : stage.difference.empty() ? fmt::format("{:<13}  {}", same, stage.compared)
                                                          : "differs at " + stage.difference;
    fmt::print("  {:<11} {}\n", StageName(stage.stage), result);
  }
}

absl::StatusOr<std::vector<int64_t>> StepsToReplay(const ReplayOptions& options, const RolloutStore& store) {
  if (options.all) {
    return store.StepNumbers();
  }
  std::vector<int64_t> steps;
  for (const int64_t step : options.steps) {
    steps.push_back(step - 1);
  }
  std::ranges::sort(steps);
  return steps;
}

absl::StatusOr<int> ReplayAll(const ReplayOptions& options, Replayer& replayer, StopSignal& stop) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, StepsToReplay(options, replayer.store()));
  Json json = Json::array();
  int64_t num_different = 0;
  for (const int64_t step : steps) {
    CUPEL_ASSIGN_OR_RETURN(const StepReplay replay, replayer.Replay(step, FirstStage(options), stop));
    num_different += replay.is_identical() ? 0 : 1;
    if (options.json) {
      Json stages = Json::array();
      std::ranges::for_each(replay.stages, [&](const StageResult& stage) { stages.push_back(StageJson(stage)); });
      json.push_back(
          {{"step", step + 1}, {"identical", replay.is_identical()}, {"stages", std::move(stages)}, {"seconds", replay.seconds}});
    } else {
      PrintStep(replay, replayer.bounds());
    }
  }
  const std::string digest = replayer.Digest();
  if (options.json) {
    fmt::print("{}\n",
               DumpJson({{"run", options.run}, {"exact", replayer.bounds().is_exact}, {"steps", std::move(json)}, {"digest", digest}}, 2));
  } else {
    fmt::print("{} of {} steps {}; digest of the replay {}\n", std::ssize(steps) - num_different, steps.size(),
               replayer.bounds().is_exact ? "identical" : "within bounds", digest);
  }
  return num_different == 0 ? 0 : kExitFailed;
}

// What --lr and --objective stand for, with --set.
std::vector<std::string> Overrides(const ReplayOptions& options) {
  std::vector<std::string> overrides = options.overrides;
  if (options.learning_rate > 0) {
    overrides.push_back(fmt::format("optimizer.learning_rate={}", options.learning_rate));
  }
  if (!options.objective.empty()) {
    overrides.push_back("grpo.objective.kind=" + options.objective);
  }
  return overrides;
}

absl::StatusOr<int> ReplaySteps(const ReplayOptions& options, StopSignal& stop) {
  const std::vector<std::string> overrides = Overrides(options);
  if (!overrides.empty() && options.steps.size() != 1) {
    return InvalidArgument("--lr, --objective and --set make one update in another way: name it with --step N");
  }
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Replayer> replayer, Replayer::Open(options.run, options.model));
  if (overrides.empty()) {
    return ReplayAll(options, *replayer, stop);
  }
  CUPEL_ASSIGN_OR_RETURN(const Counterfactual result, CompareUpdates(*replayer, options.steps.front() - 1, overrides, stop));
  fmt::print("{}", options.json ? DumpJson(CounterfactualJson(result), 2) + "\n" : CounterfactualText(result));
  return 0;
}

}  // namespace

Action DeclareReplay(CLI::App& app) { return DeclareReplayWith(app, ReplaySteps); }

}  // namespace cupel
