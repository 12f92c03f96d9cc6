#pragma once

#include <string>

#include <absl/status/status.h>

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

// InvalidArgument where they contradict each other.
absl::Status CheckModelOptions(const ModelOptions& options);

}  // namespace cupel
