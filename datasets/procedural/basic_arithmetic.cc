// basic_arithmetic: nested sums, differences, products and exact quotients of whole numbers.

#include <cstdlib>
#include <numeric>
#include <optional>
#include <tuple>

#include "datasets/procedural/divisors.h"
#include "datasets/procedural/integer_expression.h"
#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "basic_arithmetic";
constexpr Setting kSettings[] = {
    {"min_terms", "fewest numbers", "2|3|3|4|5", 2, 12},
    {"max_terms", "most numbers", "3|4|5|7|9", 2, 12},
    {"max_value", "largest number drawn", "30|40|60|100|999", 10, 99999},
    {"operators", "operators to draw from", R"(["+","-","*","/"])", 0, 0, "+|-|*|/"},
};
constexpr Setting kRgSettings[] = {
    {"min_terms", "fewest numbers", "2", 1, 40},
    {"max_terms", "most numbers", "6", 1, 40},
    {"min_digits", "fewest digits of a number", "1", 1, 17},
    {"max_digits", "most digits of a number", "4", 1, 17},
    {"operators", "operators to draw from", R"(["+","-","*","/"])", 0, 0, "+|-|*|/"},
    {"allow_parentheses", "nested expressions", "true"},
    {"allow_negation", "a parenthesis may be negated", "true"},
    {"format_style", "wording of the question", "\"simple\"", 0, 0, "simple|natural"},
    {"whitespace", "blanks between the parts", "\"single\"", 0, 0, "no_space|single|random"},
};

constexpr int64_t kLeastValue = 10;                 // of the cupel variant
constexpr int64_t kMaxDividend = int64_t{1} << 62;  // reasoning-gym tries divisors up to its root: more than 10 minutes there

// Divisors of gcd(a, b), not both 0, in the order in which trial division finds them, each with its partner.
std::vector<int64_t> CommonDivisors(int64_t a, int64_t b) { return DivisorsInPairs(std::gcd(a, b)); }

// reasoning-gym's nested expressions. `failed` is set where its generator raises.
class RgExpression {
 public:
  RgExpression(const Settings& settings, ItemRandom& random, int64_t num_digits) : settings_(settings), random_(random) {
    for (int64_t i = 0; i < num_digits; ++i) {
      limit_ *= 10;
    }
    for (const std::string& op : settings.Texts("operators")) {
      if (op != "/") {
        simple_operators_.push_back(op);
      }
    }
  }

  using Parts = std::vector<std::string>;

  Parts Terms(int64_t remaining) {
    const int64_t num_left = random_.Int(1, remaining);
    const int64_t num_right = remaining - num_left;
    Parts parts = Left(num_left);
    if (num_right == 0 || failed_) {
      return parts;
    }
    const std::string op = random_.Choice(settings_.Texts("operators"));
    const std::optional<int64_t> dividend =
        op == "/" ? IntegerExpression::EvaluateSmall(parts.back() == ")" ? Joined(parts, "") : parts.back()) : 0;
    failed_ = failed_ || !dividend || std::abs(*dividend) > kMaxDividend;
    parts.push_back(op);
    if (failed_) {
      return parts;
    }
    const Parts right = op != "/" ? Terms(num_right) : Divisor(*dividend, num_right);
    parts.insert(parts.end(), right.begin(), right.end());
    return parts;
  }

  bool failed() const { return failed_; }

 private:
  Parts Left(int64_t count) {
    Parts parts;
    if (count > 1 && random_.Random() > 0.5) {
      parts.emplace_back(random_.Random() > 0.5 && settings_.Flag("allow_negation") ? "-(" : "(");
      const Parts inner = Terms(count);
      parts.insert(parts.end(), inner.begin(), inner.end());
      parts.emplace_back(")");
      return parts;
    }
    for (int64_t i = 0; i < count; ++i) {
      parts.push_back(std::to_string(random_.Int(1 - limit_, limit_ - 1)));
      if (i + 1 < count) {
        failed_ = failed_ || simple_operators_.empty();
        parts.push_back(failed_ ? "+" : random_.Choice(simple_operators_));
      }
    }
    return parts;
  }

