#include "grpo/advantage/advantage.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"

namespace cupel {
namespace {

// The members that count, in order.
std::vector<double> ScoredRewards(std::span<const double> rewards, std::span<const uint8_t> is_scored) {
  std::vector<double> scored;
  for (size_t i = 0; i < rewards.size(); ++i) {
    if (is_scored[i] != 0) {
      scored.push_back(rewards[i]);
    }
  }
  return scored;
}

double Mean(std::span<const double> values) {
  double sum = 0;
  for (double value : values) {
    sum += value;
  }
  return sum / static_cast<double>(values.size());
}

double Divisor(std::span<const double> values, double mean, std::string_view scale, double eps) {
  if (scale == "none") {
    return 1.0;
  }
  double squares = 0;
  for (double value : values) {
    squares += (value - mean) * (value - mean);
  }
  const auto n = static_cast<double>(values.size());
  Check(scale == "sample" || scale == "population", "advantage scale is sample, population or none");
  return std::sqrt(squares / (scale == "sample" ? n - 1 : n)) + eps;
}

}  // namespace

bool GroupAdvantages(std::span<const double> rewards, std::span<const uint8_t> is_scored, std::string_view scale, double eps,
                     std::span<double> advantages) {
  Check(rewards.size() == is_scored.size() && rewards.size() == advantages.size(), "one flag and one advantage per reward");
  std::fill(advantages.begin(), advantages.end(), 0.0);
  const std::vector<double> scored = ScoredRewards(rewards, is_scored);
  if (scored.size() < 2) {
    return false;
  }
  // Equality is tested on the rewards themselves: the mean of equal numbers can miss them by a rounding error, which a small eps would blow
  // up.
  const auto [low, high] = std::minmax_element(scored.begin(), scored.end());
  if (*low == *high) {
    return false;
  }
  const double mean = Mean(scored);
  const double divisor = Divisor(scored, mean, scale, eps);
  for (size_t i = 0; i < rewards.size(); ++i) {
    if (is_scored[i] != 0) {
      advantages[i] = (rewards[i] - mean) / divisor;
    }
  }
  return true;
}

}  // namespace cupel
