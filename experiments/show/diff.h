#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "rollout/rollout_store.h"

namespace cupel {

// What differs between two runs: settings, model, program; reward, pass rate and length over the steps that both have; evaluations.
absl::StatusOr<Json> DiffRuns(const RolloutStore& a, const RolloutStore& b);

// What differs between two steps (from 0) of two runs, or of one: metrics side by side, and the tasks that both drew, by change of pass
// rate.
absl::StatusOr<Json> DiffSteps(const RolloutStore& a, int64_t step_a, const RolloutStore& b, int64_t step_b);

// Either of them for a person.
std::string DiffText(const Json& diff);

}  // namespace cupel
