// complex_arithmetic: one operation on two complex numbers; ours on Gaussian rationals, exactly.

#include <cmath>
#include <numeric>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "complex_arithmetic";
constexpr Setting kSettings[] = {
    {"max_part", "largest absolute value of a real or imaginary part", "5|9|12|20|40", 2, 1000},
    {"operations", "operations to draw from", R"(["+","-"]|["+","-","*"]|["+","-","*","/"]|["*","/"]|["*","/"])", 0, 0, "+|-|*|/"},
};
constexpr Setting kRgSettings[] = {
    {"min_real", "least real part", "-10", -100000, 100000},
    {"max_real", "largest real part", "10", -100000, 100000},
    {"min_imag", "least imaginary part", "-10", -100000, 100000},
    {"max_imag", "largest imaginary part", "10", -100000, 100000},
    {"operations", "operations to draw from", R"(["+","-","*","/"])", 0, 0, "+|-|*|/"},
    {"operations_weights", "weight of each operation", "[0.4,0.4,0.1,0.1]", 0, 1},
};

struct Gaussian {
  int64_t real = 0;
  int64_t imag = 0;
};

Gaussian Product(const Gaussian& a, const Gaussian& b) { return {a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real}; }

// Doubles, because a product of Python's complex numbers may have a part that is -0.0, which its text shows.
struct Complex {
  double real = 0;
  double imag = 0;
};

Complex RgProduct(const Complex& a, const Complex& b) { return {a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real}; }

// As reasoning-gym writes a number whose parts are whole: Python's floats, two decimals when a part vanishes.
std::string RgText(const Complex& z) {
  if (z.imag == 0) {
    return fmt::format("{:.2f}", z.real);
  }
  if (z.real == 0) {
    return fmt::format("{:.2f}i", z.imag);
  }
  return fmt::format("{:.1f} {} {:.1f}i", z.real, z.imag >= 0 ? '+' : '-', std::abs(z.imag));
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const std::vector<double>& weights = settings.Reals("operations_weights");
  if (weights.size() != settings.Texts("operations").size() || std::abs(std::accumulate(weights.begin(), weights.end(), -1.0)) > 0.05) {
    return InvalidArgument("complex_arithmetic: operations_weights needs one weight for each of operations, with the sum 1");
  }
  const bool can_divide =
      settings.Int("min_real") != 0 || settings.Int("max_real") != 0 || settings.Int("min_imag") != 0 || settings.Int("max_imag") != 0;
  const std::string& op = settings.Texts("operations")[random.WeightedIndex(weights)];
  const auto draw = [&] {
    const auto real = static_cast<double>(random.Int(settings.Int("min_real"), settings.Int("max_real")));
    return Complex{real, static_cast<double>(random.Int(settings.Int("min_imag"), settings.Int("max_imag")))};
  };
  Complex a = draw();
  Complex b = draw();
  Complex result = a;
  if (op == "/") {
    if (!can_divide) {
      return InvalidArgument("complex_arithmetic: all parts are 0, and nothing can be divided by 0; widen the ranges");
    }
    while (b.real == 0 && b.imag == 0) {
      b = draw();
    }
    a = RgProduct(result, b);
  } else if (op == "*") {
    result = RgProduct(a, b);
  } else {
    const double sign = op == "+" ? 1 : -1;
    result = {a.real + sign * b.real, a.imag + sign * b.imag};
  }
  const std::string_view pattern = op == "+"   ? "Add the complex numbers: ({}) + ({})"
                                   : op == "-" ? "Subtract the complex numbers: ({}) - ({})"
                                   : op == "*" ? "Multiply the complex numbers: ({}) × ({})"
                                               : "Divide the complex numbers: ({}) ÷ ({})";
  Json metadata = BeginMetadata(kName, index);
  metadata["num1"] = {a.real, a.imag};
  metadata["num2"] = {b.real, b.imag};
  metadata["operation"] = op;
  metadata["result"] = {static_cast<int64_t>(result.real), static_cast<int64_t>(result.imag)};
  metadata["difficulty"] = {{"min_real", settings.Int("min_real")},
                            {"max_real", settings.Int("max_real")},
                            {"min_imag", settings.Int("min_imag")},
                            {"max_imag", settings.Int("max_imag")},
                            {"operations_weights", weights}};
  return RgItem(fmt::format(fmt::runtime(pattern), RgText(a), RgText(b)), RgText(result), metadata);
}

std::string FractionText(int64_t a, int64_t b) {
  const int64_t common = std::gcd(a, b);
  return b == common ? std::to_string(a / common) : fmt::format("{}/{}", a / common, b / common);
}

// (real + imag i) / denominator in lowest terms, parts that vanish left out.
std::string ExactText(const Gaussian& z, int64_t denominator) {
  if (z.imag == 0) {
    return FractionText(z.real, denominator);
  }
  const std::string imag = FractionText(std::abs(z.imag), denominator) + "i";
  if (z.real == 0) {
    return (z.imag < 0 ? "-" : "") + imag;
  }
  return fmt::format("{} {} {}", FractionText(z.real, denominator), z.imag < 0 ? '-' : '+', imag);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t limit = settings.Int("max_part");
  const auto draw = [&] {
    const int64_t real = random.Int(-limit, limit);
    int64_t imag = random.Int(1, limit);
    imag = random.Below(2) == 0 ? imag : -imag;
    return Gaussian{real, imag};
  };
  const std::string op = random.Choice(settings.Texts("operations"));
  const Gaussian a = draw(), b = draw();
  const int64_t denominator = op == "/" ? b.real * b.real + b.imag * b.imag : 1;
  const int64_t sign = op == "-" ? -1 : 1;
  const Gaussian result = op == "*"   ? Product(a, b)
                          : op == "/" ? Product(a, {b.real, -b.imag})
                                      : Gaussian{a.real + sign * b.real, a.imag + sign * b.imag};
  Json metadata = BeginMetadata(kName, index);
  metadata["num1"] = {a.real, a.imag};
  metadata["num2"] = {b.real, b.imag};
  metadata["operation"] = op;
  return CupelItem(settings,
                   fmt::format("Compute ({}) {} ({}) exactly. Answer in the form a + bi; a and b may be fractions.", ExactText(a, 1), op,
                               ExactText(b, 1)),
                   ExactText(result, denominator), std::move(metadata));
}

}  // namespace

const Family kComplexArithmeticFamily = {kName, "one operation on two complex numbers", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
