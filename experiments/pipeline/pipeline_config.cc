#include "experiments/pipeline/pipeline_config.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include <fmt/ranges.h>

#include "base/file.h"
#include "base/status.h"
#include "policy/checkpoint/tensor_source.h"

namespace cupel {
namespace {

// Which settings take an output, and of which sort.
struct InputKey {
  std::string_view kind;
  std::string_view key;
  bool takes_model;
};
constexpr auto kInputKeys = std::to_array<InputKey>({
    {"sample", "keep.add", false},
    {"sample", "model.path", true},
    {"sft", "model.path", true},
    {"sft", "sft.eval_path", false},
    {"sft", "sft.path", false},
    {"shrink", "shrink.model", true},
    {"train", "model.path", true},
});

bool GivesModel(std::string_view kind) { return kind == "sft" || kind == "train" || kind == "shrink"; }

std::string Normalised(const std::string& folder) { return std::filesystem::path(folder + "/").lexically_normal().parent_path().string(); }

struct Assignment {
  std::string key;
  std::string stage;
};
absl::StatusOr<Assignment> ReadInput(const StageConfig& stage, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return InvalidArgument("stage {}: inputs: \"{}\" is not of the form \"model.path=STAGE\"", stage.name, text);
  }
  return Assignment{text.substr(0, equals), text.substr(equals + 1)};
}

// The stages that `name` waits for, one after the other, as far as they lead back to it: "a <- b <- a"; empty when they do not.
std::string CycleFrom(const PipelineConfig& config, const std::string& name, const std::string& at, std::vector<std::string>& path) {
  if (std::ranges::find(path, at) != path.end()) {
    return {};
  }
  path.push_back(at);
  const auto stage = std::ranges::find(config.stages, at, &StageConfig::name);
  if (stage != config.stages.end()) {
    for (const std::string& text : stage->inputs) {
      const std::string from = text.substr(text.find('=') + 1);
      if (from == name) {
        return fmt::format("{} <- {}", fmt::join(path, " <- "), name);
      }
      if (std::string cycle = CycleFrom(config, name, from, path); !cycle.empty()) {
        return cycle;
      }
    }
  }
  path.pop_back();
  return {};
}

absl::Status CheckNames(const PipelineConfig& config) {
  std::map<std::string, std::string> folders;
  for (const StageConfig& stage : config.stages) {
    const bool is_name = !stage.name.empty() && stage.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (!is_name || stage.name == "untouched") {
      return InvalidArgument("stages.name: \"{}\" is no name for a stage; use small letters, digits and -, and not \"untouched\"",
                             stage.name);
    }
    if (stage.kind.empty()) {
      return InvalidArgument("stage {}: kind is missing; one of sample, sft, shrink, traces, train", stage.name);
    }
    if (std::ranges::count(config.stages, stage.name, &StageConfig::name) > 1) {
      return InvalidArgument("two stages are called \"{}\"; give one of them another name", stage.name);
    }
    const std::string folder = Normalised(stage.folder.empty() ? stage.name : stage.folder);
    if (folder.empty() || folder.starts_with("..") || folder.starts_with('/') || folder == "untouched") {
      return InvalidArgument("stage {}: folder \"{}\" is not a folder inside the pipeline's", stage.name, stage.folder);
    }
    for (const auto& [other, name] : folders) {
      if (folder == other || folder.starts_with(other + "/") || other.starts_with(folder + "/")) {
        return InvalidArgument("stages {} and {} would both write to {}; give one of them another folder", name, stage.name,
                               folder.size() < other.size() ? folder : other);
      }
    }
    folders[folder] = stage.name;
  }
  return absl::OkStatus();
}

absl::StatusOr<Stage::Input> ResolveInput(const PipelineConfig& config, const StageConfig& stage, const std::string& text,
                                          const std::vector<Stage>& earlier) {
  CUPEL_ASSIGN_OR_RETURN(const Assignment input, ReadInput(stage, text));
  const auto known = std::ranges::find_if(kInputKeys, [&](const InputKey& key) { return key.kind == stage.kind && key.key == input.key; });
  if (known == kInputKeys.end()) {
    std::vector<std::string> keys;
    for (const InputKey& key : kInputKeys) {
      if (key.kind == stage.kind) {
        keys.emplace_back(key.key);
      }
    }
    return InvalidArgument("stage {}: {} is no input of a stage of kind {}{}", stage.name, input.key, stage.kind,
                           keys.empty() ? std::string(", which has none") : fmt::format("; those are {}", fmt::join(keys, ", ")));
  }
  const auto source = std::ranges::find(earlier, input.stage, &Stage::name);
  if (source == earlier.end()) {
    std::vector<std::string> path;
    const std::string cycle = input.stage == stage.name ? stage.name : CycleFrom(config, stage.name, input.stage, path);
    if (!cycle.empty()) {
      return InvalidArgument("stage {}: {} is made from its own output: {} <- {}; break the cycle", stage.name, input.key, stage.name,
                             cycle);
    }
    if (std::ranges::find(config.stages, input.stage, &StageConfig::name) != config.stages.end()) {
      return InvalidArgument("stage {}: {} names the output of {}, which comes later; put {} first", stage.name, input.key, input.stage,
                             input.stage);
    }
    std::vector<std::string> names;
    std::ranges::transform(earlier, std::back_inserter(names), &Stage::name);
    const std::string nearest = NearestName(input.stage, names);
    return InvalidArgument("stage {}: {} names the output of \"{}\", and there is no such stage{}; before it come: {}", stage.name,
                           input.key, input.stage, nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest),
                           names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", ")));
  }
  if (source->gives_model != known->takes_model) {
    return InvalidArgument("stage {}: {} takes {}, but {} gives {}", stage.name, input.key, known->takes_model ? "a model" : "examples",
                           input.stage, source->gives_model ? "a model" : "examples");
  }
  const auto sets = [&input](const std::string& assignment) { return assignment.starts_with(input.key + "="); };
  if (std::ranges::any_of(stage.set, sets)) {
    return InvalidArgument("stage {}: {} is both an input and in set; remove one of them", stage.name, input.key);
  }
  return Stage::Input{input.key, input.stage, source->output};
}

