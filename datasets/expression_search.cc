#include "datasets/expression_search.h"

#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace cupel {
namespace {

constexpr int64_t kMaxSteps = 2'000'000;

// A value a / b with b > 0, as made by `text`.
struct Part {
  std::string text;
  int64_t a;
  int64_t b;
};

// In lowest terms; nothing where the divisor is zero.
std::optional<Part> Made(std::string text, int64_t a, int64_t b) {
  if (b == 0) {
    return std::nullopt;
  }
  const int64_t divisor = std::gcd(a, b) * (b < 0 ? -1 : 1);
  return Part{std::move(text), a / divisor, b / divisor};
}

// Nothing when a number leaves 64 bits.
std::optional<Part> Combined(const Part& x, const Part& y, char op) {
  int64_t left = 0, right = 0, below = 0, above = 0;
  const bool is_quotient = op == '/';
  if (__builtin_mul_overflow(x.a, y.b, &left) || __builtin_mul_overflow(y.a, x.b, &right) || __builtin_mul_overflow(x.b, y.b, &below) ||
      __builtin_mul_overflow(x.a, y.a, &above)) {
    return std::nullopt;
  }
  const bool overflows =
      (op == '+' && __builtin_add_overflow(left, right, &above)) || (op == '-' && __builtin_sub_overflow(left, right, &above));
  if (overflows || left == INT64_MIN || right == INT64_MIN || above == INT64_MIN) {
    return std::nullopt;
  }
  return Made(fmt::format("({} {} {})", x.text, op, y.text), is_quotient ? left : above, is_quotient ? right : below);
}

// Joins every two parts in every way until one is left.
bool Search(const std::vector<Part>& parts, int64_t target, int64_t& steps, std::string& found) {
  if (parts.size() == 1) {
    found = parts[0].text;
    return parts[0].a == target && parts[0].b == 1;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t j = 0; j < parts.size(); ++j) {
      if (i == j) {
        continue;
      }
      std::vector<Part> rest;
      for (size_t k = 0; k < parts.size(); ++k) {
        if (k != i && k != j) {
          rest.push_back(parts[k]);
        }
      }
      for (const char op : {'+', '-', '*', '/'}) {
        if ((op == '+' || op == '*') && i > j) {
          continue;
        }
        std::optional<Part> joined = Combined(parts[i], parts[j], op);
        if (!joined || ++steps > kMaxSteps) {
          continue;
        }
        rest.push_back(*std::move(joined));
        if (Search(rest, target, steps, found)) {
          return true;
        }
        rest.pop_back();
      }
    }
  }
  return false;
}

}  // namespace

std::optional<std::string> FindExpression(std::span<const int64_t> numbers, int64_t target) {
  std::vector<Part> parts;
  for (const int64_t number : numbers) {
    parts.push_back({number < 0 ? fmt::format("({})", number) : fmt::format("{}", number), number, 1});
  }
  int64_t steps = 0;
  std::string found;
  if (parts.empty() || std::ssize(parts) > kMaxSearchNumbers || !Search(parts, target, steps, found)) {
    return std::nullopt;
  }
  const bool has_outer = found.starts_with('(') && parts.size() > 1;
  return has_outer ? found.substr(1, found.size() - 2) : found;
}

}  // namespace cupel
