// fraction_simplification: bring a fraction to lowest terms.

#include <numeric>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "fraction_simplification";
constexpr Setting kSettings[] = {
    {"max_value", "largest numerator and denominator of the reduced fraction", "12|30|100|400|2000", 2, 1000000},
    {"max_factor", "largest common factor", "9|20|50|200|1000", 2, 1000000},
};
constexpr Setting kRgSettings[] = {
    {"min_value", "least numerator and denominator of the reduced fraction", "1", 1, 1e9},
    {"max_value", "largest of them", "1000", 1, 1e9},
    {"min_factor", "least common factor", "1", 1, 1e9},
    {"max_factor", "largest common factor", "100", 1, 1e9},
    {"styles", "how fractions are written", R"(["plain","latex_inline","latex_frac","latex_dfrac"])", 0, 0,
     "plain|latex_inline|latex_frac|latex_dfrac"},
};

struct Fraction {
  int64_t numerator = 0;
  int64_t denominator = 0;
  int64_t factor = 0;
};

Fraction DrawRg(const Settings& settings, ItemRandom& random) {
  const int64_t low = settings.Int("min_value"), high = settings.Int("max_value");
  Fraction fraction;
  for (int attempt = 0; attempt < 11; ++attempt) {
    int64_t a = random.Int(low, high);
    int64_t b = random.Int(low, high);
    const int64_t common = attempt < 10 ? std::gcd(a, b) : 1;  // the last attempt is taken as it is
    a /= common;
    b /= common;
    if (a < low || b < low) {
      continue;
    }
    fraction.numerator = std::min(a, b);
    fraction.denominator = std::max(a, b);
    break;
  }
  fraction.factor = random.Int(settings.Int("min_factor"), settings.Int("max_factor"));
  return fraction;
}

std::string Styled(int64_t a, int64_t b, std::string_view style) {
  if (style == "plain") {
    return fmt::format("{}/{}", a, b);
  }
  if (style == "latex_inline") {
    return fmt::format("${}/{}$", a, b);
  }
  return fmt::format("$\\{}{{{}}}{{{}}}$", style.substr(6), a, b);
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const Fraction f = DrawRg(settings, random);
  const std::vector<std::string>& styles = settings.Texts("styles");
  const std::string& style = styles[static_cast<size_t>(random.Int(0, std::ssize(styles) - 1))];
  Json metadata = BeginMetadata(kName, index);
  metadata["numerator"] = f.numerator * f.factor;
  metadata["denominator"] = f.denominator * f.factor;
  metadata["simplified_numerator"] = f.numerator;
  metadata["simplified_denominator"] = f.denominator;
  metadata["reduction_factor"] = f.factor;
  metadata["style"] = style;
  metadata["factor"] = f.factor;
  metadata["difficulty"] = {{"value", RangeOf(settings, "value")}, {"factor", RangeOf(settings, "factor")}};
  return RgItem(fmt::format("Simplify the fraction {} to its lowest terms. Give only the simplified fraction as your final answer.",
                            Styled(f.numerator * f.factor, f.denominator * f.factor, style)),
                Styled(f.numerator, f.denominator, style), metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t high = settings.Int("max_value");
  int64_t a = 0;
  int64_t b = 0;
  do {
    a = random.Int(1, high);
    b = random.Int(2, high);
  } while (std::gcd(a, b) != 1);
  const int64_t factor = random.Int(2, settings.Int("max_factor"));
  Json metadata = BeginMetadata(kName, index);
  metadata["numerator"] = a * factor;
  metadata["denominator"] = b * factor;
  return CupelItem(settings, fmt::format("Write {}/{} in lowest terms, as a/b.", a * factor, b * factor), fmt::format("{}/{}", a, b),
                   std::move(metadata));
}

}  // namespace

const Family kFractionSimplificationFamily = {kName, "bring a fraction to lowest terms", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
