#pragma once

#include <absl/status/status.h>

#include "datasets/dataset.h"

namespace cupel {

// Whether the task names a verifier that exists and has a gold answer, and options, that it accepts. What a LoadContext checks tasks by.
absl::Status CheckGold(const Task& task);

// The first task of a dataset that fails, named with its id ("train.jsonl:12"); see CheckTasks.
absl::Status CheckGolds(const Dataset& dataset);

}  // namespace cupel