  // What follows the division sign: a divisor of the dividend, or an expression made into one.
  Parts Divisor(int64_t dividend, int64_t count) {
    if (count == 1) {
      return {std::to_string(SimpleDivisor(dividend))};
    }
    Parts right = Terms(count - 1);
    if (failed_ || right.back() != ")") {
      right.insert(right.begin(), {failed_ ? "1" : std::to_string(SimpleDivisor(dividend)), "+"});
      return right;
    }
    const std::optional<int64_t> value = IntegerExpression::EvaluateSmall(Joined(right, ""));
    if (!value || std::abs(*value) > kMaxDividend) {
      failed_ = true;
      return right;
    }
    const int64_t correction = *value == 0 ? 1 : random_.Choice(Kept(CommonDivisors(dividend, *value))) - *value;
    right.pop_back();
    right.insert(right.end(), {"+", std::to_string(correction), ")"});
    return right;
  }

  int64_t SimpleDivisor(int64_t dividend) {
    return dividend != 0 ? random_.Choice(Kept(CommonDivisors(dividend, 0))) : random_.Int(1, limit_ - 1);
  }

  std::vector<int64_t>& Kept(std::vector<int64_t> values) {
    kept_ = std::move(values);
    return kept_;
  }

  const Settings& settings_;
  ItemRandom& random_;
  int64_t limit_ = 1;
  bool failed_ = false;
  std::vector<std::string> simple_operators_;
  std::vector<int64_t> kept_;
};

std::string SpacedRandomly(const std::vector<std::string>& parts, ItemRandom& random) {
  std::string text;
  for (const std::string& part : parts) {
    text += random.Chance(0.15) ? " " : "";
    text += part;
  }
  const size_t begin = text.find_first_not_of(' ');
  return text.substr(begin);
}

struct Problem {
  std::string expression;
  std::string value;
};

absl::StatusOr<Problem> NestedProblem(const Settings& settings, ItemRandom& random, int64_t num_terms, int64_t num_digits) {
  RgExpression generator(settings, random, num_digits);
  const std::vector<std::string> parts = generator.Terms(num_terms);
  if (generator.failed()) {
    return absl::AbortedError("reasoning-gym has no such item: its generator raises, or divides numbers too large to be factored");
  }
  const std::string& style = settings.Text("whitespace");
  Problem problem;
  problem.expression = style == "no_space" ? Joined(parts, "") : style == "single" ? Joined(parts, " ") : SpacedRandomly(parts, random);
  problem.expression = ReplaceAll(problem.expression, "/ 0", "/ 1");
  const std::optional<std::string> value = IntegerExpression::Evaluate(problem.expression);
  if (!value) {
    return absl::AbortedError("reasoning-gym has no such item: its expression divides by zero");
  }
  problem.value = *value;
  return problem;
}