template <class R>
absl::StatusOr<StageRecipe> ReadStageRecipe(const StageConfig& config, const std::vector<Stage::Input>& inputs) {
  R recipe;
  if (!config.recipe.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(config.recipe));
    CUPEL_RETURN_IF_ERROR(ApplyToml(text, config.recipe, recipe));
  }
  for (const Stage::Input& input : inputs) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(fmt::format("{}=\"{}\"", input.key, input.path), recipe));
  }
  for (const std::string& assignment : config.set) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, recipe));
  }
  return StageRecipe(std::move(recipe));
}

absl::StatusOr<StageRecipe> ReadStageRecipeOf(const StageConfig& config, const std::vector<Stage::Input>& inputs) {
  return config.kind == "traces"   ? ReadStageRecipe<TraceRecipe>(config, inputs)
         : config.kind == "sft"    ? ReadStageRecipe<SftRecipe>(config, inputs)
         : config.kind == "train"  ? ReadStageRecipe<Recipe>(config, inputs)
         : config.kind == "sample" ? ReadStageRecipe<SampleRecipe>(config, inputs)
                                   : ReadStageRecipe<ShrinkRecipe>(config, inputs);
}

// Moves the number that everything random in a stage is drawn from; shrinking draws nothing.
struct SeedMover {
  int64_t distance;
  absl::Status operator()(TraceRecipe& traces) const { return Set("traces.seed", traces.traces.seed, traces); }
  absl::Status operator()(SampleRecipe& sample) const { return Set("keep.seed", sample.keep.seed, sample); }
  absl::Status operator()(SftRecipe& sft) const { return Set("run.seed", sft.run.seed, sft); }
  absl::Status operator()(Recipe& train) const { return Set("run.seed", train.run.seed, train); }
  absl::Status operator()(ShrinkRecipe&) const { return absl::OkStatus(); }

  template <class AnyRecipe>
  absl::Status Set(std::string_view key, int64_t seed, AnyRecipe& recipe) const {
    return Annotate(ApplyOverride(fmt::format("{}={}", key, seed + distance), recipe), "pipeline.seed_offset");
  }
};

// Stages have seeds that lie side by side, so one run's are this far from the next one's.
absl::Status MoveSeed(int64_t offset, StageRecipe& recipe) {
  constexpr int64_t kStride = 1000;
  return std::visit(SeedMover{offset * kStride}, recipe);
}

std::string OutputOf(const std::string& folder, const StageRecipe& recipe) {
  struct Visitor {
    const std::string& folder;
    std::string operator()(const TraceRecipe&) const { return folder + "/traces.jsonl"; }
    std::string operator()(const SampleRecipe&) const { return folder + "/kept.jsonl"; }
    std::string operator()(const ShrinkRecipe&) const { return folder + "/model"; }
    std::string operator()(const SftRecipe& sft) const { return fmt::format("{}/checkpoints/step-{:06}", folder, sft.run.steps); }
    std::string operator()(const Recipe& train) const { return fmt::format("{}/checkpoints/step-{:06}", folder, train.run.steps); }
  };
  return std::visit(Visitor{folder}, recipe);
}

