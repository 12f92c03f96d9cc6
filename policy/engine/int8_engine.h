#pragma once

#include <memory>
#include <string_view>

#include "policy/generation.h"
#include "policy/policy.h"

namespace cupel {

// The engine that samples with what `weights` says: "exact", the weights of training (MakeEngine of policy.h), or "int8", those rounded to
// 8 bits. With int8 the log-probabilities of a completion are those of the rounded model that drew it, not the trainer's: an update has to
// correct for that. A request's results are the same bits whatever else runs, as always.
//
// The weights are rounded in the first Step after the policy's version has changed. Weights that are replaced under the same version need a
// new engine. The policy must outlive the engine; no Step may run during CommitUpdate.
std::unique_ptr<GenerationEngine> MakeEngine(const Policy& policy, const EngineSettings& settings, std::string_view weights);

}  // namespace cupel
