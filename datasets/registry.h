#pragma once

#include <cstdint>
#include <memory>

#include <absl/status/statusor.h>

#include "datasets/dataset.h"

namespace cupel {

// The builder of every source, as MakeDataset calls it. It may leave to MakeDataset what concerns every source: checks of tasks
// (context.check_gold), tasks to exclude, pass rates.
#define CUPEL_DATASET(name, Make) \
  absl::StatusOr<std::unique_ptr<Dataset>> Make(const DatasetConfig& config, uint64_t seed, Split split, const LoadContext& context);
#include "datasets/registry.def"
#undef CUPEL_DATASET

}  // namespace cupel
