// The plan of a pipeline: what every stage needs and about how long it takes, from counts of operations and rates measured now.

#include <algorithm>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/progress.h"
#include "base/status.h"
#include "experiments/cost/cost_model.h"
#include "experiments/pipeline/pipeline.h"
#include "grpo/memory_plan.h"
#include "policy/calibration.h"
#include "policy/checkpoint/tensor_source.h"

namespace cupel {
namespace {

// Shares of the measured peak that training and sampling reach on small models (experiments/LOG.md, "Speed"), and lengths that nobody knows
// before a run.
constexpr double kTrainShare = 0.6, kSampleShare = 0.3;
constexpr double kPromptTokens = 48;

struct Need {
  int64_t memory = 0;
  uint64_t disk = 0;
  double flops = 0;
  double seconds = 0;
};

absl::StatusOr<ModelConfig> ConfigFor(const Pipeline& pipeline, const std::string& model) {
  CUPEL_ASSIGN_OR_RETURN(const ModelFile file, OpenModel(RootModel(pipeline, model)));
  ModelConfig config = file.config;
  config.num_layers = LayersLeft(pipeline, model, config.num_layers);
  return config;
}

uint64_t CheckpointBytes(const ModelConfig& config) { return static_cast<uint64_t>(CountParameters(config)) * 12; }

// Counts a stage's needs; `peak` in FLOP/s.
class Counter {
 public:
  Counter(const ModelConfig& config, double peak) : config_(config), shape_(ShapeOf("stage", config)), peak_(peak) {}

  Need operator()(const TraceRecipe& recipe) const { return {.disk = static_cast<uint64_t>(recipe.traces.count) * 1024}; }
  Need operator()(const ShrinkRecipe& /*recipe*/) const {
    return {.memory = CountParameters(config_) * 4, .disk = static_cast<uint64_t>(CountParameters(config_)) * 4};
  }
  Need operator()(const SftRecipe& recipe) const {
    MemoryRequest request = MemoryRequestOf(config_, recipe.model);
    request.microbatch_tokens = recipe.sft.microbatch_tokens;
    Need need{.memory = TotalBytes(PlanMemory(request))};
    need.disk = CheckpointBytes(config_) * static_cast<uint64_t>(recipe.run.keep_checkpoints + 1);
    const double length = std::min(static_cast<double>(recipe.sft.max_tokens) / 2, 512.0);
    const auto tokens = static_cast<double>(recipe.run.steps * recipe.sft.batch_size) * length;
    return Timed(need, tokens * TrainFlops(shape_, length, false), 0);
  }
  Need operator()(const Recipe& recipe) const {
    Need need{.memory = TotalBytes(PlanMemory(TrainingMemory(config_, recipe)))};
    need.disk = CheckpointBytes(config_) * static_cast<uint64_t>(recipe.run.keep_checkpoints + 1);
    const StepFlops flops = CountStep(shape_, {.questions = static_cast<double>(recipe.rollout.prompts_per_step),
                                               .group_size = static_cast<double>(recipe.rollout.group_size),
                                               .prompt_tokens = kPromptTokens,
                                               .completion_tokens = static_cast<double>(recipe.rollout.max_new_tokens),
                                               .recomputes_old = recipe.grpo.old_logprobs == "recompute",
                                               .has_reference = recipe.grpo.kl.is_on(),
                                               .recomputes_activations = recipe.grpo.recompute_activations,
                                               .passes = static_cast<double>(recipe.grpo.passes_per_rollout)});
    const auto steps = static_cast<double>(recipe.run.steps);
    return Timed(need, steps * (flops.train + flops.score), steps * flops.sample);
  }
  Need operator()(const SampleRecipe& recipe) const {
    // Masters, and what sampling computes with.
    const int64_t bytes = 4 + MemoryRequestOf(config_, recipe.model).compute_bytes + (recipe.rollout.weights == "int8" ? 1 : 0);
    Need need{.memory = CountParameters(config_) * bytes + (recipe.engine.kv_cache_mib << 20), .disk = 64U << 20};
    const double answers = static_cast<double>(recipe.keep.questions * recipe.rollout.group_size);
    const auto length = static_cast<double>(recipe.rollout.max_new_tokens);
    return Timed(need, 0, answers * length * DecodeFlops(shape_, kPromptTokens + length / 2));
  }

