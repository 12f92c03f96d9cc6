// polynomial_equations: all real roots of a polynomial, each once, whatever its multiplicity.

#include <cmath>
#include <set>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "polynomial_equations";
constexpr Setting kSettings[] = {
    {"max_roots", "most different whole roots", "2|2|3|3|4", 1, 6},
    {"max_root", "largest absolute value of a whole root", "9|12|12|15|20", 3, 100},
    {"p_double", "probability that a root is double", "0|0.15|0.2|0.25|0.3", 0, 1},
    {"p_quadratic", "probability of a factor with two irrational roots", "0|0.2|0.3|0.4|0.5", 0, 1},
};

using Polynomial = std::vector<int64_t>;  // coefficients, lowest power first

Polynomial Product(const Polynomial& a, const Polynomial& b) {
  Polynomial product(a.size() + b.size() - 1);
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j) {
      product[i + j] += a[i] * b[j];
    }
  }
  return product;
}

std::string Text(const Polynomial& p) {
  std::string text;
  for (size_t power = p.size(); power-- > 0;) {
    if (p[power] == 0) {
      continue;
    }
    const int64_t size = std::abs(p[power]);
    text += text.empty() ? (p[power] < 0 ? "-" : "") : p[power] < 0 ? " - " : " + ";
    text += size != 1 || power == 0 ? std::to_string(size) : "";
    text += size != 1 && power > 0 ? "*" : "";
    text += power == 0 ? "" : power == 1 ? "x" : fmt::format("x^{}", power);
  }
  return text;
}

std::string RootText(double root) {
  std::string text = fmt::format("{:.4f}", root);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) {
    text.pop_back();
  }
  return text;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t limit = settings.Int("max_root");
  std::set<double> roots;
  Polynomial whole = {1};       // what is asked
  Polynomial squarefree = {1};  // the same roots, each simple
  const bool has_quadratic = random.Chance(settings.Real("p_quadratic"));
  const int64_t count = random.Int(has_quadratic ? 0 : 1, settings.Int("max_roots") - (has_quadratic ? 1 : 0));
  while (std::ssize(roots) < count) {
    const int64_t root = random.Int(-limit, limit);
    if (roots.insert(static_cast<double>(root)).second) {
      squarefree = Product(squarefree, {-root, 1});
      whole = Product(whole, {-root, 1});
      whole = random.Chance(settings.Real("p_double")) ? Product(whole, {-root, 1}) : whole;
    }
  }
  while (has_quadratic) {
    const int64_t b = random.Int(-limit, limit), c = random.Int(-limit, limit);
    const int64_t discriminant = b * b - 4 * c;
    const auto root = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(std::max<int64_t>(discriminant, 0)))));
    if (discriminant > 0 && root * root != discriminant) {
      whole = Product(whole, {c, b, 1});
      squarefree = Product(squarefree, {c, b, 1});
      const double half = std::sqrt(static_cast<double>(discriminant)) / 2;
      roots.insert(-static_cast<double>(b) / 2 - half);
      roots.insert(-static_cast<double>(b) / 2 + half);
      break;
    }
  }
  // One item in fifty has a factor without real roots only.
  if (random.Chance(0.02)) {
    roots.clear();
    squarefree = {1};
    whole = {random.Int(1, limit), 0, 1};
  }
  const int64_t factor = random.Int(1, 3);
  Json metadata = BeginMetadata(kName, index);
  metadata["coefficients"] = whole;
  metadata["squarefree"] = squarefree;
  metadata["num_roots"] = roots.size();
  metadata["tolerance"] = {1, 1000};
  std::vector<std::string> texts;
  for (const double root : roots) {
    texts.push_back(RootText(root));
  }
  Polynomial asked = whole;
  for (int64_t& coefficient : asked) {
    coefficient *= factor;
  }
  return CupelItem(
      settings,
      fmt::format("Find all real solutions of {} = 0, each once. Answer with a list separated by commas, whole numbers and fractions "
                  "exactly and others to 4 decimal places, or with \"none\".",
                  Text(asked)),
      texts.empty() ? "none" : Joined(texts), std::move(metadata));
}

}  // namespace

const Family kPolynomialEquationsFamily = {kName, "all real roots of a polynomial", kSettings, Generate};

}  // namespace cupel
