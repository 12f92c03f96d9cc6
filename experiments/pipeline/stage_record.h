#pragma once

#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "experiments/pipeline/pipeline_config.h"

namespace cupel {

// stage.json of a finished stage: {"name", "kind", "recipe", "inputs": [{"key", "stage", "digest"}], "output", "digest", "facts", "cost"}.

// SHA-256 of an output: of a file, or of a model's weights.
absl::StatusOr<std::string> OutputDigest(const Stage& stage);

// The digest of every input, in order. NotFound when one is gone.
absl::StatusOr<Json> InputDigests(const Pipeline& pipeline, const Stage& stage);

// The record of a finished stage after it was compared with the settings, the inputs and the output as they are; nullopt when the stage is
// not finished.
absl::StatusOr<std::optional<Json>> ReadFinished(const Pipeline& pipeline, const Stage& stage);

absl::Status WriteFinished(const Pipeline& pipeline, const Stage& stage, const Json& facts, const Json& cost);

}  // namespace cupel
