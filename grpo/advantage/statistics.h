#pragma once

#include <span>
#include <string_view>

namespace cupel {

// Sums of the estimators, in double and in order. Equality is always tested on the rewards themselves: the mean of equal numbers can miss
// them by a rounding error, which a small eps would blow up.

bool AllEqual(std::span<const double> values);  // true for none and for one
double Mean(std::span<const double> values);    // of at least one value
// kind is "sample" (divides by n-1, as torch does; at least two values) or "population" (n).
double StandardDeviation(std::span<const double> values, std::string_view kind);

}  // namespace cupel
