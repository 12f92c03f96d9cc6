// Worked problems about whole numbers: divisors, multiples, primes, bases, linear equations. Every line is one operation.

#include <cstdlib>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "datasets/digits.h"
#include "datasets/traces/pen.h"

namespace cupel {
namespace {

constexpr int64_t kMaxNumber = 1'000'000'000'000;

std::optional<int64_t> ReadNumber(const Json& problem, const char* key, int64_t low) {
  const auto value = problem.find(key);
  if (value == problem.end() || !value->is_number_integer()) {
    return std::nullopt;
  }
  const auto number = value->get<int64_t>();
  return number >= low && number <= kMaxNumber ? std::optional(number) : std::nullopt;
}

// At least `least` numbers from 1.
std::optional<std::vector<int64_t>> ReadNumbers(const Json& problem, const char* key, size_t least) {
  const auto list = problem.find(key);
  if (list == problem.end() || !list->is_array() || list->size() < least || list->size() > 64) {
    return std::nullopt;
  }
  std::vector<int64_t> numbers;
  for (const Json& item : *list) {
    if (!item.is_number_integer() || item.get<int64_t>() < 1 || item.get<int64_t>() > kMaxNumber) {
      return std::nullopt;
    }
    numbers.push_back(item.get<int64_t>());
  }
  return numbers;
}

std::string_view Check(const TracePen& pen) { return pen.Say("check:", "To check,", "Let me verify:"); }

// Euclid's algorithm, a division with remainder a line.
int64_t Euclid(TracePen& pen, int64_t a, int64_t b) {
  while (b != 0) {
    pen.Line(fmt::format("{} = {}*{} + {}", a, a / b, b, pen.Claim(fmt::format("{}-{}", a, a / b * b), a % b)));
    a = std::exchange(b, a % b);
  }
  return a;
}

void CheckDivides(TracePen& pen, const std::vector<int64_t>& numbers, int64_t divisor) {
  if (pen.checks()) {
    std::vector<std::string> facts;
    for (const int64_t number : numbers) {
      facts.push_back(fmt::format("{}={}*{}", number, number / divisor, divisor));
    }
    pen.Line(fmt::format("{} {}", Check(pen), fmt::join(facts, ", ")));
  }
}

// "3*x + 5"; the factor may be 0.
std::string Line(const std::vector<int64_t>& line, const std::string& unknown) {
  return line[0] == 0 ? fmt::format("{}", line[1])
                      : fmt::format("{}*{} {} {}", line[0], unknown, line[1] < 0 ? '-' : '+', std::abs(line[1]));
}

std::optional<std::vector<int64_t>> ReadLine(const Json& problem, const char* key) {
  const auto list = problem.find(key);
  if (list == problem.end() || !list->is_array() || list->size() != 2) {
    return std::nullopt;
  }
  std::vector<int64_t> line;
  for (const Json& item : *list) {
    if (!item.is_number_integer() || std::abs(item.get<double>()) > 1e9) {
      return std::nullopt;
    }
    line.push_back(item.get<int64_t>());
  }
  return line;
}

}  // namespace

std::optional<std::string> TraceGcd(const Json& problem, const std::string& /*gold*/, TracePen& pen) {
  const auto numbers = ReadNumbers(problem, "numbers", 2);
  if (!numbers) {
    return std::nullopt;
  }
  int64_t divisor = numbers->front();
  for (size_t i = 1; i < numbers->size(); ++i) {
    const int64_t number = (*numbers)[i];
    divisor = Euclid(pen, std::max(divisor, number), std::min(divisor, number));
  }
  CheckDivides(pen, *numbers, divisor);
  return fmt::format("{}", divisor);
}

std::optional<std::string> TraceLcm(const Json& problem, const std::string& /*gold*/, TracePen& pen) {
  const auto numbers = ReadNumbers(problem, "numbers", 2);
  if (!numbers) {
    return std::nullopt;
  }
  int64_t multiple = numbers->front();
  for (size_t i = 1; i < numbers->size(); ++i) {
    const int64_t number = (*numbers)[i];
    const int64_t divisor = Euclid(pen, std::max(multiple, number), std::min(multiple, number));
    int64_t next = 0;
    if (__builtin_mul_overflow(multiple, number / divisor, &next) || next > kMaxNumber) {
      return std::nullopt;
    }
    pen.Line(
        fmt::format("{}/{}={}, {}", number, divisor, number / divisor, pen.Claim(fmt::format("{}*{}", multiple, number / divisor), next)));
    multiple = next;
  }
  if (pen.checks()) {
    std::vector<std::string> facts;
    for (const int64_t number : *numbers) {
      facts.push_back(fmt::format("{}/{}={}", multiple, number, multiple / number));
    }
    pen.Line(fmt::format("{} {}", Check(pen), fmt::join(facts, ", ")));
  }
  return fmt::format("{}", multiple);
}

std::optional<std::string> TraceFraction(const Json& problem, const std::string& gold, TracePen& pen) {
  const auto top = ReadNumber(problem, "numerator", 1), bottom = ReadNumber(problem, "denominator", 1);
  if (!top || !bottom) {
    return std::nullopt;
  }
  const int64_t divisor = Euclid(pen, std::max(*top, *bottom), std::min(*top, *bottom));
  const std::string upper = pen.Claim(fmt::format("{}/{}", *top, divisor), *top / divisor);
  const std::string lower = pen.Claim(fmt::format("{}/{}", *bottom, divisor), *bottom / divisor);
  pen.Line(fmt::format("{} {}, {}", pen.Say("divide:", "Dividing both,", "Both are divided by it:"), upper, lower));
  if (pen.checks()) {
    pen.Line(fmt::format("{} gcd({},{})={}", Check(pen), *top / divisor, *bottom / divisor, std::gcd(*top / divisor, *bottom / divisor)));
  }
  return gold;
}

std::optional<std::string> TracePrimeFactorization(const Json& problem, const std::string& /*gold*/, TracePen& pen) {
  const auto number = ReadNumber(problem, "number", 2);
  if (!number) {
    return std::nullopt;
  }
  constexpr int64_t kLargestDivisor = 100'000;
  std::vector<int64_t> primes;
  int64_t rest = *number;
  for (int64_t divisor = 2; divisor * divisor <= rest && divisor <= kLargestDivisor; divisor += divisor == 2 ? 1 : 2) {
    while (rest % divisor == 0) {
      pen.Line(pen.Claim(fmt::format("{}/{}", rest, divisor), rest / divisor));
      primes.push_back(divisor);
      rest /= divisor;
    }
  }
  if (rest > 1) {
    pen.Line(fmt::format("{} {}", rest, pen.Say("prime", "is prime", "has no smaller divisor, so it is prime")));
    primes.push_back(rest);
  }
  if (pen.checks()) {
    pen.Line(fmt::format("{} {}={}", Check(pen), fmt::join(primes, "*"), *number));
  }
  return fmt::format("{}", fmt::join(primes, " * "));
}

std::optional<std::string> TraceBaseConversion(const Json& problem, const std::string& gold, TracePen& pen) {
  const auto value = ReadNumber(problem, "decimal_value", 0), from = ReadNumber(problem, "source_base", 2),
             to = ReadNumber(problem, "target_base", 2);
  if (!value || !from || !to || *from > 36 || *to > 36) {
    return std::nullopt;
  }
  if (*from != 10) {
    int64_t so_far = 0;
    for (const char c : DigitsInBase(*value, *from)) {
      const int64_t digit = c <= '9' ? c - '0' : c - 'a' + 10;
      pen.Line(pen.Claim(fmt::format("{}*{}+{}", so_far, *from, digit), so_far * *from + digit));
      so_far = so_far * *from + digit;
    }
  }
  for (int64_t rest = *value; *to != 10 && rest > 0; rest /= *to) {
    pen.Line(fmt::format("{} {} {}", pen.Claim(fmt::format("{}/{}", rest, *to), rest / *to), pen.Say("r", "remainder", "with remainder"),
                         DigitsInBase(rest % *to, *to)));
  }
  if (*to != 10) {
    pen.Line(fmt::format("{} {}", pen.Say("upwards:", "read upwards:", "The remainders read from the last to the first:"),
                         DigitsInBase(*value, *to)));
  }
  return gold;
}

std::optional<std::string> TraceSimpleEquation(const Json& problem, const std::string& /*gold*/, TracePen& pen) {
  const auto left = ReadLine(problem, "left"), right = ReadLine(problem, "right");
  const auto name = problem.find("variable");
  if (!left || !right || name == problem.end() || !name->is_string()) {
    return std::nullopt;
  }
  const auto unknown = name->get<std::string>();
  const int64_t factor = (*left)[0] - (*right)[0], constant = (*right)[1] - (*left)[1];
  if (factor == 0 || constant % factor != 0) {
    return std::nullopt;
  }
  pen.Line(fmt::format("{} = {}", Line(*left, unknown), Line(*right, unknown)));
  if ((*right)[0] != 0) {
    pen.Line(fmt::format("{} {}", pen.Say("factors:", "Collect the factors:", "First the unknown on one side:"),
                         pen.Claim(fmt::format("{}-({})", (*left)[0], (*right)[0]), factor)));
  }
  pen.Line(fmt::format("{} {}", pen.Say("constants:", "Collect the constants:", "Then the numbers on the other:"),
                       pen.Claim(fmt::format("{}-({})", (*right)[1], (*left)[1]), constant)));
  const int64_t solution = constant / factor;
  pen.Line(fmt::format("{} = {}", unknown, pen.Claim(fmt::format("{}/({})", constant, factor), solution)));
  if (pen.checks()) {
    pen.Line(fmt::format("{} {}*({})+({})={}", Check(pen), (*left)[0], solution, (*left)[1], (*left)[0] * solution + (*left)[1]));
  }
  return fmt::format("{}", solution);
}

}  // namespace cupel
