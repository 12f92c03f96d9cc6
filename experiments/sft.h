#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "base/stop_signal.h"
#include "experiments/recipe.h"
#include "experiments/run_folder.h"

namespace cupel {

struct SftSettings {
  std::string path;
  std::string eval_path;
  int64_t batch_size = 16;
  int64_t max_tokens = 1024;
  int64_t microbatch_tokens = 1024;
  SafetyConfig safety;
  template <class Field>
  void VisitFields(Field&& field) {
    field("path", path, "JSONL file of examples: prompt and completion, or messages");
    field("eval_path", eval_path, "JSONL file whose loss is measured before and after; empty: none");
    field("batch_size", batch_size, "examples per update", Range{1, 1 << 20});
    field("max_tokens", max_tokens, "longer examples are left out", Range{2, 1 << 20});
    field("microbatch_tokens", microbatch_tokens, "packed tokens per forward and backward; bounds memory, never changes the update",
          Range{16, 1 << 24});
    field("safety", safety, "when an update is not made");
  }
};

// A recipe of supervised fine-tuning: the sections that it shares with reinforcement learning mean the same. A step is an update.
struct SftRecipe {
  ModelSettings model;
  SftSettings sft;
  OptimizerConfig optimizer;
  RunSettings run;
  template <class Field>
  void VisitFields(Field&& field) {
    field("model", model, "the policy");
    field("sft", sft, "the examples");
    field("optimizer", optimizer, "AdamW");
    field("run", run, "length, seed and checkpoints");
  }
};

struct SftOutcome {
  int stopped_by = 0;  // signal that asked to stop, 0 when the run finished
  Json summary;        // what --json prints
};

// The whole run, in a folder like that of `cupel train` (without rollouts). Examples are drawn in epochs, each in a new order that follows
// from the seed, so a resumed run equals the uninterrupted one.
absl::StatusOr<SftOutcome> RunSft(const SftRecipe& recipe, RunFolder& folder, bool is_resumed, StopSignal& stop, std::FILE* out);

}  // namespace cupel
