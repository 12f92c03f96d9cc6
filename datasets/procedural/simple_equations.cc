// simple_equations: one linear equation in one unknown, with a whole solution.

#include <cmath>
#include <cstdlib>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "simple_equations";
constexpr Setting kSettings[] = {
    {"max_coefficient", "largest factor of the unknown", "5|9|12|30|99", 2, 100000},
    {"max_constant", "largest constant", "20|50|99|400|2000", 2, 1000000},
    {"max_solution", "largest absolute value of the solution", "20|30|50|100|500", 5, 1000000},
    {"both_sides", "the unknown stands on both sides", "false|false|true|true|true"},
};
constexpr Setting kRgSettings[] = {
    {"min_terms", "fewest terms of the left side", "2", 1, 20},
    {"max_terms", "most terms of the left side", "4", 1, 20},
    {"min_value", "least constant", "1", 1, 1000000},
    {"max_value", "largest constant", "100", 1, 1000000},
    {"operators", "operators to draw from", R"(["+","-","*"])", 0, 0, "+|-|*"},
    {"operators_weights", "weight of each operator", "[0.4,0.4,0.2]", 0, 1},
};

// factor * unknown + constant; reasoning-gym's expressions hold the unknown once, so that products stay linear.
struct Linear {
  int64_t factor = 0;
  int64_t constant = 0;
  bool overflows = false;

  void Add(const Linear& other, int64_t sign) {
    factor += sign * other.factor;
    constant += sign * other.constant;
  }
  void Multiply(const Linear& other) {
    const Linear& number = factor == 0 ? *this : other;
    const Linear& line = factor == 0 ? other : *this;
    const int64_t by = number.constant;
    Linear result;
    result.overflows = overflows || std::abs(static_cast<double>(by) * static_cast<double>(line.factor)) > 1e15 ||
                       std::abs(static_cast<double>(by) * static_cast<double>(line.constant)) > 1e15;
    if (!result.overflows) {
      result.factor = by * line.factor;
      result.constant = by * line.constant;
    }
    *this = result;
  }
};

// The line as SymPy prints it: the unknown first, but "5 - 3*x" when only the constant is positive.
std::string LineText(const Linear& line, std::string_view unknown) {
  const int64_t size = std::abs(line.factor);
  const std::string term = size == 1 ? std::string(unknown) : fmt::format("{}*{}", size, unknown);
  if (line.factor == 0) {
    return std::to_string(line.constant);
  }
  if (line.constant == 0) {
    return (line.factor < 0 ? "-" : "") + term;
  }
  if (line.factor < 0 && line.constant > 0) {
    return fmt::format("{} - {}", line.constant, term);
  }
  return fmt::format("{}{} {} {}", line.factor < 0 ? "-" : "", term, line.constant < 0 ? '-' : '+', std::abs(line.constant));
}

Linear DrawRg(const Settings& settings, ItemRandom& random) {
  const int64_t low = settings.Int("min_value"), high = settings.Int("max_value");
  std::vector<Linear> terms(static_cast<size_t>(random.Int(settings.Int("min_terms"), settings.Int("max_terms"))));
  for (Linear& term : terms) {
    term.constant = random.Int(low, high);
  }
  const auto place = static_cast<size_t>(random.Int(0, std::ssize(terms) - 1));
  const int64_t factor = random.Int(low, high);
  const std::vector<std::string>& operators = settings.Texts("operators");
  terms[place] = {std::ranges::find(operators, "*") != operators.end() ? factor : 1, 0};
  Linear line = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) {
    const std::string& op = operators[random.WeightedIndex(settings.Reals("operators_weights"))];
    if (op == "*") {
      line.Multiply(terms[i]);
    } else {
      line.Add(terms[i], op == "+" ? 1 : -1);
    }
  }
  return line;
}

absl::Status CheckWeights(const Settings& settings) {
  double sum = 0;
  for (const double weight : settings.Reals("operators_weights")) {
    sum += weight;
  }
  if (settings.Reals("operators_weights").size() != settings.Texts("operators").size() || std::abs(sum - 1) > 0.05) {
    return InvalidArgument("simple_equations: operators_weights needs one weight for each of operators, with the sum 1");
  }
  return absl::OkStatus();
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  CUPEL_RETURN_IF_ERROR(CheckWeights(settings));
  const std::string unknown(1, static_cast<char>('a' + random.Below(26)));
  const Linear line = DrawRg(settings, random);
  const int64_t solution = random.Int(settings.Int("min_value"), settings.Int("max_value"));
  int64_t right = 0;
  if (line.overflows || __builtin_mul_overflow(line.factor, solution, &right) || __builtin_add_overflow(right, line.constant, &right)) {
    return absl::AbortedError("the equation does not fit in 64 bits; lower max_value or max_terms");
  }
  const std::string equation = fmt::format("{} = {}", LineText(line, unknown), right);
  constexpr std::string_view kTemplates[] = {"Find the value of {0} in the equation: {1}", "Solve for {0}: {1}",
                                             "Determine the value of {0} that satisfies: {1}"};
  Json metadata = BeginMetadata(kName, index);
  metadata["equation"] = equation;
  metadata["variable"] = unknown;
  metadata["difficulty"] = {{"min_terms", settings.Int("min_terms")},
                            {"max_terms", settings.Int("max_terms")},
                            {"min_value", settings.Int("min_value")},
                            {"max_value", settings.Int("max_value")},
                            {"operators_weights", settings.Reals("operators_weights")}};
  return RgItem(fmt::format(fmt::runtime(random.Choice(kTemplates)), unknown, equation), std::to_string(solution), metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  constexpr std::string_view kUnknowns = "abcdfghkmnpqrstuvwxyz";
  const std::string unknown(1, random.Choice(kUnknowns));
  const int64_t limit = settings.Int("max_solution");
  const auto sign = [&] { return random.Below(2) == 0 ? 1 : -1; };
  const int64_t solution = random.Int(-limit, limit);
  Linear left{sign() * random.Int(2, settings.Int("max_coefficient")), sign() * random.Int(1, settings.Int("max_constant"))};
  Linear right;
  if (settings.Flag("both_sides")) {
    do {
      right.factor = sign() * random.Int(1, settings.Int("max_coefficient"));
    } while (right.factor == left.factor);
  }
  right.constant = (left.factor - right.factor) * solution + left.constant;
  Json metadata = BeginMetadata(kName, index);
  metadata["variable"] = unknown;
  metadata["left"] = {left.factor, left.constant};
  metadata["right"] = {right.factor, right.constant};
  return CupelItem(settings,
                   fmt::format("Solve for {}: {} = {}. Answer with the value of {} only.", unknown, LineText(left, unknown),
                               LineText(right, unknown), unknown),
                   std::to_string(solution), std::move(metadata));
}

}  // namespace

const Family kSimpleEquationsFamily = {kName, "solve a linear equation", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
