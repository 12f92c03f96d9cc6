// decimal_arithmetic: expressions over decimals. The rg variant computes as Python's decimal module does with so many significant digits
// (the General Decimal Arithmetic specification, rounding half to even); ours has no division, so that the exact value is asked.

#include <gmpxx.h>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "decimal_arithmetic";
constexpr Setting kSettings[] = {
    {"min_terms", "fewest numbers", "2|2|3|3|4", 2, 12},
    {"max_terms", "most numbers", "2|3|4|5|6", 2, 12},
    {"min_num_decimal_places", "fewest decimal places of a number", "1|1|2|2|2", 1, 9},
    {"max_num_decimal_places", "most decimal places of a number", "1|2|2|3|4", 1, 9},
    {"operators", "operators to draw from", R"(["+","-"]|["+","-","*"]|["+","-","*"]|["+","-","*"]|["+","-","*"])", 0, 0, "+|-|*"},
};
constexpr Setting kRgSettings[] = {
    {"min_num_decimal_places", "fewest decimal places of a number", "3", 0, 14},
    {"max_num_decimal_places", "most decimal places of a number", "3", 0, 14},
    {"min_terms", "fewest numbers", "2", 1, 40},
    {"max_terms", "most numbers", "6", 1, 40},
    {"precision", "significant digits", "12", 2, 60},
};

// coefficient * 10^exponent
struct Decimal {
  mpz_class coefficient;
  int64_t exponent = 0;
};

mpz_class PowerOfTen(int64_t exponent) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(exponent));
  return power;
}

int64_t NumDigits(const mpz_class& value) { return std::ssize(mpz_class(abs(value)).get_str()); }

// Arithmetic with `precision` digits; 0: exact, which division never is.
class DecimalContext {
 public:
  explicit DecimalContext(int64_t precision) : precision_(precision) {}

  Decimal Add(const Decimal& a, const Decimal& b) const {
    const int64_t exponent = std::min(a.exponent, b.exponent);
    return Rounded({a.coefficient * PowerOfTen(a.exponent - exponent) + b.coefficient * PowerOfTen(b.exponent - exponent), exponent});
  }

  Decimal Multiply(const Decimal& a, const Decimal& b) const { return Rounded({a.coefficient * b.coefficient, a.exponent + b.exponent}); }

  // The divisor is not 0.
  Decimal Divide(const Decimal& a, const Decimal& b) const {
    const int64_t ideal = a.exponent - b.exponent;
    if (a.coefficient == 0) {
      return {0, ideal};
    }
    const int64_t shift = NumDigits(b.coefficient) - NumDigits(a.coefficient) + precision_ + 1;
    Decimal result{0, ideal - shift};
    const mpz_class numerator = a.coefficient * PowerOfTen(std::max<int64_t>(shift, 0));
    const mpz_class denominator = b.coefficient * PowerOfTen(std::max<int64_t>(-shift, 0));
    result.coefficient = numerator / denominator;
    if (numerator % denominator != 0) {
      if (result.coefficient % 5 == 0) {
        result.coefficient += sgn(numerator) * sgn(denominator);
      }
    } else {
      while (result.exponent < ideal && result.coefficient % 10 == 0) {
        result.coefficient /= 10;
        ++result.exponent;
      }
    }
    return Rounded(std::move(result));
  }

 private:
  Decimal Rounded(Decimal value) const {
    const int64_t surplus = precision_ == 0 ? 0 : NumDigits(value.coefficient) - precision_;
    if (surplus <= 0) {
      return value;
    }
    const mpz_class unit = PowerOfTen(surplus);
    const int sign = sgn(value.coefficient);
    const mpz_class twice_rest = 2 * (abs(value.coefficient) % unit);
    value.coefficient /= unit;
    if (twice_rest > unit || (twice_rest == unit && value.coefficient % 2 != 0)) {
      value.coefficient += sign;
    }
    value.exponent += surplus;
    return Rounded(std::move(value));
  }

  int64_t precision_;
};

// str(Decimal)
std::string DecimalText(const Decimal& value) {
  const std::string digits = mpz_class(abs(value.coefficient)).get_str();
  const int64_t left = value.exponent + std::ssize(digits);
  const bool is_plain = value.exponent <= 0 && left > -6;
  const int64_t point = is_plain ? left : 1;
  std::string text;
  if (point <= 0) {
    text = "0." + std::string(static_cast<size_t>(-point), '0') + digits;
  } else if (point >= std::ssize(digits)) {
    text = digits + std::string(static_cast<size_t>(point - std::ssize(digits)), '0');
  } else {
    text = digits.substr(0, static_cast<size_t>(point)) + "." + digits.substr(static_cast<size_t>(point));
  }
  if (left != point) {
    text += fmt::format("E{:+}", left - point);
  }
  return (value.coefficient < 0 ? "-" : "") + text;
}

struct Operand {
  std::string text;
  Decimal value;
};

// raw / 10^places, written with that many places; its value is what Python reads from it through a float: without trailing zeros, but with
// one decimal place left.
Operand MakeOperand(int64_t raw, int64_t places) {
  Operand operand;
  std::string digits = std::to_string(raw);
  digits.insert(0, digits.size() <= static_cast<size_t>(places) ? static_cast<size_t>(places) + 1 - digits.size() : 0, '0');
  operand.text = digits.substr(0, digits.size() - static_cast<size_t>(places));
  if (places > 0) {
    operand.text += "." + digits.substr(digits.size() - static_cast<size_t>(places));
  }
  operand.value = {raw, -places};
  while (operand.value.exponent < -1 && operand.value.coefficient % 10 == 0) {
    operand.value.coefficient /= 10;
    ++operand.value.exponent;
  }
  return operand;
}