// Operators from left to right, as reasoning-gym reads an expression without parentheses.
absl::StatusOr<Problem> FlatProblem(const Settings& settings, ItemRandom& random, int64_t num_terms, int64_t num_digits) {
  int64_t limit = 1;
  for (int64_t i = 0; i < num_digits; ++i) {
    limit *= 10;
  }
  if (limit > 10'000'000) {
    return absl::AbortedError("quotients of numbers with more than 7 digits take too long without parentheses; lower max_digits");
  }
  std::vector<int64_t> constants;
  for (int64_t i = 0; i < num_terms; ++i) {
    constants.push_back(random.Int(0, limit));
  }
  std::vector<std::string> operators;
  for (int64_t i = 1; i < num_terms; ++i) {
    operators.push_back(random.Choice(settings.Texts("operators")));
  }
  int64_t value = constants[0];
  std::string expression = std::to_string(value);
  for (size_t i = 0; i < operators.size(); ++i) {
    int64_t c = constants[i + 1];
    bool overflows = false;
    if (operators[i] == "+") {
      overflows = __builtin_add_overflow(value, c, &value);
    } else if (operators[i] == "-") {
      overflows = __builtin_sub_overflow(value, c, &value);
    } else {
      std::vector<int64_t> divisors;
      for (int64_t d = 2; operators[i] == "/" && d < std::min(std::abs(value), limit); ++d) {
        if (value % d == 0) {
          divisors.push_back(d);
        }
      }
      if (!divisors.empty()) {
        c = random.Choice(divisors);
        value /= c;
      } else {
        c = operators[i] == "/" ? random.Int(1, limit - 1) : c;
        overflows = __builtin_mul_overflow(value, c, &value);
      }
    }
    if (overflows) {
      return absl::AbortedError("the value does not fit in 64 bits; lower max_terms or max_digits");
    }
    // As in reasoning-gym: the number and the operator are printed as drawn, even where the quotient took another.
    expression += fmt::format(" {} {}", operators[i], constants[i + 1]);
  }
  return Problem{expression, std::to_string(value)};
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t num_terms = random.Int(settings.Int("min_terms"), settings.Int("max_terms"));
  const int64_t num_digits = random.Int(settings.Int("min_digits"), settings.Int("max_digits"));
  CUPEL_ASSIGN_OR_RETURN(const Problem problem, settings.Flag("allow_parentheses") ? NestedProblem(settings, random, num_terms, num_digits)
                                                                                   : FlatProblem(settings, random, num_terms, num_digits));
  std::string question = fmt::format("Calculate {}.", problem.expression);
  if (settings.Text("format_style") == "natural") {
    constexpr std::string_view kTemplates[] = {"What is {0}?", "Solve {0}.", "Compute {0}.", "Evaluate: {0}."};
    question = ReplaceAll(std::string(random.Choice(kTemplates)), "{0}", problem.expression);
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["expression"] = problem.expression;
  metadata["num_terms"] = num_terms;
  metadata["num_digits"] = num_digits;
  metadata["difficulty"] = {{"num_terms", RangeOf(settings, "terms")}, {"num_digits", RangeOf(settings, "digits")}};
  return RgItem(std::move(question), problem.value, metadata);
}

// Our own: a random tree whose quotients are exact, because a divisor is drawn among those of the dividend.
class Tree {
 public:
  Tree(const Settings& settings, ItemRandom& random) : settings_(settings), random_(random) {}

  // The text and value of an expression of `terms` numbers; a compound one in parentheses unless it is the whole.
  std::pair<std::string, int64_t> Draw(int64_t terms, bool is_whole) {
    if (terms == 1) {
      const int64_t value = random_.Int(1, settings_.Int("max_value"));
      return {std::to_string(value), value};
    }
    const int64_t split = random_.Int(1, terms - 1);
    const auto [left, a] = Draw(split, false);
    std::string op = random_.Choice(settings_.Texts("operators"));
    if (op == "/" && (a == 0 || std::abs(a) > kMaxDividend)) {
      op = "*";
    }
    auto [right, b] = op == "/" ? std::pair(std::string(), int64_t{0}) : Draw(terms - split, false);
    if (op == "/") {
      const std::vector<int64_t> divisors = CommonDivisors(a, 0);
      b = random_.Choice(divisors);
      right = std::to_string(b);
    }
    int64_t value = a;
    const bool overflows = op == "+"   ? __builtin_add_overflow(a, b, &value)
                           : op == "-" ? __builtin_sub_overflow(a, b, &value)
                           : op == "*" ? __builtin_mul_overflow(a, b, &value)
                                       : false;
    failed_ = failed_ || overflows;
    value = op == "/" ? a / b : value;
    const std::string text = left + " " + op + " " + right;
    return {is_whole ? text : "(" + text + ")", value};
  }

  bool failed() const { return failed_; }

 private:
  const Settings& settings_;
  ItemRandom& random_;
  bool failed_ = false;
};

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t terms = random.Int(settings.Int("min_terms"), settings.Int("max_terms"));
  std::string expression;
  int64_t value = 0;
  bool is_found = false;
  // Small values are common, and a policy could live on them.
  for (int attempt = 0; attempt < 200 && !is_found; ++attempt) {
    Tree tree(settings, random);
    std::tie(expression, value) = tree.Draw(terms, true);
    is_found = !tree.failed() && std::abs(value) >= kLeastValue;
  }
  if (!is_found) {
    return InvalidArgument("basic_arithmetic: no expression has a value of at least {} that fits in 64 bits; change max_value or max_terms",
                           kLeastValue);
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["expression"] = expression;
  return CupelItem(settings, fmt::format("Compute {}. Answer with one whole number.", expression), std::to_string(value),
                   std::move(metadata));
}

}  // namespace

const Family kBasicArithmeticFamily = {kName, "evaluate a nested expression", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
