#pragma once

#include <absl/status/status.h>

#include "datasets/dataset.h"

namespace cupel {

// Whether every task names a verifier that exists and has a gold answer, and options, that it accepts; the first that does not is named
// with its id
// ("train.jsonl:12"). Of a dataset of more than 2^20 tasks, which only generators have, the first 4096 are looked at.
absl::Status CheckGolds(const Dataset& dataset);

}  // namespace cupel
