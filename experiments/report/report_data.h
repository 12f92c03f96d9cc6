#pragma once

#include <cstdint>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "rollout/rollout_store.h"

namespace cupel {

struct ReportLimits {
  int64_t max_points = 1500;     // of a curve; longer runs are averaged over windows of steps, and the page says so
  int64_t max_tokens = 150'000;  // of the completions shown; which groups are shown says SampleGroupsToShow
  int64_t max_tasks = 400;       // rows of the table of tasks
};

// Everything that the page shows of one run, in one read snapshot of its log:
//
//   name, info, recipe         the run's row
//   steps []                   numbers of the points, from 1; the last of each window
//   window                     steps per point
//   curves {name: []}          computed from the completions: reward, reward_low, reward_high (two standard errors over groups), pass_rate,
//                              length_mean, length_q05, length_q25, length_q50, length_q75, length_q95, truncated, all_correct, all_wrong,
//                              mixed, no_signal, and outcome_NAME for every outcome (shares of completions)
//   metrics {name: []}         as measured; null where a step has none
//   evaluations, events, checkpoints, tasks, groups []
//   totals {}                  steps, groups, completions, tokens, shown_groups
//
// Time and memory grow with the number of completions by some tens of bytes each; texts are read of shown groups only.
absl::StatusOr<Json> ReadReportData(const RolloutStore& store, const ReportLimits& limits);

}  // namespace cupel
