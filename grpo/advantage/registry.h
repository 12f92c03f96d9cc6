#pragma once

#include "grpo/advantage/advantage.h"

namespace cupel {

// The function of every estimator, as BatchAdvantages calls it.
#define CUPEL_ADVANTAGE(name, Function, centres) \
  void Function(std::span<const ScoredGroup> batch, const AdvantageConfig& config, std::span<std::vector<double>> advantages);
#include "grpo/advantage/registry.def"
#undef CUPEL_ADVANTAGE

}  // namespace cupel