 private:
  Need Timed(Need need, double train, double sample) const {
    need.flops = train + sample;
    need.seconds = peak_ > 0 ? train / (peak_ * kTrainShare) + sample / (peak_ * kSampleShare) : 0;
    return need;
  }

  ModelConfig config_;
  ModelShape shape_;
  double peak_;
};

// The nearest folder above `path` that is there.
std::string ExistingParent(std::filesystem::path path) {
  path = std::filesystem::absolute(path);
  while (!std::filesystem::exists(path) && path.has_parent_path() && path != path.parent_path()) {
    path = path.parent_path();
  }
  return path.string();
}

}  // namespace

absl::Status PlanPipeline(const Pipeline& pipeline, std::FILE* out) {
  Progress progress(out);
  const auto threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const double peak = MeasureCalibration(threads).matmul_gflops * 1e9;
  const int64_t memory = AvailableMemory();
  CUPEL_ASSIGN_OR_RETURN(const uint64_t disk, FreeDiskBytes(ExistingParent(pipeline.settings.folder)));
  progress.Line(fmt::format("{}: {} stages, {:.0f} GFLOP/s on {} cores, {} of memory, {} of disk", pipeline.settings.folder,
                            pipeline.stages.size(), peak / 1e9, threads, FormatBytes(static_cast<uint64_t>(memory)), FormatBytes(disk)));
  uint64_t disk_needed = 0;
  double seconds = 0;
  for (size_t i = 0; i < pipeline.stages.size(); ++i) {
    const Stage& stage = pipeline.stages[i];
    ModelConfig config;
    if (const std::string model = ModelOf(stage); !model.empty()) {
      absl::StatusOr<ModelConfig> found = ConfigFor(pipeline, model);
      CUPEL_RETURN_IF_ERROR(Annotate(found.status(), "stage " + stage.name));
      config = *std::move(found);
    }
    const Need need = std::visit(Counter(config, peak), stage.recipe);
    progress.Line(fmt::format("[{}/{}] {:<16} {:<7} {:>9} of memory {:>9} of disk  {:.3g} TFLOP, about {}", i + 1, pipeline.stages.size(),
                              stage.name, stage.kind, FormatBytes(static_cast<uint64_t>(need.memory)), FormatBytes(need.disk),
                              need.flops / 1e12, FormatDuration(need.seconds)));
    for (const Stage::Input& input : stage.inputs) {
      progress.Line(fmt::format("        {} <- {}: {}", input.key, input.stage, input.path));
    }
    progress.Line(fmt::format("        -> {}", stage.output));
    if (need.memory > memory) {
      return absl::ResourceExhaustedError(fmt::format(
          "stage {}: needs {} of memory and {} are free; lower microbatch_tokens or engine.kv_cache_mib, or use adapters (model.lora.rank)",
          stage.name, FormatBytes(static_cast<uint64_t>(need.memory)), FormatBytes(static_cast<uint64_t>(memory))));
    }
    disk_needed += need.disk;
    seconds += need.seconds;
  }
  progress.Line(fmt::format("together about {} of disk and {}, if nothing else runs; answers are counted at their longest",
                            FormatBytes(disk_needed), FormatDuration(seconds)));
  if (disk_needed > disk) {
    return absl::ResourceExhaustedError(
        fmt::format("{}: the stages need {} of disk and {} are free; lower run.keep_checkpoints, or choose "
                    "another pipeline.folder",
                    pipeline.settings.folder, FormatBytes(disk_needed), FormatBytes(disk)));
  }
  return absl::OkStatus();
}

}  // namespace cupel
