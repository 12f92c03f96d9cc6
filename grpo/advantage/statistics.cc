#include "grpo/advantage/statistics.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace cupel {

bool AllEqual(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
}

double Mean(std::span<const double> values) {
  Check(!values.empty(), "a mean of something");
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  return sum / static_cast<double>(values.size());
}

double StandardDeviation(std::span<const double> values, std::string_view kind) {
  Check(kind == "sample" || kind == "population", "a standard deviation is sample or population");
  Check(values.size() > (kind == "sample" ? 1U : 0U), "enough values for a standard deviation");
  const double mean = Mean(values);
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / (kind == "sample" ? n - 1 : n));
}

}  // namespace cupel
