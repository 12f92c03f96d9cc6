#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace cupel {

// The lines of `text`, each with its newline, so that a last line without one stays different. Views into `text`.
inline std::vector<std::string_view> LinesWithEnds(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    const size_t length = newline == std::string_view::npos ? text.size() : newline + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

}  // namespace cupel
