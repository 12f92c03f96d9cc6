#pragma once

#include <cstdint>

#include "grpo/config.h"

namespace cupel {

// The step size of update `update` (0-based) of `total_updates`. With W warm-up updates and x = (update - W) / (total - W):
//
//   update < W   learning_rate (update + 1) / (W + 1)
//   constant     learning_rate
//   linear       learning_rate (f + (1 - f) (1 - x))                     f = final_share
//   cosine       learning_rate (f + (1 - f) (1 + cos(pi x)) / 2)
double LearningRate(const OptimizerConfig& config, int64_t update, int64_t total_updates);

}  // namespace cupel
