#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cupel {

// A chain of numbers and operators: 7 + 5 * -3 is operands {7, 5, -3}, operators "+*".
struct Expression {
  std::vector<int64_t> operands;  // [terms]
  std::string operators;          // [terms - 1], each + - or *
};

// The value by the usual precedence: products first, then sums and differences from left to right. The caller has made sure that it fits
// (MaxAbsoluteValue).
int64_t Evaluate(const Expression& expression);

// "7 + 5 * (-3)": what a person would write; a negative number after an operator stands in parentheses.
std::string ExpressionText(const Expression& expression);

// "7+5*-3": short, and different for different expressions.
std::string ExpressionId(const Expression& expression);

// The largest absolute value that `terms` numbers of absolute value up to `max_abs` can give; -1 when it may exceed an int64.
int64_t MaxAbsoluteValue(int64_t terms, int64_t max_abs, bool has_product);

}  // namespace cupel
