#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cupel {

// What an arithmetic expression says: its value as a fraction in lowest terms, and the numbers it is written with, in order.
struct ExpressionReading {
  std::optional<std::pair<int64_t, int64_t>> value;  // none: a division by zero, or beyond 64 bits
  std::vector<int64_t> numbers;
};

// Whole numbers of at most 9 digits without leading zeros, + - * /, parentheses and blanks; × ÷ and U+2212 count as * / -. No sign before a
// number, no other operator, no name, no decimal point: nullopt. At most 64 levels and 1024 bytes. Exact; nothing is evaluated by anything
// but this reader.
std::optional<ExpressionReading> ReadExpression(std::string_view text);

}  // namespace cupel
