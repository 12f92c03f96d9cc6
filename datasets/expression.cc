#include "datasets/expression.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace cupel {

int64_t Evaluate(const Expression& expression) {
  Check(expression.operands.size() == expression.operators.size() + 1, "one operator between two operands");
  int64_t sum = 0;
  int64_t product = expression.operands[0];
  for (size_t i = 0; i < expression.operators.size(); ++i) {
    const int64_t operand = expression.operands[i + 1];
    if (expression.operators[i] == '*') {
      product *= operand;
    } else {
      sum += product;
      product = expression.operators[i] == '-' ? -operand : operand;
    }
  }
  return sum + product;
}

std::string ExpressionText(const Expression& expression) {
  std::string text = fmt::format("{}", expression.operands[0]);
  for (size_t i = 0; i < expression.operators.size(); ++i) {
    const int64_t operand = expression.operands[i + 1];
    text +=
        operand < 0 ? fmt::format(" {} ({})", expression.operators[i], operand) : fmt::format(" {} {}", expression.operators[i], operand);
  }
  return text;
}

std::string ExpressionId(const Expression& expression) {
  std::string text = fmt::format("{}", expression.operands[0]);
  for (size_t i = 0; i < expression.operators.size(); ++i) {
    text += fmt::format("{}{}", expression.operators[i], expression.operands[i + 1]);
  }
  return text;
}

// With m = max_abs >= 2 the product of all numbers is the largest of all sums of products, because m^i + m^j <= m^(i+j); with a smaller m
// the plain sum is.
int64_t MaxAbsoluteValue(int64_t terms, int64_t max_abs, bool has_product) {
  int64_t sum = 0;
  if (__builtin_mul_overflow(terms, max_abs, &sum)) {
    return -1;
  }
  int64_t product = 1;
  for (int64_t i = 0; has_product && i < terms; ++i) {
    if (__builtin_mul_overflow(product, max_abs, &product)) {
      return -1;
    }
  }
  return std::max(sum, product);
}

}  // namespace cupel
