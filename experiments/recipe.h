#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <fmt/ranges.h>

#include "base/config.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "grpo/config.h"
#include "grpo/memory_plan.h"
#include "policy/generation.h"
#include "policy/settings.h"
#include "rewards/reward.h"

// A recipe: every setting of a training run, one section per module that reads it. Recipes are TOML files (experiments/recipes/); defaults
// live here and in the modules' own configuration structs.

namespace cupel {

struct RolloutSettings {
  int64_t prompts_per_step = 8;
  int64_t group_size = 8;
  int64_t max_new_tokens = 48;
  double temperature = 1.0;
  int64_t top_k = 0;
  double top_p = 1.0;
  double min_p = 0.0;
  double repetition_penalty = 1.0;
  int64_t min_new_tokens = 0;
  std::string weights = "exact";
  std::vector<std::string> stop;
  template <class Field>
  void VisitFields(Field&& field) {
    field("prompts_per_step", prompts_per_step, "questions drawn per step (B)", Range{1, 1 << 20});
    field("group_size", group_size, "answers sampled per question (G)", Range{1, 4096});
    field("max_new_tokens", max_new_tokens, "longest answer, in tokens", Range{1, 1 << 20});
    field("temperature", temperature, "sampling temperature", Range{0.01, 100});
    field("top_k", top_k, "sample among the k likeliest tokens; 0: all", Range{0, 1 << 24});
    field("top_p", top_p, "sample among the likeliest tokens that together reach p", Range{0.000001, 1});
    field("min_p", min_p, "drop tokens less likely than min_p times the likeliest", Range{0, 1});
    field("repetition_penalty", repetition_penalty, "makes tokens that were there before less likely; 1: off", Range{0.01, 100});
    field("min_new_tokens", min_new_tokens, "so many tokens come before an answer can end", Range{0, 1 << 20});
    field("weights", weights,
          "what sampling computes with, in the run's evaluations too; exact: the weights of training, which gives the trainer's "
          "log-probabilities; int8: the same rounded to 8 bits, up to twice as fast, which needs grpo.correction",
          OneOf{{"exact", "int8"}});
    field("stop", stop, "strings that end an answer (besides the model's own end); they stay in it. Of evaluation too");
  }
};

struct EvalSettings {
  int64_t questions = 0;
  int64_t samples = 8;
  double temperature = 1.0;
  double top_p = 1.0;
  int64_t top_k = 0;
  double min_p = 0.0;
  double repetition_penalty = 1.0;
  int64_t max_new_tokens = 0;
  int64_t every = 0;
  int64_t examples = 3;
  template <class Field>
  void VisitFields(Field&& field) {
    field("questions", questions, "held-out questions to ask; 0: all", Range{0, 1e9});
    field("samples", samples, "answers per question; pass@1 is their mean", Range{1, 4096});
    field("temperature", temperature, "sampling temperature; 0: greedy", Range{0, 100});
    field("top_p", top_p, "sample among the likeliest tokens that together reach p", Range{0.000001, 1});
    field("top_k", top_k, "sample among the k likeliest tokens; 0: all", Range{0, 1 << 24});
    field("min_p", min_p, "drop tokens less likely than min_p times the likeliest", Range{0, 1});
    field("repetition_penalty", repetition_penalty, "makes tokens that were there before less likely; 1: off", Range{0.01, 100});
    field("max_new_tokens", max_new_tokens, "longest answer, in tokens; 0: as in rollout", Range{0, 1 << 20});
    field("every", every, "also evaluate after every so many steps; 0: only before and after", Range{0, 1e9});
    field("examples", examples, "questions shown with the answers of then and now", Range{0, 100});
  }
};

struct RunSettings {
  int64_t steps = 20;
  int64_t seed = 1;
  int64_t checkpoint_every = 10;
  int64_t keep_checkpoints = 2;
  int64_t keep_every = 0;
  std::string keep_best;
  std::string on_full_disk = "stop";
  template <class Field>
  void VisitFields(Field&& field) {
    field("steps", steps, "training steps", Range{1, 1e9});
    field("seed", seed, "of everything random in the run", Range{0, 9e15});
    field("checkpoint_every", checkpoint_every, "steps between checkpoints; one is always written at the end", Range{1, 1e9});
    field("keep_checkpoints", keep_checkpoints, "newest checkpoints to keep on disk", Range{1, 1e6});
    field("keep_every", keep_every, "also keep the checkpoints whose step is a multiple of this; 0: none", Range{0, 1e9});
    field("keep_best", keep_best,
          "also keep the checkpoint with the largest value of this metric (\"pass@1\": of its evaluation); empty: none");
    field("on_full_disk", on_full_disk, "when a checkpoint does not fit on the disk: stop the run, or continue with the one before",
          OneOf{{"stop", "continue"}});
  }
};

struct Recipe {
  ModelSettings model;
  DatasetConfig data;
  RolloutSettings rollout;
  RewardConfig reward;
  GrpoConfig grpo;
  OptimizerConfig optimizer;
  EngineSettings engine;
  EvalSettings eval;
  RunSettings run;
  template <class Field>
  void VisitFields(Field&& field) {
    field("model", model, "the policy");
    field("data", data, "the tasks");
    field("rollout", rollout, "sampling for training");
    field("reward", reward, "what an answer is worth");
    field("grpo", grpo, "the update");
    field("optimizer", optimizer, "AdamW");
    field("engine", engine, "the generation engine");
    field("eval", eval, "evaluation on held-out tasks");
    field("run", run, "length, seed and checkpoints");
  }
};

// Reads a recipe file and applies the --set assignments on top. Paths inside a recipe are relative to the working directory.
absl::StatusOr<Recipe> LoadRecipe(const std::string& path, const std::vector<std::string>& overrides);

// int8 weights have kernels for the processor only: InvalidArgument names both settings.
absl::Status CheckSamplingWeights(const std::string& weights, const std::string& device);

// What no single field can check: names of rewards, verifier and source exist; a group fits the engine; datasets build. InvalidArgument
// names the key.
absl::Status CheckRecipe(const Recipe& recipe);

// What training asks of its sampling beyond that: the ratio of an update is against log-probabilities that the trainer can compute itself,
// and a sampler with rounded weights is corrected for.
// InvalidArgument names the settings.
absl::Status CheckTrainingSampling(const Recipe& recipe);

// The update's settings with what follows from others filled in: constant_length, groups_per_step.
GrpoConfig ResolvedGrpo(const Recipe& recipe);
// What training by the recipe holds in memory.
MemoryRequest TrainingMemory(const ModelConfig& model, const Recipe& recipe);
// Tasks drawn for a step: those of every round of dynamic sampling, asked or not.
int64_t TasksDrawn(const Recipe& recipe);
SamplingParams TrainingSampling(const Recipe& recipe);
SamplingParams EvaluationSampling(const Recipe& recipe);

// Keys whose values differ, one line each: "optimizer.learning_rate: 1e-05 -> 2e-05".
std::vector<std::string> DifferingSettings(const Json& before, const Json& after);

// The same between the settings that a run stored when it began, and those it is to go on with. What the program of that time did not know
// yet had its default. `where` names the place of `stored` in messages; fails where it does not read as a Config.
template <class Config>
absl::StatusOr<std::vector<std::string>> SettingsChangedSince(const Json& stored, std::string_view where, const Config& now) {
  Config then;
  CUPEL_RETURN_IF_ERROR(ApplyJson(stored, where, then));
  return DifferingSettings(ConfigToJson(then), ConfigToJson(now));
}

// FailedPrecondition with the differences unless `run` goes on with the settings that it began with.
template <class Config>
absl::Status CheckSettingsUnchanged(const std::string& run, const Json& stored, std::string_view where, const Config& now) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<std::string> differences, SettingsChangedSince(stored, where, now));
  return differences.empty() ? absl::OkStatus()
                             : FailedPrecondition("{}: the run was started with other settings; --force continues with the new ones\n  {}",
                                                  run, fmt::join(differences, "\n  "));
}

}  // namespace cupel
