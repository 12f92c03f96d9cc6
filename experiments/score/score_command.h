#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "experiments/command.h"
#include "rollout/rollout.h"

namespace cupel {

struct Recipe;

// Samples answers of a recipe's model to its held-out tasks. CancelledError when the user stopped it.
using AnswerSampler = absl::StatusOr<std::vector<RolloutGroup>> (*)(const Recipe& recipe, StopSignal& stop);

// The command `cupel score` with everything that it can do; without a sampler (a build without LibTorch) it has the answers of logs and
// files.
Action DeclareScoreWith(CLI::App& app, AnswerSampler sampler);

}  // namespace cupel
