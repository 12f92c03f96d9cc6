#include "grpo/advantage/advantage.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "grpo/advantage/registry.h"
#include "grpo/advantage/statistics.h"

namespace cupel {
namespace {

constexpr auto kEstimators = std::to_array<AdvantageEstimator>({
#define CUPEL_ADVANTAGE(name, Function, centres) {#name, &Function, centres},
#include "grpo/advantage/registry.def"
#undef CUPEL_ADVANTAGE
});

static_assert(std::ranges::adjacent_find(kEstimators, std::ranges::greater_equal(), &AdvantageEstimator::name) == kEstimators.end(),
              "grpo/advantage/registry.def must be sorted by name, without duplicates");

}  // namespace

std::vector<std::vector<double>> BatchAdvantages(std::span<const ScoredGroup> batch, const AdvantageConfig& config) {
  const AdvantageEstimator* estimator = FindAdvantage(config.estimator);
  Check(estimator != nullptr, "the estimator was looked up when the recipe was read");
  std::vector<std::vector<double>> advantages;
  for (const ScoredGroup& group : batch) {
    Check(group.lengths.size() == group.rewards.size(), "one length per reward");
    advantages.emplace_back(group.rewards.size(), 0.0);
  }
  estimator->compute(batch, config, advantages);
  return advantages;
}

bool HasSignal(std::span<const double> rewards) { return rewards.size() > 1 && !AllEqual(rewards); }

const AdvantageEstimator* FindAdvantage(std::string_view name) {
  const auto found = std::ranges::find(kEstimators, name, &AdvantageEstimator::name);
  return found == kEstimators.end() ? nullptr : &*found;
}

std::span<const AdvantageEstimator> AdvantageEstimators() { return kEstimators; }

}  // namespace cupel