// A subtree of the expression: its text as printed. The value is found from the text, because groups without parentheses regroup.
std::string Grouped(std::span<const Operand> operands, std::span<const char> operators, ItemRandom& random) {
  if (operands.size() == 1) {
    return operands[0].text;
  }
  const size_t split = static_cast<size_t>(random.Int(1, std::ssize(operands) - 1));
  const std::string left = Grouped(operands.first(split), operators.first(split - 1), random);
  const std::string right = Grouped(operands.subspan(split), operators.subspan(split), random);
  std::string text = left + operators[split - 1] + right;
  return random.Below(2) == 0 ? "(" + text + ")" : text;
}

// Reads the printed expression with the usual precedence; the operands come in the order in which they stand there.
class Evaluator {
 public:
  Evaluator(std::string_view text, std::span<const Operand> operands, const DecimalContext& context)
      : text_(text), operands_(operands), context_(context) {}

  Decimal Sum() {
    Decimal left = Product();
    while (!text_.empty() && (text_[0] == '+' || text_[0] == '-')) {
      const bool is_sum = Take() == '+';
      Decimal right = Product();
      right.coefficient = is_sum ? right.coefficient : mpz_class(-right.coefficient);
      left = context_.Add(left, right);
    }
    return left;
  }
  bool divided_by_zero() const { return divided_by_zero_; }

 private:
  Decimal Product() {
    Decimal left = Atom();
    while (!text_.empty() && (text_[0] == '*' || text_[0] == '/')) {
      const bool is_product = Take() == '*';
      const Decimal right = Atom();
      if (!is_product && right.coefficient == 0) {
        divided_by_zero_ = true;
      } else {
        left = is_product ? context_.Multiply(left, right) : context_.Divide(left, right);
      }
    }
    return left;
  }

  Decimal Atom() {
    if (text_[0] == '(') {
      Take();
      Decimal value = Sum();
      Take();
      return value;
    }
    const Operand& operand = operands_[next_++];
    text_.remove_prefix(operand.text.size());
    return operand.value;
  }

  char Take() {
    const char c = text_[0];
    text_.remove_prefix(1);
    return c;
  }

  std::string_view text_;
  std::span<const Operand> operands_;
  const DecimalContext& context_;
  size_t next_ = 0;
  bool divided_by_zero_ = false;
};

struct Problem {
  int64_t num_terms = 0;
  int64_t places = 1;
  std::string expression;
  Decimal value;
};

absl::StatusOr<Problem> Draw(const Settings& settings, std::string_view operators, int64_t precision, ItemRandom& random) {
  Problem problem;
  problem.num_terms = random.Int(settings.Int("min_terms"), settings.Int("max_terms"));
  std::vector<Operand> operands;
  std::vector<char> drawn;
  for (int64_t i = 0; i < problem.num_terms; ++i) {
    const int64_t places = random.Int(settings.Int("min_num_decimal_places"), settings.Int("max_num_decimal_places"));
    problem.places = std::max(problem.places, places);
    operands.push_back(MakeOperand(random.Int(1, 10 * PowerOfTen(places).get_si()), places));
    if (i + 1 < problem.num_terms) {
      drawn.push_back(random.Choice(operators));
    }
  }
  problem.expression = Grouped(operands, drawn, random);
  const DecimalContext context(precision);
  Evaluator evaluator(problem.expression, operands, context);
  problem.value = evaluator.Sum();
  if (evaluator.divided_by_zero()) {
    return absl::AbortedError("reasoning-gym has no such item: its expression divides by zero");
  }
  return problem;
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t precision = settings.Int("precision");
  if (precision <= settings.Int("max_num_decimal_places") + 1) {
    return InvalidArgument("decimal_arithmetic: precision is {}; expected at least max_num_decimal_places + 2", precision);
  }
  CUPEL_ASSIGN_OR_RETURN(const Problem problem, Draw(settings, "+-*/", precision, random));
  Json metadata = BeginMetadata(kName, index);
  metadata["decimal_places"] = problem.places;
  metadata["num_terms"] = problem.num_terms;
  metadata["difficulty"] = {{"decimal_places", RangeOf(settings, "num_decimal_places")}, {"num_terms", RangeOf(settings, "terms")}};
  return RgItem(fmt::format("Please solve this problem to a maximum of {} significant digits, rounding up from the half. Only reply with "
                            "the final value.\n{} = ?",
                            precision, problem.expression),
                DecimalText(problem.value), metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  CUPEL_ASSIGN_OR_RETURN(const Problem problem, Draw(settings, Joined(settings.Texts("operators"), ""), 0, random));
  Json metadata = BeginMetadata(kName, index);
  metadata["expression"] = problem.expression;
  Decimal value = problem.value;
  while (value.exponent < 0 && value.coefficient % 10 == 0) {
    value.coefficient /= 10;
    ++value.exponent;
  }
  std::string answer = mpz_class(abs(value.coefficient)).get_str();
  const auto places = static_cast<size_t>(-value.exponent);
  if (places > 0) {
    answer.insert(0, answer.size() <= places ? places + 1 - answer.size() : 0, '0');
    answer.insert(answer.size() - places, ".");
  }
  return CupelItem(settings, fmt::format("Compute {} exactly. Answer with one decimal number.", problem.expression),
                   (value.coefficient < 0 ? "-" : "") + answer, std::move(metadata));
}

}  // namespace

const Family kDecimalArithmeticFamily = {kName, "evaluate an expression over decimals", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
