#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "base/stop_signal.h"
#include "datasets/dataset.h"
#include "datasets/traces/trace.h"

namespace cupel {

struct TraceDataSettings {
  int64_t count = 1000;
  int64_t seed = 1;
  TraceConfig style;
  template <class Field>
  void VisitFields(Field&& field) {
    field("count", count, "worked solutions to write; tasks are taken in order and again from the first, in other words", Range{1, 1e9});
    field("seed", seed, "of the tasks' order and of everything that is drawn in a solution", Range{0, 9e15});
    field("style", style, "how solutions are written");
  }
};

// A recipe of worked solutions: the tasks mean the same as for training, so that what evaluation asks is never among them.
struct TraceRecipe {
  DatasetConfig data;
  TraceDataSettings traces;
  template <class Field>
  void VisitFields(Field&& field) {
    field("data", data, "the tasks; only those of the training split are worked");
    field("traces", traces, "the worked solutions");
  }
};

absl::StatusOr<TraceRecipe> LoadTraceRecipe(const std::string& path, const std::vector<std::string>& overrides);

// Lines {"prompt": messages, "completion": "<think>...", "task": id} as supervised fine-tuning reads them, into `path` ("-": standard
// output). A file is complete or not there. Returns the number of lines; Cancelled on a stop signal.
absl::StatusOr<int64_t> WriteTraceData(const TraceRecipe& recipe, const std::string& path, StopSignal& stop);

// [{"role", "content"}]
Json PromptJson(const Task& task);

}  // namespace cupel
