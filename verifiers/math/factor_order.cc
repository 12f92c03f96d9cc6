#include "verifiers/math/factor_order.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cupel::math {
namespace {

bool IsCapital(Expr expr) { return expr->Is(Kind::kSymbol) && expr->text.size() == 1 && 'A' <= expr->text[0] && expr->text[0] <= 'Z'; }

bool IsMinusOne(Expr expr) { return expr->Is(Kind::kNegate) && expr->kid(0)->Is(Kind::kNumber) && expr->kid(0)->value == Rational(1); }

// One letter of a product, perhaps inverted or transposed.
struct Factor {
  std::string name;
  std::string mark;  // "", "-1", "T"
  bool is_capital = false;
};

void CollectFactors(Expr expr, std::vector<Factor>& factors) {
  if (expr->Is(Kind::kMultiply) || expr->Is(Kind::kNegate)) {
    for (const Expr kid : expr->kids) {
      CollectFactors(kid, factors);
    }
  } else if (expr->Is(Kind::kSymbol)) {
    factors.push_back({expr->text, {}, IsCapital(expr)});
  } else if (expr->Is(Kind::kPower) && expr->kid(0)->Is(Kind::kSymbol)) {
    const Expr exponent = expr->kid(1);
    const bool is_transposed = exponent->IsSymbol("T") && IsCapital(expr->kid(0));
    factors.push_back({expr->kid(0)->text, IsMinusOne(exponent) ? "-1" : is_transposed ? "T" : "", IsCapital(expr->kid(0))});
  }
}

using Product = std::vector<std::string>;  // its capitals and inverted letters, in order

// What an expression says about the order of its factors.
struct Order {
  std::multiset<Product> products;
  std::set<std::pair<std::string, std::string>> neighbours;  // capitals
  bool matters = false;
};

// Whether a factor stands between a letter and its inverse, as in P^{-1}AP. Of numbers like e nobody writes that.
bool IsConjugated(const std::vector<Factor>& factors, size_t i) {
  for (size_t j = 0; j < factors.size(); ++j) {
    const bool is_inverse = factors[j].name == factors[i].name && (factors[j].mark == "-1") != (factors[i].mark == "-1");
    if (is_inverse && std::max(i, j) - std::min(i, j) > 1 && factors[i].name != "e" && factors[i].name != "i") {
      return true;
    }
  }
  return false;
}

void AddProduct(Expr product, Order& order) {
  std::vector<Factor> factors;
  CollectFactors(product, factors);
  const bool is_marked = std::ranges::any_of(factors, [](const Factor& factor) { return factor.is_capital && !factor.mark.empty(); });
  order.matters |= is_marked && std::ranges::count(factors, true, &Factor::is_capital) > 1;
  Product names;
  std::set<std::pair<std::string, std::string>> neighbours;
  for (size_t i = 0; i < factors.size(); ++i) {
    const Factor& factor = factors[i];
    const bool is_conjugated = IsConjugated(factors, i);
    order.matters |= is_conjugated;
    if (factor.is_capital || is_conjugated) {
      names.push_back(factor.name + factor.mark);
    }
    if (i > 0 && factor.is_capital && factors[i - 1].is_capital && factor.name != factors[i - 1].name) {
      neighbours.emplace(factors[i - 1].name, factor.name);
      order.matters |= order.neighbours.contains({factor.name, factors[i - 1].name});  // of another product: AB - BA
    }
  }
  order.neighbours.merge(neighbours);
  if (!names.empty()) {
    order.products.insert(std::move(names));
  }
}

void AddProducts(Expr expr, Order& order) {
  if (expr->Is(Kind::kMultiply)) {
    AddProduct(expr, order);
  }
  for (const Expr kid : expr->kids) {
    const bool is_part_of_it = expr->Is(Kind::kMultiply) && (kid->Is(Kind::kMultiply) || kid->Is(Kind::kNegate));
    for (const Expr part : is_part_of_it ? kid->kids : std::vector<Expr>{kid}) {
      AddProducts(part, order);
    }
  }
}

// A letter below a fraction line is a number.
bool DividesByCapital(Expr expr) {
  return AnyNode(expr, [](const Node& node) {
    return node.kind == Kind::kDivide && AnyNode(node.kids[1], [](const Node& part) { return IsCapital(&part); });
  });
}

}  // namespace

bool MayDifferByOrder(Expr a, Expr b) {
  if (DividesByCapital(a) || DividesByCapital(b)) {
    return false;
  }
  Order first;
  Order second;
  AddProducts(a, first);
  AddProducts(b, second);
  return (first.matters || second.matters) && first.products != second.products;
}

}  // namespace cupel::math
