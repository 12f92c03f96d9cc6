#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace cupel {

inline constexpr int64_t kMaxSearchNumbers = 6;
inline constexpr int64_t kMaxSearchNumber = 1'000'000;

// An expression of + - * / and parentheses that uses every number once and has exactly this value; the same one on every machine. At most
// kMaxSearchNumbers numbers, none beyond kMaxSearchNumber. Nothing when there is none, or when none was found in two million steps, which
// four numbers never need.
std::optional<std::string> FindExpression(std::span<const int64_t> numbers, int64_t target);

}  // namespace cupel
