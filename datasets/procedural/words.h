#pragma once

#include <span>
#include <string_view>

namespace cupel {

// Common English words in lower case, each once, at least four letters.
std::span<const std::string_view> CommonWords();

// First names, capitalized, each once.
std::span<const std::string_view> FirstNames();

}  // namespace cupel
