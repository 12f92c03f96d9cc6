// polynomial_multiplication: multiply out sparse polynomials.

#include <array>
#include <cstdlib>
#include <functional>
#include <map>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "polynomial_multiplication";
constexpr Setting kSettings[] = {
    {"factors", "number of polynomials", "2|2|2|2|3", 2, 4},
    {"terms", "most terms of each", "2|2|3|4|3", 2, 6},
    {"variables", "number of variables", "1|1|2|2|3", 1, 3},
    {"max_degree", "largest power of a variable in a factor", "1|2|2|3|3", 1, 5},
    {"max_coefficient", "largest coefficient", "9|9|9|12|20", 1, 1000},
};

using Powers = std::array<int, 3>;
using Polynomial = std::map<Powers, int64_t, std::greater<>>;

constexpr std::string_view kVariables = "xyz";

std::string Text(const Polynomial& p) {
  std::string text;
  for (const auto& [powers, coefficient] : p) {
    std::vector<std::string> factors;
    for (size_t i = 0; i < powers.size(); ++i) {
      if (powers[i] > 0) {
        factors.push_back(powers[i] == 1 ? std::string(1, kVariables[i]) : fmt::format("{}^{}", kVariables[i], powers[i]));
      }
    }
    const int64_t size = std::abs(coefficient);
    if (size != 1 || factors.empty()) {
      factors.insert(factors.begin(), std::to_string(size));
    }
    text += text.empty() ? (coefficient < 0 ? "-" : "") : coefficient < 0 ? " - " : " + ";
    text += Joined(factors, "*");
  }
  return text.empty() ? "0" : text;
}

Polynomial Product(const Polynomial& a, const Polynomial& b) {
  Polynomial product;
  for (const auto& [p, x] : a) {
    for (const auto& [q, y] : b) {
      int64_t& coefficient = product[{p[0] + q[0], p[1] + q[1], p[2] + q[2]}];
      coefficient += x * y;
    }
  }
  std::erase_if(product, [](const auto& term) { return term.second == 0; });
  return product;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  Polynomial product = {{{0, 0, 0}, 1}};
  std::vector<std::string> texts;
  for (int64_t i = 0; i < settings.Int("factors"); ++i) {
    Polynomial factor;
    for (int attempt = 0; (std::ssize(factor) < settings.Int("terms") && attempt < 20) || factor.size() < 2; ++attempt) {
      Powers powers{};
      for (size_t v = 0; v < static_cast<size_t>(settings.Int("variables")); ++v) {
        powers[v] = static_cast<int>(random.Int(0, settings.Int("max_degree")));
      }
      const int64_t size = random.Int(1, settings.Int("max_coefficient"));
      factor[powers] = random.Below(2) == 0 ? size : -size;
    }
    texts.push_back("(" + Text(factor) + ")");
    product = Product(product, factor);
  }
  Json terms = Json::array();
  for (const auto& [powers, coefficient] : product) {
    terms.push_back({coefficient, powers[0], powers[1], powers[2]});
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["factors"] = texts;
  metadata["product"] = std::move(terms);
  return CupelItem(
      settings,
      fmt::format("Multiply out {}. Answer with a sum of terms such as 3*x^2*y, each product of powers once.", Joined(texts, " * ")),
      Text(product), std::move(metadata));
}

}  // namespace

const Family kPolynomialMultiplicationFamily = {kName, "multiply out polynomials", kSettings, Generate};

}  // namespace cupel
