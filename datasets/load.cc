#include "datasets/load.h"

#include <fmt/format.h>

namespace cupel {

int64_t LoadReport::num_left_out() const {
  int64_t count = outside_pass_rates;
  for (const auto& [path, file] : files) {
    count += file.bad + file.duplicates + file.overlapping;
  }
  return count;
}

std::vector<std::string> LoadReport::Lines() const {
  std::vector<std::string> lines;
  for (const auto& [path, file] : files) {
    const int64_t left_out = file.bad + file.duplicates + file.overlapping;
    if (left_out > 0) {
      lines.push_back(fmt::format("{}: {} of {} rows left out ({} unusable, {} asked before, {} asked by evaluation)", path, left_out,
                                  file.rows, file.bad, file.duplicates, file.overlapping));
    }
  }
  if (outside_pass_rates > 0) {
    lines.push_back(fmt::format("{} training tasks left out by their pass rates", outside_pass_rates));
  }
  return lines;
}

}  // namespace cupel
