#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "experiments/pipeline/rejection.h"
#include "experiments/pipeline/shrink.h"
#include "experiments/pipeline/trace_data.h"
#include "experiments/recipe.h"
#include "experiments/sft.h"

namespace cupel {

// A stage turns inputs into one output in a folder of its own:
//
//   kind     recipe         output
//   traces   TraceRecipe    traces.jsonl: worked solutions
//   sft      SftRecipe      the run's last checkpoint
//   train    Recipe         the run's last checkpoint
//   sample   SampleRecipe   kept.jsonl: answers of a policy that passed every rule
//   shrink   ShrinkRecipe   model/: a student made of some of a model's layers
struct StageConfig {
  std::string name;
  std::string kind;
  std::string recipe;
  std::vector<std::string> inputs;
  std::vector<std::string> set;
  std::string folder;
  bool evaluate = true;
  template <class Field>
  void VisitFields(Field&& field) {
    field("name", name, "what other stages and the table call it: small letters, digits and -");
    field("kind", kind, "what the stage does", OneOf{{"sample", "sft", "shrink", "traces", "train"}});
    field("recipe", recipe, "TOML file of the settings; empty: defaults");
    field("inputs", inputs, "settings that name an earlier stage's output: [\"model.path=cold-start\"]");
    field("set", set, "section.key=value on top of the recipe");
    field("folder", folder, "folder of the stage, inside the pipeline's; empty: its name");
    field("evaluate", evaluate, "measure the model that comes out by pipeline.evaluation");
  }
};

struct PipelineSettings {
  std::string folder;
  std::string evaluation;
  std::vector<std::string> evaluation_set;
  std::vector<int64_t> budgets;
  bool evaluate_untouched = true;
  double price_per_core_hour = 0.05;
  std::string currency = "USD";
  int64_t seed_offset = 0;
  template <class Field>
  void VisitFields(Field&& field) {
    field("folder", folder, "folder of the whole pipeline");
    field("evaluation", evaluation, "recipe whose data and eval settings measure every model; empty: none is measured");
    field("evaluation_set", evaluation_set, "section.key=value on top of it");
    field("budgets", budgets, "also measure with thinking cut after so many tokens and the answer forced: [32, 64, 128]");
    field("evaluate_untouched", evaluate_untouched, "also measure the model that the first stage starts from");
    field("price_per_core_hour", price_per_core_hour, "what an hour of one processor core costs", Range{0, 1e9});
    field("currency", currency, "of that price");
    field("seed_offset", seed_offset,
          "1000 times this is added to the seed of every stage: another number is another run of the whole, with its own folder",
          Range{0, 1e12});
  }
};

struct PipelineConfig {
  PipelineSettings pipeline;
  std::vector<StageConfig> stages;
  template <class Field>
  void VisitFields(Field&& field) {
    field("pipeline", pipeline, "the whole");
    field("stages", stages, "the stages, in the order in which they run");
  }
};

using StageRecipe = std::variant<TraceRecipe, SftRecipe, Recipe, SampleRecipe, ShrinkRecipe>;

// A stage with everything filled in.
struct Stage {
  struct Input {
    std::string key;    // "model.path"
    std::string stage;  // "cold-start"
    std::string path;   // where its output is, or will be
  };
  std::string name;
  std::string kind;
  std::string folder;
  std::string output;
  bool gives_model = false;  // otherwise examples
  bool evaluate = false;
  std::vector<Input> inputs;
  StageRecipe recipe;
};

struct Pipeline {
  PipelineSettings settings;
  std::vector<Stage> stages;
  std::string untouched;  // the model that the first stage with a model starts from; empty: there is none
  bool evaluates = false;
  Recipe evaluation;
};

// Reads and checks everything that can be known before anything runs: recipes, names, inputs, folders, vocabularies. Paths are relative to
// the working directory. InvalidArgument names file, stage and key: an input that no stage gives, a cycle, two stages writing one folder, a
// teacher and a student with different vocabularies.
absl::StatusOr<Pipeline> LoadPipeline(const std::string& path, const std::vector<std::string>& overrides);

Json RecipeJson(const StageRecipe& recipe);
// SettingsChangedSince for whatever the recipe is.
absl::StatusOr<std::vector<std::string>> ChangedSince(const Json& stored, std::string_view where, const StageRecipe& now);

// The model that a stage works on, as its recipe says; empty for a stage without one.
std::string ModelOf(const Stage& stage);
// The file that a model comes from: follows the outputs of stages back to a model that is there.
std::string RootModel(const Pipeline& pipeline, const std::string& model);
// Layers that are left of it on the way.
int64_t LayersLeft(const Pipeline& pipeline, const std::string& model, int64_t layers);

}  // namespace cupel
