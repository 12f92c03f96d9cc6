// Sums and differences of whole numbers, column by column from the right, carries and borrows written out:
//
//   37 - 28 - 33        what is added and what is taken away are summed first, so that only the last step can go below zero
//   28+33: 8+3=11, 2+3+1=6 -> 61
//   37<61
//   61-37: 11-7=4, 6-1-3=2 -> 24
//   negative, -24
//   check: 4+7=11       the last step's units again, the other way round
//
// A small model copies digits well and adds two-digit numbers badly: every step is a fact about single digits.

#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "datasets/traces/pen.h"

namespace cupel {
namespace {

constexpr size_t kMaxTerms = 64;
constexpr int64_t kMaxTerm = 1'000'000'000'000'000;  // 64 of them fit in 64 bits

// The signed terms of "47 - 85 + 36", "5 - -3" and "7+5*..."; nullopt for products, parentheses and what is no chain.
std::optional<std::vector<int64_t>> ReadTerms(std::string_view text) {
  std::vector<int64_t> terms;
  size_t at = 0;
  while (at < text.size()) {
    int64_t sign = 1;
    for (; at < text.size() && (text[at] == ' ' || text[at] == '+' || text[at] == '-'); ++at) {
      sign = text[at] == '-' ? -sign : sign;
    }
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (error != std::errc() || value > kMaxTerm || terms.size() == kMaxTerms) {
      return std::nullopt;
    }
    terms.push_back(sign * value);
    at = static_cast<size_t>(end - text.data());
    while (at < text.size() && text[at] == ' ') {
      ++at;
    }
    if (at < text.size() && text[at] != '+' && text[at] != '-') {
      return std::nullopt;
    }
  }
  return terms.empty() ? std::nullopt : std::optional(terms);
}

std::vector<int64_t> DigitsFromRight(int64_t value) {
  std::vector<int64_t> digits;
  do {
    digits.push_back(value % 10);
    value /= 10;
  } while (value > 0);
  return digits;
}

void Columns(TracePen& pen, const std::string& operation, const std::vector<std::string>& columns, int64_t result) {
  pen.Line(fmt::format("{}: {} {} {}", operation, fmt::join(columns, ", "), pen.Say("->", "so", "which makes"), result));
}

int64_t Add(TracePen& pen, int64_t a, int64_t b) {
  const std::vector<int64_t> x = DigitsFromRight(a), y = DigitsFromRight(b);
  std::vector<std::string> columns;
  int64_t carry = 0;
  for (size_t i = 0; i < std::max(x.size(), y.size()); ++i) {
    std::vector<int64_t> parts;
    for (const std::vector<int64_t>* digits : {&x, &y}) {
      if (i < digits->size()) {
        parts.push_back((*digits)[i]);
      }
    }
    if (carry > 0) {
      parts.push_back(carry);
    }
    int64_t sum = 0;
    for (const int64_t part : parts) {
      sum += part;
    }
    columns.push_back(parts.size() == 1 ? fmt::format("{}", sum) : pen.Claim(fmt::format("{}", fmt::join(parts, "+")), sum));
    carry = sum / 10;
  }
  Columns(pen, fmt::format("{}+{}", a, b), columns, a + b);
  return a + b;
}

// a >= b
int64_t Subtract(TracePen& pen, int64_t a, int64_t b) {
  const std::vector<int64_t> x = DigitsFromRight(a), y = DigitsFromRight(b);
  std::vector<std::string> columns;
  int64_t borrow = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t taken = i < y.size() ? y[i] : 0;
    const int64_t top = x[i] - borrow < taken ? x[i] + 10 : x[i];
    std::string lhs = fmt::format("{}", top);
    lhs += borrow > 0 ? "-1" : "";
    lhs += i < y.size() ? fmt::format("-{}", taken) : "";
    const int64_t digit = top - borrow - taken;
    columns.push_back(lhs.find('-') == std::string::npos ? lhs : pen.Claim(lhs, digit));
    borrow = top != x[i] ? 1 : 0;
  }
  Columns(pen, fmt::format("{}-{}", a, b), columns, a - b);
  return a - b;
}

// The sum of what is not empty, and its last step a + b for the check.
struct Total {
  int64_t value = 0;
  int64_t a = 0;
  int64_t b = 0;
};
Total AddUp(TracePen& pen, const std::vector<int64_t>& terms) {
  Total total;
  for (size_t i = 0; i < terms.size(); ++i) {
    total = i == 0 ? Total{terms[0]} : Total{Add(pen, total.value, terms[i]), total.value, terms[i]};
  }
  return total;
}

// difference + taken = from, in the units; or sum - b = a.
void CheckDifference(TracePen& pen, int64_t difference, int64_t taken) {
  const int64_t a = difference % 10, b = taken % 10;
  pen.Line(fmt::format("{} {}={}", pen.Say("check:", "To check,", "Let me verify the units:"), fmt::format("{}+{}", a, b), a + b));
}
void CheckSum(TracePen& pen, const Total& total) {
  const int64_t sum = total.value % 10, b = total.b % 10;
  const int64_t top = sum < b ? sum + 10 : sum;
  pen.Line(fmt::format("{} {}-{}={}", pen.Say("check:", "To check,", "Let me verify the units:"), top, b, top - b));
}

}  // namespace

std::optional<std::string> TraceChain(const Json& problem, const std::string& /*gold*/, TracePen& pen) {
  const auto expression = problem.find("expression");
  if (expression == problem.end() || !expression->is_string()) {
    return std::nullopt;
  }
  const std::optional<std::vector<int64_t>> terms = ReadTerms(expression->get<std::string>());
  if (!terms) {
    return std::nullopt;
  }
  std::vector<int64_t> added, taken;
  for (const int64_t term : *terms) {
    (term < 0 ? taken : added).push_back(std::abs(term));
  }
  const Total plus = AddUp(pen, added);
  if (taken.empty()) {
    if (pen.checks() && added.size() > 1) {
      CheckSum(pen, plus);
    }
    return fmt::format("{}", plus.value);
  }
  const Total minus = AddUp(pen, taken);
  if (plus.value >= minus.value) {
    const int64_t result = Subtract(pen, plus.value, minus.value);
    if (pen.checks()) {
      CheckDifference(pen, result, minus.value);
    }
    return fmt::format("{}", result);
  }
  pen.Line(fmt::format("{}<{}", plus.value, minus.value));
  const int64_t result = Subtract(pen, minus.value, plus.value);
  pen.Line(fmt::format("{} -{}", pen.Say("negative,", "below zero, so", "the result is negative:"), result));
  if (pen.checks()) {
    CheckDifference(pen, result, plus.value);
  }
  return fmt::format("-{}", result);
}

}  // namespace cupel
