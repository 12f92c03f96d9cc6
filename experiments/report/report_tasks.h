#pragma once

#include <cstdint>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "rollout/rollout_store.h"

namespace cupel {

// The table of tasks: {tasks: [{id, question, answer, n, pass, reward, length, first, last, early, late}], total}. `early` and `late` are
// the pass rates in the first and second half of the run, null where the task was not drawn. When there are more than `max_tasks`, those
// that changed most between the halves and the hardest are kept.
absl::StatusOr<Json> ReadReportTasks(const RolloutStore& store, const std::vector<int64_t>& steps, int64_t max_tasks);

}  // namespace cupel
