#pragma once

#include <functional>
#include <string>

#include <absl/status/statusor.h>

#include "datasets/dataset.h"

namespace cupel {

// Writes the tasks of a dataset as lines {id, prompt, answer, verifier, metadata}, which preset "cupel" reads back to the same tasks;
// packed by zstd when the path ends in ".zst", to standard output when it is "-". `should_stop` is asked between tasks. Returns how many
// tasks were written.
absl::StatusOr<int64_t> WriteTasks(const Dataset& dataset, const std::string& path, const std::function<bool()>& should_stop);

// One such line, without its end. `metadata` is an object, or absent when the task has none.
std::string TaskLine(const Task& task);

}  // namespace cupel
