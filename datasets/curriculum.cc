#include "datasets/curriculum.h"

#include <algorithm>
#include <string>
#include <utility>

#include <absl/container/flat_hash_set.h>

#include "base/check.h"
#include "base/config.h"
#include "base/status.h"
#include "datasets/filters.h"
#include "datasets/task_sampler.h"

namespace cupel {
namespace {

using Stage = Curriculum::Stage;
using TaskKeys = absl::flat_hash_set<std::string>;

// The settings with those of a stage on top.
absl::StatusOr<DatasetConfig> StageConfig(const DatasetConfig& config, const CurriculumStage& stage) {
  DatasetConfig result = config;
  result.curriculum.clear();
  for (const std::string& assignment : stage.set) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, result));
  }
  if (!result.curriculum.empty()) {
    return InvalidArgument("a stage cannot set the curriculum");
  }
  return result;
}

absl::StatusOr<TaskKeys> EvaluatedKeys(const DatasetConfig& config, uint64_t seed) {
  TaskKeys keys;
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> evaluation, MakeDataset(config, seed, Split::kEval));
  AddKeysOf(*evaluation, keys);
  return keys;
}

// The stages before the final settings, none of which asks what evaluation asks, and the step at which they end.
absl::StatusOr<int64_t> AddEarlyStages(const DatasetConfig& config, const std::vector<CurriculumStage>& early, uint64_t seed,
                                       const LoadContext& context, std::vector<Stage>& stages);

// The stages of the parts before their final settings. They may ask what evaluation of another part does not hold out.
absl::Status AddEarlyStagesOfParts(const DatasetConfig& config, uint64_t seed, const LoadContext& context, Stage& stage) {
  const bool has_some = std::ranges::any_of(config.mixture, [](const MixturePart& part) { return !part.curriculum.empty(); });
  LoadContext part_context = context;
  part_context.report = nullptr;  // reports are about the final settings
  TaskKeys evaluated;
  if (has_some) {
    CUPEL_ASSIGN_OR_RETURN(evaluated, EvaluatedKeys(config, seed));
    if (context.excluded != nullptr) {
      evaluated.insert(context.excluded->begin(), context.excluded->end());
    }
    part_context.excluded = &evaluated;
  }
  for (size_t k = 0; k < config.mixture.size(); ++k) {
    std::vector<Stage>& early = stage.early_stages.emplace_back();
    CUPEL_ASSIGN_OR_RETURN(const DatasetConfig part, PartConfig(config, config.mixture[k]));
    const absl::StatusOr<int64_t> end = AddEarlyStages(part, config.mixture[k].curriculum, seed, part_context, early);
    CUPEL_RETURN_IF_ERROR(Annotate(end.status(), fmt::format("data.mixture.{}", k)));
    early.push_back({.first_step = *end, .tasks = nullptr});  // the final settings' tasks are the mixture's
  }
  return absl::OkStatus();
}

absl::StatusOr<Stage> MakeStage(const DatasetConfig& config, int64_t first_step, uint64_t seed, const LoadContext& context) {
  Stage stage;
  stage.first_step = first_step;
  if (config.source != "mixture") {
    CUPEL_ASSIGN_OR_RETURN(stage.tasks, MakeDataset(config, seed, Split::kTrain, context));
    return stage;
  }
  CUPEL_ASSIGN_OR_RETURN(std::unique_ptr<Mixture> mixture, Mixture::Create(config, seed, Split::kTrain, context));
  stage.mixture = mixture.get();
  stage.tasks = std::move(mixture);
  CUPEL_RETURN_IF_ERROR(AddEarlyStagesOfParts(config, seed, context, stage));
  return stage;
}

absl::StatusOr<int64_t> AddEarlyStages(const DatasetConfig& config, const std::vector<CurriculumStage>& early, uint64_t seed,
                                       const LoadContext& context, std::vector<Stage>& stages) {
  int64_t first_step = 0;
  for (size_t i = 0; i < early.size(); ++i) {
    const absl::StatusOr<DatasetConfig> settings = StageConfig(config, early[i]);
    absl::StatusOr<Stage> stage = settings.ok() ? MakeStage(*settings, first_step, seed, context) : settings.status();
    CUPEL_RETURN_IF_ERROR(Annotate(stage.status(), fmt::format("data.curriculum.{}", i)));
    stages.push_back(*std::move(stage));
    first_step += early[i].steps;
  }
  return first_step;
}

const Stage& StageAt(const std::vector<Stage>& stages, int64_t step) {
  return *(std::ranges::upper_bound(stages, step, {}, &Stage::first_step) - 1);
}

// Parts of equal size are not read in the same order.
uint64_t SeedOfPart(uint64_t seed, int64_t part) { return seed + static_cast<uint64_t>(part) * 0x9E3779B97F4A7C15; }

// `step` counts from the first of the stage.
std::vector<Task> DrawFromMixture(const Stage& stage, uint64_t seed, int64_t step, int64_t n) {
  const Mixture& mixture = *stage.mixture;
  std::vector<Task> tasks;
  for (int64_t position = step * n; position < (step + 1) * n; ++position) {
    const int64_t k = mixture.pattern().PartAt(position);
    const Stage& part_stage = StageAt(stage.early_stages[static_cast<size_t>(k)], step);
    const Dataset& part = part_stage.tasks == nullptr ? mixture.part(k) : *part_stage.tasks;
    const int64_t drawn = mixture.pattern().CountBefore(k, position) - mixture.pattern().CountBefore(k, part_stage.first_step * n);
    tasks.push_back(part.At(TaskSampler(part, SeedOfPart(seed, k)).IndexAt(drawn)));
  }
  return tasks;
}

}  // namespace

absl::StatusOr<Curriculum> Curriculum::Create(const DatasetConfig& config, uint64_t seed, const LoadContext& context) {
  std::vector<Stage> stages;
  int64_t first_step = 0;
  if (!config.curriculum.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const TaskKeys evaluated, EvaluatedKeys(config, seed));
    LoadContext early_context = context;
    early_context.excluded = &evaluated;
    early_context.report = nullptr;
    CUPEL_ASSIGN_OR_RETURN(first_step, AddEarlyStages(config, config.curriculum, seed, early_context, stages));
  }
  CUPEL_ASSIGN_OR_RETURN(Stage final_stage, MakeStage(config, first_step, seed, context));
  stages.push_back(std::move(final_stage));
  return Curriculum(seed, std::move(stages));
}

std::vector<Task> Curriculum::Draw(int64_t step, int64_t n) const {
  int64_t position = 0;
  Check(step >= 0 && n >= 0 && !__builtin_mul_overflow(step, n, &position), "step and n are counts");
  const Stage& stage = StageAt(stages_, step);
  const int64_t step_of_stage = step - stage.first_step;
  return stage.mixture != nullptr ? DrawFromMixture(stage, seed_, step_of_stage, n)
                                  : TaskSampler(*stage.tasks, seed_).Draw(step_of_stage, n);
}

}  // namespace cupel
