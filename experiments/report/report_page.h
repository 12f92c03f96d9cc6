#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "experiments/report/report_data.h"
#include "rollout/rollout_store.h"

namespace cupel {

// One HTML file about one run or several: no network, no other file, light and dark. Data, style and script lie inside; whatever the runs'
// texts say, they cannot end the block that holds them. `refresh_seconds` > 0 makes an open page load itself again so often, for a run that
// is still going.
absl::StatusOr<std::string> ReportPage(const std::vector<const RolloutStore*>& runs, const ReportLimits& limits = {},
                                       int refresh_seconds = 0);

// The page for the data of ReadReportData, one element per run.
std::string ReportPageOf(const Json& runs, int refresh_seconds = 0);

}  // namespace cupel