// A file that a recipe names and no stage makes.
absl::Status CheckThere(const Stage& stage, const std::string& key, const std::string& path) {
  const bool is_input = std::ranges::find(stage.inputs, key, &Stage::Input::key) != stage.inputs.end();
  return is_input || path.empty() || path == "tiny" || Exists(path)
             ? absl::OkStatus()
             : InvalidArgument("{} = \"{}\" is not there, and no stage gives it; name a file, or an output with inputs = [\"{}=STAGE\"]",
                               key, path, key);
}

absl::Status CheckStage(const Stage& stage) {
  if (const auto* sft = std::get_if<SftRecipe>(&stage.recipe)) {
    if (sft->sft.path.empty()) {
      return InvalidArgument("sft.path is empty: name a JSONL file of examples, or give it with inputs = [\"sft.path=STAGE\"]");
    }
    CUPEL_RETURN_IF_ERROR(CheckThere(stage, "sft.path", sft->sft.path));
    CUPEL_RETURN_IF_ERROR(CheckThere(stage, "sft.eval_path", sft->sft.eval_path));
  } else if (const auto* train = std::get_if<Recipe>(&stage.recipe)) {
    CUPEL_RETURN_IF_ERROR(CheckRecipe(*train));
  } else if (const auto* sample = std::get_if<SampleRecipe>(&stage.recipe)) {
    CUPEL_RETURN_IF_ERROR(CheckSampleRecipe(*sample));
    CUPEL_RETURN_IF_ERROR(CheckThere(stage, "keep.add", sample->keep.add));
  }
  const bool needs_model = stage.kind != "traces";
  if (needs_model && ModelOf(stage).empty()) {
    return InvalidArgument("no model: set {} or give it with inputs", stage.kind == "shrink" ? "shrink.model" : "model.path");
  }
  return needs_model ? CheckThere(stage, stage.kind == "shrink" ? "shrink.model" : "model.path", ModelOf(stage)) : absl::OkStatus();
}

// Whether two models turn the same text into the same tokens.
absl::Status CheckSameVocabulary(const Pipeline& pipeline, const Stage& stage, const Stage& teacher) {
  const std::string of_student = RootModel(pipeline, ModelOf(stage)), of_teacher = RootModel(pipeline, ModelOf(teacher));
  if (of_student == of_teacher) {
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const ModelFile student_file, OpenModel(of_student));
  CUPEL_ASSIGN_OR_RETURN(const ModelFile teacher_file, OpenModel(of_teacher));
  const Tokenizer& a = *student_file.tokenizer;
  const Tokenizer& b = *teacher_file.tokenizer;
  bool is_same = a.vocab_size() == b.vocab_size();
  for (TokenId token = 0; is_same && token < a.vocab_size(); ++token) {
    is_same = a.TokenBytes(token) == b.TokenBytes(token) && a.ControlSpelling(token) == b.ControlSpelling(token);
  }
  return is_same ? absl::OkStatus()
                 : InvalidArgument(
                       "stage {}: the student {} has a vocabulary of {} tokens, and its teacher {} (stage {}) another one of {}; "
                       "choose models of one family with model.path",
                       stage.name, of_student, a.vocab_size(), of_teacher, teacher.name, b.vocab_size());
}

