#pragma once

#include <cstdint>
#include <vector>

namespace cupel {

// What is usual for a number that now and then is very large: the last `size` finite values, judged by their median and median absolute
// deviation, which a few spikes cannot move. Values that are not finite never enter.
class SpikeWindow {
 public:
  // A value is a spike when it is above median + factor * 1.4826 * (median absolute deviation + 1 % of the median), once a quarter of the
  // window is filled. The 1 % keeps a window of nearly equal values from calling the next one a spike. factor 0: nothing is.
  SpikeWindow(int64_t size, double factor) : size_(size), factor_(factor) {}

  bool IsSpike(double value) const;
  double Limit() const;    // the largest value that is no spike; infinity while nothing is judged
  void Add(double value);  // spikes too: a lasting change becomes the usual

  const std::vector<double>& values() const { return values_; }  // oldest first
  void Restore(std::vector<double> values);

 private:
  int64_t size_;
  double factor_;
  std::vector<double> values_;
};

}  // namespace cupel
