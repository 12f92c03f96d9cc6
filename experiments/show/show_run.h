#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "rollout/rollout_store.h"

// A run and its steps as text or JSON. Steps are numbered as a person counts them: 1 is the first.

namespace cupel {

// Progress, evaluations, checkpoints and events.
absl::StatusOr<std::string> RunAsText(const RolloutStore& store);
absl::StatusOr<std::string> RunAsJson(const RolloutStore& store);

// The metrics of a step and, of each group, the best and the worst answer; with `only_group` >= 0 every answer of that group. NotFound says
// which steps and groups there are.
absl::StatusOr<std::string> StepAsText(const RolloutStore& store, int64_t step, int64_t only_group);
absl::StatusOr<std::string> StepAsJson(const RolloutStore& store, int64_t step, int64_t only_group);

}  // namespace cupel
