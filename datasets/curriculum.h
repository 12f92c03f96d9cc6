#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <absl/status/statusor.h>

#include "datasets/dataset.h"
#include "datasets/mixture.h"

namespace cupel {

// The training tasks of a run, from easy to hard: the stages of DatasetConfig::curriculum one after the other, then the settings as they
// are. Each stage is a training split of its own settings; a task that the evaluation split of the final settings asks (of a larger split,
// its first 2^20 tasks) is never drawn, whatever the stage. The parts of a mixture have stages of their own. Immutable, thread-safe.
class Curriculum {
 public:
  struct Stage {
    int64_t first_step = 0;  // 0-based step from which the stage is drawn
    std::unique_ptr<Dataset> tasks;
    // Of a stage that is a mixture: `tasks` as such, and for every part the stages before its final one, by first step counted from that of
    // this stage.
    const Mixture* mixture = nullptr;
    std::vector<std::vector<Stage>> early_stages = {};
  };

  // Errors: those of MakeDataset, with the stage they are in; a stage without a task that evaluation does not ask.
  static absl::StatusOr<Curriculum> Create(const DatasetConfig& config, uint64_t seed, const LoadContext& context = {});

  // The n tasks of `step` (0-based): epochs over the stage's tasks, see TaskSampler; of a mixture, each part in epochs of its own, in the
  // order of its SharePattern. A pure function of the settings, the seed, step and n, so that resuming is exact; n must be the same in
  // every step of a run.
  std::vector<Task> Draw(int64_t step, int64_t n) const;

  const std::vector<Stage>& stages() const { return stages_; }  // at least one, by first_step

 private:
  Curriculum(uint64_t seed, std::vector<Stage> stages) : seed_(seed), stages_(std::move(stages)) {}

  uint64_t seed_;
  std::vector<Stage> stages_;
};

}  // namespace cupel
