#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/progress.h"
#include "datasets/curriculum.h"
#include "experiments/evaluate.h"
#include "experiments/recipe.h"
#include "grpo/memory_plan.h"
#include "grpo/step_metrics.h"
#include "policy/policy.h"
#include "rollout/rollout_store.h"

namespace cupel {

// What `cupel train` tells a person: a header with every setting, one line per step (live while the step runs, on a terminal), and the
// answers of before and after side by side.
class TrainReport {
 public:
  explicit TrainReport(std::FILE* out) : progress_(out) {}

  void Header(const Recipe& recipe, const std::string& directory, const Policy& policy, const Curriculum& curriculum, int64_t eval_tasks);
  void Resumed(int64_t finished_steps);
  void Memory(const std::vector<MemoryPart>& plan, int64_t available);
  void Warning(const std::string& text);
  void Note(const std::string& text);
  void Evaluating(const std::string& name, const CollectProgress& progress);
  void Evaluated(const std::string& name, const EvaluationResult& result);
  void StepsBegin(int64_t total_steps);
  void Sampling(int64_t step, int64_t total_steps, const CollectProgress& progress);
  void Learning(int64_t step, int64_t total_steps);
  void StepDone(int64_t step, int64_t total_steps, const StepMetrics& metrics);
  void Saving(int64_t finished_steps);
  void BeforeAndAfter(const std::vector<RolloutStore::Evaluation>& evaluations);

 private:
  Progress progress_;
  double seconds_in_steps_ = 0;  // of this process, for the estimate of what remains
  int64_t steps_done_ = 0;
};

}  // namespace cupel
