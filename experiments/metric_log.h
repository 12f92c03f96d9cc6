#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "base/file.h"
#include "experiments/event_file.h"
#include "grpo/step_metrics.h"
#include "rollout/rollout_store.h"

namespace cupel {

// A step's metrics beside the database, for other programs: metrics.jsonl (one object a step, {"step": 1, "reward": 0.5, ...}) and
// TensorBoard's event file, both in the run's folder. Steps count from 1. The database is the truth; metrics.jsonl is written again from it
// when a run is resumed.
class MetricLog {
 public:
  // finished_steps: of the run that is resumed, 0 for a new one.
  static absl::StatusOr<MetricLog> Open(const std::string& run_directory, const RolloutStore& store, int64_t finished_steps);
  absl::Status Write(int64_t step, const StepMetrics& metrics);  // step: number of finished steps

 private:
  MetricLog(FileWriter lines, EventFile events) : lines_(std::move(lines)), events_(std::move(events)) {}
  FileWriter lines_;
  EventFile events_;
};

}  // namespace cupel
