#include "experiments/metric_log.h"

#include <cmath>

#include "base/json.h"
#include "base/status.h"

namespace cupel {
namespace {

// JSON has no NaN and no infinity: such a number is written as null.
std::string Line(int64_t step, const RolloutStore::Metrics& values) {
  Json object = {{"step", step}};
  for (const auto& [name, value] : values) {
    object[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  }
  return DumpJson(object) + "\n";
}

}  // namespace

absl::StatusOr<MetricLog> MetricLog::Open(const std::string& run_directory, const RolloutStore& store, int64_t finished_steps) {
  CUPEL_ASSIGN_OR_RETURN(FileWriter lines, FileWriter::Create(run_directory + "/metrics.jsonl"));
  for (int64_t step = 0; step < finished_steps; ++step) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics, store.ReadMetrics(step));
    CUPEL_RETURN_IF_ERROR(lines.Write(Line(step + 1, metrics)));
  }
  CUPEL_ASSIGN_OR_RETURN(EventFile events, EventFile::Create(run_directory));
  return MetricLog(std::move(lines), std::move(events));
}

absl::Status MetricLog::Write(int64_t step, const StepMetrics& metrics) {
  CUPEL_RETURN_IF_ERROR(lines_.Write(Line(step, metrics.values)));
  return events_.Write(step, metrics.values);
}

}  // namespace cupel
