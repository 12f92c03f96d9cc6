// Checks of expressions and polynomials: countdown, puzzle24, roots, products.

#include <algorithm>
#include <array>
#include <gmpxx.h>
#include <map>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/extract.h"
#include "verifiers/answer/number.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/puzzles/expression.h"
#include "verifiers/puzzles/reading.h"

namespace cupel {
namespace {

Finding CheckExpression(std::vector<int64_t> numbers, int64_t target, bool allows_subset, std::string_view answer) {
  std::optional<ExpressionReading> reading = ReadExpression(answer);
  if (!reading) {
    return Wrong("not an expression of whole numbers, + - * / and parentheses");
  }
  std::ranges::sort(numbers);
  std::ranges::sort(reading->numbers);
  const bool are_given = allows_subset ? std::ranges::includes(numbers, reading->numbers) : numbers == reading->numbers;
  if (!are_given) {
    return Wrong(
        fmt::format("the numbers used are {}, those given {}", fmt::join(reading->numbers, ", "), fmt::join(numbers, ", ")).substr(0, 500));
  }
  if (!reading->value) {
    return Wrong("it divides by zero, or is too large");
  }
  const auto [a, b] = *reading->value;
  return a == target && b == 1 ? Right() : Wrong(fmt::format("its value is {}{}", a, b == 1 ? "" : fmt::format("/{}", b)));
}

mpq_class RationalOf(const Number& number) {
  mpq_class value(mpz_class(number.numerator), mpz_class(number.denominator));
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::abs(number.exponent)));
  value = number.exponent < 0 ? mpq_class(value / power) : mpq_class(value * power);
  value.canonicalize();
  return number.is_negative ? mpq_class(-value) : value;
}

mpq_class ValueAt(const std::vector<int64_t>& coefficients, const mpq_class& x) {
  mpq_class value = 0;
  for (size_t i = coefficients.size(); i-- > 0;) {
    value = value * x + mpq_class(static_cast<long>(coefficients[i]));
  }
  return value;
}

using Powers = std::array<int64_t, 3>;

// One term: a product of at most one number and powers of x, y, z.
std::optional<std::pair<Powers, int64_t>> ReadTerm(std::string_view text) {
  Powers powers{};
  int64_t coefficient = 1;
  bool is_first = true;
  text = TrimSpace(text);
  while (!text.empty() || is_first) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits > 0) {
      const auto value = is_first ? ReadInteger(text.substr(0, digits)) : std::nullopt;
      if (!value) {
        return std::nullopt;
      }
      coefficient = *value;
      text = TrimSpace(text.substr(digits));
    } else {
      const size_t variable = text.empty() ? std::string_view::npos : std::string_view("xyz").find(text[0]);
      if (variable == std::string_view::npos) {
        return std::nullopt;
      }
      text = TrimSpace(text.substr(1));
      int64_t power = 1;
      const size_t caret = text.starts_with("**") ? 2 : text.starts_with('^') ? 1 : 0;
      if (caret > 0) {
        text = TrimSpace(text.substr(caret));
        const bool is_braced = text.starts_with('{');
        text.remove_prefix(is_braced ? 1 : 0);
        const size_t size = std::min(text.find_first_not_of("0123456789"), text.size());
        const auto value = size <= 3 ? ReadInteger(text.substr(0, size)) : std::nullopt;
        text = TrimSpace(text.substr(size));
        if (!value || (is_braced && !text.starts_with('}'))) {
          return std::nullopt;
        }
        text.remove_prefix(is_braced ? 1 : 0);
        power = *value;
      }
      if (powers[variable] > 0) {
        return std::nullopt;
      }
      powers[variable] = power;
    }
    is_first = false;
    text = TrimSpace(text);
    if (text.starts_with('*')) {
      text = TrimSpace(text.substr(1));
      is_first = text.empty();  // a star at the end is no term
    }
  }
  return std::pair(powers, coefficient);
}

