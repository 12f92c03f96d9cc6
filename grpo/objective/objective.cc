#include "grpo/objective/objective.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "grpo/objective/registry.h"

namespace cupel {
namespace {

constexpr double kMaxLogRatio = 20.0;

constexpr auto kObjectives = std::to_array<Objective>({
#define CUPEL_OBJECTIVE(name, Function, is_per_token, vanishes) {#name, &Function, is_per_token, vanishes},
#include "grpo/objective/registry.def"
#undef CUPEL_OBJECTIVE
});

static_assert(std::ranges::adjacent_find(kObjectives, std::ranges::greater_equal(), &Objective::name) == kObjectives.end(),
              "grpo/objective/registry.def must be sorted by name, without duplicates");

}  // namespace

Ratio RatioOf(double logprob, double old_logprob) {
  const double log = logprob - old_logprob;
  const double clamped = std::clamp(log, -kMaxLogRatio, kMaxLogRatio);
  return {clamped, std::exp(clamped), clamped != log};
}

const Objective* FindObjective(std::string_view name) {
  const auto found = std::ranges::find(kObjectives, name, &Objective::name);
  return found == kObjectives.end() ? nullptr : &*found;
}

std::span<const Objective> Objectives() { return kObjectives; }

}  // namespace cupel
