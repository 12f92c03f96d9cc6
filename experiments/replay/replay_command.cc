#include "experiments/replay/replay_command.h"

#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/open_run.h"
#include "experiments/recipe.h"
#include "experiments/replay/judge.h"
#include "experiments/replay/rescore.h"
#include "experiments/reward_option.h"
#include "experiments/version.h"
#include "rollout/log_maintenance.h"
#include "rollout/rescore_rows.h"

namespace cupel {
namespace {

absl::StatusOr<RescoreRequest> RequestOf(const ReplayOptions& options, const RolloutStore& store) {
  RescoreRequest request;
  if (options.rescore_recipe.empty()) {
    absl::StatusOr<RescoreRequest> recorded = RescoreAsRecorded(store);
    // A reward that is given on the command line does not care what the run had.
    if (!recorded.ok() && options.rewards.empty()) {
      return Annotate(recorded.status(), "the settings of the run are not those of this program; name rewards with --reward");
    }
    request = recorded.ok() ? *std::move(recorded) : RescoreRequest();
  } else {
    CUPEL_ASSIGN_OR_RETURN(const Recipe recipe, LoadRecipe(options.rescore_recipe, options.overrides));
    request.rewards = recipe.reward;
    request.grpo = ResolvedGrpo(recipe);
    if (recipe.data.source == "jsonl") {
      request.verifier = recipe.data.jsonl.verifier;
    }
  }
  if (!options.rewards.empty()) {
    request.rewards.terms.clear();
    for (const std::string& text : options.rewards) {
      CUPEL_ASSIGN_OR_RETURN(RewardTermConfig term, ParseRewardOption(text));
      request.rewards.terms.push_back(std::move(term));
    }
  }
  request.verifier = options.verifier.empty() ? request.verifier : options.verifier;
  request.metadata = options.verifier_options.empty() ? std::nullopt : std::optional(options.verifier_options);
  request.threads = options.threads;
  request.max_examples = options.examples;
  return request;
}

Json SettingsJson(const RescoreRequest& request) {
  return {{"verifier", request.verifier},
          {"metadata", request.metadata.value_or("")},
          {"reward", ConfigToJson(request.rewards)},
          {"grpo", ConfigToJson(request.grpo)}};
}

// Where results are kept: in the run's own log, or in a copy of it.
struct Destination {
  std::string path;
  std::optional<FileLock> lock;
};

absl::StatusOr<Destination> PrepareDestination(const ReplayOptions& options, const RolloutStore& store) {
  Destination destination;
  if (!options.out.empty()) {
    destination.path = options.out;
    CUPEL_RETURN_IF_ERROR(MergeLogs({store.path()}, options.out));
    return destination;
  }
  destination.path = store.path();
  absl::StatusOr<std::optional<FileLock>> lock = LockRun(options.run);
  if (!lock.ok()) {
    return FailedPrecondition("{}; --out FILE.db keeps the results in a copy of its log", Message(lock.status()));
  }
  destination.lock = *std::move(lock);
  return destination;
}

absl::StatusOr<int> RunRescore(const ReplayOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
  CUPEL_ASSIGN_OR_RETURN(const RescoreRequest request, RequestOf(options, store));
  CUPEL_RETURN_IF_ERROR(GroupJudge::Create(request.verifier, request.metadata, request.rewards).status());  // before anything is made
  std::optional<RescoreWriter> writer;
  std::optional<Destination> destination;
  const std::string label = options.label.empty() ? "rescored" : options.label;
  if (!options.label.empty() || !options.out.empty()) {
    CUPEL_ASSIGN_OR_RETURN(destination, PrepareDestination(options, store));
    CUPEL_ASSIGN_OR_RETURN(writer, RescoreWriter::Open(destination->path, store.run_id(), {label, SettingsJson(request), kProgramVersion}));
  }
  CUPEL_ASSIGN_OR_RETURN(const RescoreSummary summary,
                         Rescore(store, request, [&](const std::vector<RolloutGroup>&, const std::vector<RolloutGroup>& after) {
                           return writer ? writer->Add(after) : absl::OkStatus();
                         }));
  if (writer) {
    CUPEL_RETURN_IF_ERROR(writer->Commit());
  }
  if (options.json) {
    fmt::print("{}\n", DumpJson(RescoreJson(summary), 2));
    return 0;
  }
  fmt::print("{}", RescoreText(summary));
  if (destination) {
    fmt::print("stored as \"{}\": cupel show {} --sql \"SELECT * FROM verdict_changes WHERE label = '{}'\"\n", label, destination->path,
               label);
  }
  return 0;
}

// What is asked for together must make sense together.
absl::Status CheckOptions(const ReplayOptions& options, bool has_replayer) {
  const bool replays = !options.steps.empty() || options.all;
  if (options.rescores && replays) {
    return InvalidArgument("--rescore judges every completion again; --step and --all do steps again: ask for one of the two");
  }
  if (!options.rescores && (!options.label.empty() || !options.out.empty())) {
    return InvalidArgument("--label and --out keep the results of --rescore, --verifier or --reward: name one of them");
  }
  if (!options.rescores && !replays) {
    return InvalidArgument("say what to replay: --step N, --all, or --rescore, --verifier or --reward");
  }
  if (!options.rescores && !has_replayer) {
    return FailedPrecondition("this build is without LibTorch: it can rescore (--rescore, --verifier, --reward), but not do steps again");
  }
  return absl::OkStatus();
}

void DeclareStepOptions(CLI::App& app, ReplayOptions& options) {
  app.add_option("--step", options.steps, "do this step again and compare (1 is the first); repeatable")
      ->check(AtLeast(1))
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--all", options.all, "every step, one after the other; prints a digest");
  app.add_option("--from-log", options.from_stage,
                 "do not sample: take the recorded completions and begin with this stage (default: verdicts)")
      ->expected(0, 1)
      ->check(CLI::IsMember({"text", "verdicts", "rewards", "advantages", "update"}));
  app.add_option("--model", options.model, "the model the run began with, when it is no longer where the recipe says");
  app.add_option("--lr", options.learning_rate, "the same update with another learning rate, compared with the recorded one")
      ->check(CLI::Range(1e-12, 1.0));
  app.add_option("--objective", options.objective, "the same update with another objective");
  app.add_option("--set", options.overrides, "section.key=value: the same update with another setting; repeatable")
      ->take_all()
      ->allow_extra_args(false);
}

void DeclareRescoreOptions(CLI::App& app, ReplayOptions& options) {
  app.add_option("--rescore", options.rescore_recipe,
                 "judge every completion again: for the rewards of this recipe, or with nothing named, for the run's own with the present "
                 "verifiers")
      ->expected(0, 1);
  app.add_option("--verifier", options.verifier, "judge every completion with this verifier");
  app.add_option("--verifier-options", options.verifier_options, "its options, a JSON object, in place of each task's own");
  app.add_option("--reward", options.rewards, "reward every completion for this: NAME, NAME=WEIGHT or NAME(PATTERN)=WEIGHT; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--label", options.label, "keep the results in the run's log under this name (view verdict_changes)");
  app.add_option("--out", options.out, "keep them in a copy of the log instead (FILE.db)");
  app.add_option("--examples", options.examples, "examples shown of each kind of changed verdict")->check(AtLeast(0));
  app.add_option("--threads", options.threads, "threads that judge; 0: one per processor")->check(CLI::Range(0, 1024));
}

}  // namespace

Action DeclareReplayWith(CLI::App& app, StepReplayer replayer) {
  auto options = std::make_shared<ReplayOptions>();
  app.add_option("run", options->run, "folder of a run, or its run.db")->required();
  DeclareStepOptions(app, *options);
  DeclareRescoreOptions(app, *options);
  app.add_flag("--json", options->json, "print as JSON");
  return [options, replayer, &app](StopSignal& stop) {
    options->from_log = app.count("--from-log") > 0;
    options->rescores =
        app.count("--rescore") > 0 || !options->verifier.empty() || !options->verifier_options.empty() || !options->rewards.empty();
    if (const absl::Status status = CheckOptions(*options, replayer != nullptr); !status.ok()) {
      return Fail(status);
    }
    const absl::StatusOr<int> code = options->rescores ? RunRescore(*options) : replayer(*options, stop);
    return code.ok() ? *code : Fail(code.status());
  };
}

Action DeclareRescore(CLI::App& app) { return DeclareReplayWith(app, nullptr); }

}  // namespace cupel
