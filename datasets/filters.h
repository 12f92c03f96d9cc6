#pragma once

#include <memory>
#include <string>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "datasets/dataset.h"

// Datasets without some of their tasks.

namespace cupel {

inline constexpr int64_t kMostListed = int64_t{1} << 20;  // tasks of one split that are looked at one by one

// The tasks for which `keep` says yes, in their order; possibly none. Of a larger dataset the first 2^20 tasks are looked at and the rest
// is dropped, which no stage of a run asks to the end.
std::unique_ptr<Dataset> KeepTasks(std::unique_ptr<Dataset> all, absl::FunctionRef<bool(const Task&)> keep);

// What makes two tasks the same: equal ids, or equal prompts. Adds both keys of the (first 2^20) tasks of a dataset.
void AddKeysOf(const Dataset& dataset, absl::flat_hash_set<std::string>& keys);
bool IsKeyed(const Task& task, const absl::flat_hash_set<std::string>& keys);

// Pass rates of tasks by id: lines {"task": "...", "pass_rate": 0.25}, as `cupel log pass-rates` writes them. InvalidArgument names file
// and line.
absl::StatusOr<absl::flat_hash_map<std::string, double>> ReadPassRates(const std::string& path);

}  // namespace cupel
