#pragma once

#include <cstdio>

#include <absl/status/statusor.h>

#include "base/stop_signal.h"
#include "experiments/pipeline/pipeline_config.h"

namespace cupel {

struct StageOutcome {
  int stopped_by = 0;           // signal that asked to stop; 0 when the stage finished
  Json facts = Json::object();  // what the stage says about itself: rows kept, layers left
  bool has_log = false;         // its folder holds a run.db
};

// Runs one stage, or goes on with it where it was stopped or killed: what a run acknowledged is not done again. The output is complete when
// this returns without a stop.
absl::StatusOr<StageOutcome> RunStage(const Stage& stage, StopSignal& stop, std::FILE* out);

}  // namespace cupel