// A sum of terms without parentheses, each product of powers at most once.
std::optional<std::map<Powers, int64_t>> ReadPolynomial(std::string_view answer) {
  const std::string text = WithAsciiMinus(answer);
  std::map<Powers, int64_t> terms;
  std::string_view rest = TrimSpace(text);
  bool is_first = true;
  while (!rest.empty() && terms.size() < 1000) {
    const bool has_sign = rest[0] == '+' || rest[0] == '-';
    if (!has_sign && !is_first) {
      return std::nullopt;
    }
    const int64_t sign = rest[0] == '-' ? -1 : 1;
    rest.remove_prefix(has_sign ? 1 : 0);
    const size_t end = std::min(rest.find_first_of("+-"), rest.size());
    const auto term = ReadTerm(rest.substr(0, end));
    if (!term || !terms.emplace(term->first, sign * term->second).second) {
      return std::nullopt;
    }
    rest.remove_prefix(end);
    is_first = false;
  }
  std::erase_if(terms, [](const auto& term) { return term.second == 0; });
  return is_first || !rest.empty() ? std::nullopt : std::optional(terms);
}

}  // namespace

Finding CheckCountdown(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  return CheckExpression(metadata.at("numbers").get<std::vector<int64_t>>(), metadata.at("target").get<int64_t>(),
                         metadata.value("subset", false), answer);
}

Finding CheckPuzzle24(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  return CheckExpression(metadata.at("numbers").get<std::vector<int64_t>>(), 24, false, answer);
}

// Every number must lie within the tolerance of a simple root of the square-free polynomial, which changes its sign around it; the numbers
// must lie apart and be as many as the roots.
Finding CheckRoots(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto coefficients = metadata.at("squarefree").get<std::vector<int64_t>>();
  const auto num_roots = metadata.at("num_roots").get<size_t>();
  if (LowerCaseText(TrimSpace(answer)) == "none") {
    return num_roots == 0 ? Right() : Wrong("there are real solutions");
  }
  const mpq_class tolerance(metadata.at("tolerance").at(0).get<long>(), std::max(1L, metadata.at("tolerance").at(1).get<long>()));
  std::vector<mpq_class> roots;
  for (const std::string_view part : SplitTrimmed(answer, ',')) {
    const NumberReading reading = ReadNumber(part);
    const bool is_small = reading.number && reading.number->numerator.size() + reading.number->denominator.size() < 100 &&
                          std::abs(reading.number->exponent) < 100 && !reading.number->is_percent;
    if (!is_small || roots.size() >= num_roots) {
      return Wrong(is_small ? "more numbers than there are solutions" : "not a list of numbers");
    }
    roots.push_back(RationalOf(*reading.number));
  }
  std::ranges::sort(roots);
  for (size_t i = 0; i < roots.size(); ++i) {
    const mpq_class below = ValueAt(coefficients, roots[i] - tolerance), above = ValueAt(coefficients, roots[i] + tolerance);
    const bool is_exact = ValueAt(coefficients, roots[i]) == 0;
    if (!is_exact && sgn(below) * sgn(above) >= 0) {
      return Wrong(fmt::format("{} is not a solution", Excerpt(roots[i].get_str())));
    }
    if (i > 0 && roots[i] - roots[i - 1] <= 2 * tolerance) {
      return Wrong("a solution stands twice");
    }
  }
  return roots.size() == num_roots ? Right() : Wrong(fmt::format("there are {} solutions", num_roots));
}

Finding CheckPolynomial(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  std::map<Powers, int64_t> expected;
  for (const auto& term : metadata.at("product").get<std::vector<std::array<int64_t, 4>>>()) {
    expected[{term[1], term[2], term[3]}] = term[0];
  }
  const auto found = ReadPolynomial(answer);
  if (!found) {
    return Wrong("not a sum of different terms such as 3*x^2*y, without parentheses");
  }
  return *found == expected ? Right() : Wrong("another polynomial");
}

}  // namespace cupel
