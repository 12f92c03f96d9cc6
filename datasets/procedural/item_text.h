#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/status.h"
#include "datasets/procedural/family.h"
#include "datasets/procedural/item_random.h"

// What the generators share: the frame of an item's metadata, and how numbers, lists and grids are written.

namespace cupel {

using Grid = std::vector<std::vector<int>>;

// {"source_dataset": family, "source_index": index}, to which a generator adds its data.
Json BeginMetadata(std::string_view family, int64_t index);

// [min_what, max_what] of the settings, as reasoning-gym records a range of difficulty.
Json RangeOf(const Settings& settings, std::string_view what);

Item RgItem(std::string question, std::string answer, const Json& metadata);

// Adds "variant" and "difficulty", the level and all settings.
Item CupelItem(const Settings& settings, std::string question, std::string answer, Json metadata);

// "1, 2, 3"
template <class Sequence>
std::string Joined(const Sequence& values, std::string_view separator = ", ") {
  return fmt::format("{}", fmt::join(values, separator));
}

// "[1, 2, 3]", as Python prints a list of numbers.
template <class Sequence>
std::string Bracketed(const Sequence& values) {
  return "[" + Joined(values) + "]";
}

// Rows on lines, cells separated by spaces; `zero` stands for a 0.
std::string GridText(const Grid& grid, std::string_view zero = "0");

std::string ReplaceAll(std::string text, std::string_view from, std::string_view to);

std::string Capitalized(std::string word);

}  // namespace cupel
