#include "datasets/curriculum.h"

#include <algorithm>
#include <string>
#include <utility>

#include <absl/container/flat_hash_set.h>

#include "base/check.h"
#include "base/config.h"
#include "base/status.h"
#include "datasets/task_sampler.h"

namespace cupel {
namespace {

constexpr int64_t kMostListed = int64_t{1} << 20;  // tasks of one split that are looked at one by one

using TaskIds = absl::flat_hash_set<std::string>;

TaskIds IdsOf(const Dataset& dataset) {
  TaskIds ids;
  for (int64_t i = 0; i < std::min(dataset.size(), kMostListed); ++i) {
    ids.insert(dataset.At(i).id);
  }
  return ids;
}

// A dataset without the tasks of some ids. Of a larger one the first 2^20 tasks are kept, which no stage of a run asks to the end.
class WithoutTasks final : public Dataset {
 public:
  WithoutTasks(std::unique_ptr<Dataset> all, const TaskIds& excluded) : all_(std::move(all)) {
    for (int64_t i = 0; i < std::min(all_->size(), kMostListed); ++i) {
      if (!excluded.contains(all_->At(i).id)) {
        kept_.push_back(i);
      }
    }
  }

  int64_t size() const override { return std::ssize(kept_); }
  Task At(int64_t index) const override { return all_->At(kept_[static_cast<size_t>(index)]); }

 private:
  std::unique_ptr<Dataset> all_;
  std::vector<int64_t> kept_;
};

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

absl::StatusOr<std::unique_ptr<Dataset>> StageTasks(const DatasetConfig& config, const CurriculumStage& stage, uint64_t seed,
                                                    const TaskIds& evaluated) {
  CUPEL_ASSIGN_OR_RETURN(const DatasetConfig settings, StageConfig(config, stage));
  CUPEL_ASSIGN_OR_RETURN(std::unique_ptr<Dataset> all, MakeDataset(settings, seed, Split::kTrain));
  auto tasks = std::make_unique<WithoutTasks>(std::move(all), evaluated);
  if (tasks->size() == 0) {
    return InvalidArgument("every task is one that evaluation asks; make the stage or the final settings wider");
  }
  return tasks;
}

}  // namespace

absl::StatusOr<Curriculum> Curriculum::Create(const DatasetConfig& config, uint64_t seed) {
  std::vector<Stage> stages;
  int64_t first_step = 0;
  if (!config.curriculum.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> evaluation, MakeDataset(config, seed, Split::kEval));
    const TaskIds evaluated = IdsOf(*evaluation);
    for (const CurriculumStage& stage : config.curriculum) {
      absl::StatusOr<std::unique_ptr<Dataset>> tasks = StageTasks(config, stage, seed, evaluated);
      if (!tasks.ok()) {
        return Annotate(tasks.status(), fmt::format("data.curriculum.{}", stages.size()));
      }
      stages.push_back({first_step, *std::move(tasks)});
      first_step += stage.steps;
    }
  }
  CUPEL_ASSIGN_OR_RETURN(std::unique_ptr<Dataset> tasks, MakeDataset(config, seed, Split::kTrain));
  stages.push_back({first_step, std::move(tasks)});
  return Curriculum(seed, std::move(stages));
}

std::vector<Task> Curriculum::Draw(int64_t step, int64_t n) const {
  Check(step >= 0, "steps count from 0");
  const auto after = std::ranges::upper_bound(stages_, step, {}, &Stage::first_step);
  const Stage& stage = *(after - 1);
  return TaskSampler(*stage.tasks, seed_).Draw(step - stage.first_step, n);
}

}  // namespace cupel
