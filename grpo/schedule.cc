#include "grpo/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace cupel {

double LearningRate(const OptimizerConfig& config, int64_t update, int64_t total_updates) {
  if (update < config.warmup_updates) {
    return config.learning_rate * static_cast<double>(update + 1) / static_cast<double>(config.warmup_updates + 1);
  }
  if (config.schedule == "constant") {
    return config.learning_rate;
  }
  const auto decaying = static_cast<double>(std::max<int64_t>(1, total_updates - config.warmup_updates));
  const double done = std::min(1.0, static_cast<double>(update - config.warmup_updates) / decaying);
  Check(config.schedule == "linear" || config.schedule == "cosine", "schedule is constant, linear or cosine");
  const double left = config.schedule == "linear" ? 1.0 - done : (1.0 + std::cos(std::numbers::pi * done)) / 2.0;
  return config.learning_rate * (config.final_share + (1.0 - config.final_share) * left);
}

}  // namespace cupel
