#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cupel {

// Evaluates our own generated expressions over whole numbers of any size as Python does: decimal and 0x literals, unary - and +, * and /
// (rounded down, Python's //), + and -, << and >>, parentheses, blanks. nullopt for anything else, for a division by zero, for a shift
// below 0 or beyond 4096 and for more than `kMaxDepth` nested parentheses.
class IntegerExpression {
 public:
  static std::optional<std::string> Evaluate(std::string_view text, int base = 10);  // base 16 gives "-0x2a"
  static std::optional<int64_t> EvaluateSmall(std::string_view text);                // nullopt beyond 64 bits too
};

}  // namespace cupel
