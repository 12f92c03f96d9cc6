#pragma once

#include <vector>

#include "base/json.h"
#include "rollout/rollout.h"

namespace cupel {

// pass@1 by family and by difficulty of the questions: [{"family", "difficulty", "questions", "pass@1", "error", "mean_length"}], sorted,
// first the families as a whole (difficulty empty). The family is that of a generated problem, else what stands before the slash of the
// task's id; the difficulty is the problem's level and, of a chain of numbers, how many there are.
Json BreakDown(const std::vector<RolloutGroup>& groups);

}  // namespace cupel
