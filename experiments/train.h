#pragma once

#include <cstdio>
#include <limits>
#include <string>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "base/stop_signal.h"
#include "experiments/recipe.h"
#include "experiments/run_folder.h"

namespace cupel {

struct TrainRequest {
  Recipe recipe;
  bool evaluate = true;                                       // before and after
  int64_t latest_step = std::numeric_limits<int64_t>::max();  // to resume from: newer checkpoints are passed over
  std::FILE* out = stdout;                                    // lines for people; borrowed
};

struct TrainOutcome {
  int stopped_by = 0;  // signal that asked to stop, 0 when the run finished
  Json summary;        // what --json prints
};

// The whole run: evaluate, steps with checkpoints, evaluate. Resumes when the folder holds finished steps. On a stop signal it finishes
// the commit in hand, writes a checkpoint and returns; nothing acknowledged is lost.
absl::StatusOr<TrainOutcome> Train(const TrainRequest& request, RunFolder& folder, bool is_resumed, StopSignal& stop);

}  // namespace cupel
