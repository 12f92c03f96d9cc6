#include "grpo/objective/entropy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace cupel {

double EntropyController::Coefficient() const { return config_.is_adaptive() && !is_below_target_ ? 0.0 : coefficient_; }

void EntropyController::Observe(double mean_entropy) {
  if (!config_.is_adaptive()) {
    return;
  }
  is_below_target_ = mean_entropy <= config_.target;
  const double step = is_below_target_ ? config_.bonus_step : -config_.bonus_step;
  coefficient_ = std::clamp(coefficient_ + step, 0.0, config_.bonus_max);
}

void EntropyController::Restore(double coefficient, bool is_below_target) {
  coefficient_ = coefficient;
  is_below_target_ = is_below_target;
}

double TopEntropyThreshold(std::vector<double> entropies, double share) {
  if (share >= 1 || entropies.empty()) {
    return -std::numeric_limits<double>::infinity();
  }
  const auto kept = static_cast<size_t>(std::ceil(share * static_cast<double>(entropies.size())));
  const auto nth = entropies.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(kept, 1) - 1);
  std::nth_element(entropies.begin(), nth, entropies.end(), std::greater<>());
  return *nth;
}

}  // namespace cupel
