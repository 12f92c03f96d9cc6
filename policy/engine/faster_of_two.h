#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cupel {

// Picks the faster of two ways of doing the same thing over and over, by the time that each has taken lately. For ways that give the same
// results: only time depends on the choice. The slower way is tried again now and then, since a neighbour on the machine may come or go;
// the more it lost, the more rarely.
class FasterOfTwo {
 public:
  // 0 or 1: the way to take now.
  size_t Choose() {
    for (const size_t way : {size_t{0}, size_t{1}}) {
      if (seconds_[way] == 0) {
        return way;
      }
    }
    return --until_probe_ < 0 ? 1 - faster() : faster();
  }

  // What it took.
  void Report(size_t way, double seconds) {
    const bool is_probe = until_probe_ < 0;
    double& mean = seconds_[way];
    mean = mean == 0 || is_probe ? seconds : 0.75 * mean + 0.25 * seconds;
    if (is_probe) {
      const double ratio = std::max(seconds_[0], seconds_[1]) / std::max(std::min(seconds_[0], seconds_[1]), 1e-9);
      until_probe_ = static_cast<int64_t>(std::min(kFewest * ratio * ratio, kMost));
    }
  }

 private:
  static constexpr double kFewest = 16;  // turns of the faster way between two tries of the slower one
  static constexpr double kMost = 1024;

  size_t faster() const { return seconds_[1] < seconds_[0] ? 1 : 0; }

  std::array<double, 2> seconds_{};  // moving means; 0: not known
  int64_t until_probe_ = 16;
};

}  // namespace cupel