absl::Status CheckVocabularies(const Pipeline& pipeline) {
  for (const Stage& stage : pipeline.stages) {
    for (const Stage::Input& input : stage.inputs) {
      const auto source = std::ranges::find(pipeline.stages, input.stage, &Stage::name);
      if (stage.kind == "sft" && source->kind == "sample") {
        CUPEL_RETURN_IF_ERROR(CheckSameVocabulary(pipeline, stage, *source));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

Json RecipeJson(const StageRecipe& recipe) {
  return std::visit([](const auto& one) { return ConfigToJson(one); }, recipe);
}

absl::StatusOr<std::vector<std::string>> ChangedSince(const Json& stored, std::string_view where, const StageRecipe& now) {
  return std::visit([&](const auto& one) { return SettingsChangedSince(stored, where, one); }, now);
}

std::string ModelOf(const Stage& stage) {
  struct Visitor {
    std::string operator()(const TraceRecipe&) const { return {}; }
    std::string operator()(const SftRecipe& recipe) const { return recipe.model.path; }
    std::string operator()(const Recipe& recipe) const { return recipe.model.path; }
    std::string operator()(const SampleRecipe& recipe) const { return recipe.model.path; }
    std::string operator()(const ShrinkRecipe& recipe) const { return recipe.shrink.model; }
  };
  return std::visit(Visitor{}, stage.recipe);
}

std::string RootModel(const Pipeline& pipeline, const std::string& model) {
  const auto maker = std::ranges::find_if(pipeline.stages, [&](const Stage& stage) { return stage.gives_model && stage.output == model; });
  return maker == pipeline.stages.end() ? model : RootModel(pipeline, ModelOf(*maker));
}

int64_t LayersLeft(const Pipeline& pipeline, const std::string& model, int64_t layers) {
  const auto maker = std::ranges::find_if(pipeline.stages, [&](const Stage& stage) { return stage.gives_model && stage.output == model; });
  if (maker == pipeline.stages.end()) {
    return layers;
  }
  const int64_t before = LayersLeft(pipeline, ModelOf(*maker), layers);
  const auto* shrink = std::get_if<ShrinkRecipe>(&maker->recipe);
  return shrink == nullptr ? before : (before - shrink->shrink.first + shrink->shrink.every - 1) / shrink->shrink.every;
}

absl::StatusOr<Pipeline> LoadPipeline(const std::string& path, const std::vector<std::string>& overrides) {
  PipelineConfig config;
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  CUPEL_RETURN_IF_ERROR(ApplyToml(text, path, config));
  for (const std::string& assignment : overrides) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, config));
  }
  if (config.pipeline.folder.empty()) {
    config.pipeline.folder = "runs/" + std::filesystem::path(path).stem().string();
  }
  if (config.pipeline.folder.find_first_of("\"\\\n") != std::string::npos) {
    return InvalidArgument("{}: pipeline.folder must not hold quotes, backslashes or line ends", path);
  }
  if (config.stages.empty()) {
    return InvalidArgument("{}: no stages; add tables [[stages]] with name, kind and recipe", path);
  }
  CUPEL_RETURN_IF_ERROR(Annotate(CheckNames(config), path));
  Pipeline pipeline;
  pipeline.settings = config.pipeline;
  pipeline.evaluates = !config.pipeline.evaluation.empty();
  for (const StageConfig& one : config.stages) {
    Stage stage;
    stage.name = one.name;
    stage.kind = one.kind;
    stage.folder = config.pipeline.folder + "/" + Normalised(one.folder.empty() ? one.name : one.folder);
    stage.gives_model = GivesModel(one.kind);
    stage.evaluate = one.evaluate && stage.gives_model && pipeline.evaluates;
    for (const std::string& input : one.inputs) {
      absl::StatusOr<Stage::Input> resolved = ResolveInput(config, one, input, pipeline.stages);
      CUPEL_RETURN_IF_ERROR(Annotate(resolved.status(), path));
      stage.inputs.push_back(*std::move(resolved));
    }
    absl::StatusOr<StageRecipe> recipe = ReadStageRecipeOf(one, stage.inputs);
    CUPEL_RETURN_IF_ERROR(Annotate(recipe.status(), fmt::format("{}: stage {}", path, one.name)));
    stage.recipe = *std::move(recipe);
    CUPEL_RETURN_IF_ERROR(Annotate(MoveSeed(config.pipeline.seed_offset, stage.recipe), fmt::format("{}: stage {}", path, one.name)));
    stage.output = OutputOf(stage.folder, stage.recipe);
    CUPEL_RETURN_IF_ERROR(Annotate(CheckStage(stage), fmt::format("{}: stage {}", path, one.name)));
    if (pipeline.untouched.empty()) {
      pipeline.untouched = ModelOf(stage);
    }
    pipeline.stages.push_back(std::move(stage));
  }
  CUPEL_RETURN_IF_ERROR(Annotate(CheckVocabularies(pipeline), path));
  if (pipeline.evaluates) {
    absl::StatusOr<Recipe> evaluation = LoadRecipe(config.pipeline.evaluation, config.pipeline.evaluation_set);
    CUPEL_RETURN_IF_ERROR(Annotate(evaluation.status(), path + ": pipeline.evaluation"));
    pipeline.evaluation = *std::move(evaluation);
    if (pipeline.evaluation.model.path.empty()) {
      pipeline.evaluation.model.path = pipeline.untouched;
    }
    CUPEL_RETURN_IF_ERROR(Annotate(CheckRecipe(pipeline.evaluation), path + ": pipeline.evaluation"));
  }
  return pipeline;
}

}  // namespace cupel
