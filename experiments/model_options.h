#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "policy/policy.h"
#include "policy/settings.h"

namespace CLI {
class App;
}

namespace cupel {

// What a command says about the model that it samples from.
struct ModelOptions {
  ModelSettings settings;
  std::string weights = "exact";  // what sampling computes with; see MakeEngine of policy/engine/int8_engine.h
};

// --device, --compute, --weights and --threads. The options are read into `options`, which must outlive `app`.
void DeclareModelOptions(CLI::App& app, ModelOptions& options);

// The model, with weights by `seed` where it has none of its own. InvalidArgument where the options contradict each other; messages name
// them.
absl::StatusOr<std::unique_ptr<Policy>> LoadPolicy(const ModelOptions& options, uint64_t seed);

}  // namespace cupel
