#include "grpo/spike_window.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cupel {
namespace {

constexpr double kSigmaPerDeviation = 1.4826;  // of a normal distribution
constexpr double kLeastSpread = 0.01;          // of the median

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double SpikeWindow::Limit() const {
  if (factor_ == 0 || static_cast<int64_t>(values_.size()) * 4 < size_) {
    return std::numeric_limits<double>::infinity();
  }
  const double median = Median(values_);
  std::vector<double> deviations(values_);
  for (double& value : deviations) {
    value = std::abs(value - median);
  }
  return median + factor_ * kSigmaPerDeviation * (Median(std::move(deviations)) + kLeastSpread * std::abs(median));
}

bool SpikeWindow::IsSpike(double value) const { return value > Limit(); }

void SpikeWindow::Add(double value) {
  if (!std::isfinite(value)) {
    return;
  }
  values_.push_back(value);
  if (static_cast<int64_t>(values_.size()) > size_) {
    values_.erase(values_.begin());
  }
}

void SpikeWindow::Restore(std::vector<double> values) {
  values_.clear();
  for (const double value : values) {
    Add(value);
  }
}

}  // namespace cupel
