// bitwise_arithmetic: sums, products and shifts of hexadecimal numbers; ours adds and, or, exclusive or in a register of stated width.

#include "datasets/procedural/integer_expression.h"
#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "bitwise_arithmetic";
constexpr Setting kSettings[] = {
    {"depth", "nesting of the expression", "1|1|2|2|3", 1, 6},
    {"width", "bits of the register", "8|16|16|32|32", 4, 32},
};
constexpr Setting kRgSettings[] = {
    {"difficulty", "nesting of the expression", "2", 1, 10},
};

std::string Hex(uint64_t value) { return fmt::format("0x{:x}", value); }

std::string RgExpression(ItemRandom& random, int64_t depth) {
  if (depth <= 0 || random.Random() < 0.01) {
    return Hex(static_cast<uint64_t>(random.Int(0x100, 0xFFFF)));
  }
  constexpr std::string_view kOperators[] = {"+", "-", "*", "<<", ">>"};
  const std::string_view op = random.Choice(kOperators);
  const std::string left = RgExpression(random, depth - 1);
  std::string right = RgExpression(random, depth - 1);
  if (op == "<<" || op == ">>") {
    right = Hex(static_cast<uint64_t>(random.Int(0, 3)));
  }
  return fmt::format("({} {} {})", left, op, right);
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const std::string problem = RgExpression(random, settings.Int("difficulty"));
  Json metadata = BeginMetadata(kName, index);
  metadata["problem"] = problem;
  metadata["difficulty"] = {{"difficulty", settings.Int("difficulty")}};
  return RgItem(
      "Please solve this problem. Assume there is arbitrary bit depth and that there are signed integers. If the answer is negative, reply "
      "as a negative value (ex., -0x3), not the two's-compliment form. Reply only with the final hexidecimal value.\n" +
          problem,
      IntegerExpression::Evaluate(problem, 16).value_or("0x0"), metadata);
}

struct Term {
  std::string text;
  uint64_t value = 0;
};

Term Draw(ItemRandom& random, int64_t depth, uint64_t mask) {
  if (depth == 0) {
    const uint64_t value = random.Below(mask + 1);
    return {Hex(value), value};
  }
  constexpr std::string_view kOperators[] = {"+", "-", "*", "&", "|", "^", "<<", ">>"};
  const std::string_view op = random.Choice(kOperators);
  const Term left = Draw(random, depth - 1, mask);
  const bool is_shift = op == "<<" || op == ">>";
  const uint64_t shift = random.Below(3) + 1;
  const Term right = is_shift ? Term{std::to_string(shift), shift} : Draw(random, depth - 1, mask);
  const uint64_t a = left.value, b = right.value;
  const uint64_t value = op == "+"    ? a + b
                         : op == "-"  ? a - b
                         : op == "*"  ? a * b
                         : op == "&"  ? a & b
                         : op == "|"  ? a | b
                         : op == "^"  ? a ^ b
                         : op == "<<" ? a << b
                                      : a >> b;
  return {fmt::format("({} {} {})", left.text, op, right.text), value & mask};
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t width = settings.Int("width");
  const Term term = Draw(random, settings.Int("depth"), (uint64_t{1} << width) - 1);
  const bool is_hex = random.Below(2) == 0;
  Json metadata = BeginMetadata(kName, index);
  metadata["problem"] = term.text;
  metadata["width"] = width;
  metadata["form"] = is_hex ? "hexadecimal" : "decimal";
  return CupelItem(
      settings,
      fmt::format("Compute {} in an unsigned register of {} bits: every result is taken modulo 2^{}; & | ^ are bitwise and, or, "
                  "exclusive or. Answer with one {} number{}.",
                  term.text, width, width, is_hex ? "hexadecimal" : "decimal", is_hex ? " that starts with 0x" : ""),
      is_hex ? Hex(term.value) : std::to_string(term.value), std::move(metadata));
}

}  // namespace

const Family kBitwiseArithmeticFamily = {
    kName, "sums, products, shifts and masks of hexadecimal numbers", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
