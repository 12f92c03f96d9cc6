#pragma once

#include <cstdio>

#include <absl/status/statusor.h>

#include "base/stop_signal.h"
#include "experiments/pipeline/pipeline_config.h"

namespace cupel {

struct PipelineOutcome {
  int stopped_by = 0;
  Json summary;  // {"folder", "stages": [StageRow]}: what --json prints and the report shows
};

// Runs the stages in order, each in its folder under the pipeline's. A finished stage leaves stage.json: its resolved recipe, the digests
// of what went in and of what came out, what it cost; a measured model leaves evaluation.json. Both are written last and whole, so that a
// pipeline that is killed at any moment and started again goes on where it was and ends with the same digests. A finished stage whose
// settings, inputs or output are not what they were is refused (FailedPrecondition, with the differences and the folder to remove). One
// process at a time.
absl::StatusOr<PipelineOutcome> RunPipeline(const Pipeline& pipeline, StopSignal& stop, std::FILE* out);

// What would run, with memory, disk and an estimate of time; nothing is written. ResourceExhausted when it does not fit.
absl::Status PlanPipeline(const Pipeline& pipeline, std::FILE* out);

// The table of a summary, as text.
std::string StageTable(const Json& summary);

}  // namespace cupel
