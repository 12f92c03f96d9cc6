#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "experiments/command.h"

namespace cupel {

// What `cupel replay` was asked for.
struct ReplayOptions {
  std::string run;
  bool json = false;

  // Steps done again.
  std::vector<int64_t> steps;  // as printed: 1 is the first
  bool all = false;
  bool from_log = false;
  std::string from_stage = "verdicts";
  std::string model;  // in place of the recipe's path, when the file has moved

  // Completions judged again.
  bool rescores = false;
  std::string rescore_recipe;
  std::string verifier;
  std::string verifier_options;
  std::vector<std::string> rewards;
  std::string label;
  std::string out;
  int64_t examples = 3;
  int threads = 0;

  // The same update with other settings.
  std::vector<std::string> overrides;
  double learning_rate = -1;
  std::string objective;
};

// Replays steps; the exit code, 0 when everything is identical and 1 when something differs, after it printed what it found.
using StepReplayer = absl::StatusOr<int> (*)(const ReplayOptions& options, StopSignal& stop);

// The command with everything that it can do; without a replayer (a build without LibTorch) it only rescores.
Action DeclareReplayWith(CLI::App& app, StepReplayer replayer);

}  // namespace cupel
