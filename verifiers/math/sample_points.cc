#include "verifiers/math/sample_points.h"

#include <algorithm>
#include <set>

namespace cupel::math {
namespace {

constexpr size_t kMostBreaks = 90;

bool IsOneOfFunctions(const Node& node, std::initializer_list<std::string_view> names) {
  return node.kind == Kind::kFunction && std::ranges::find(names, node.text) != names.end();
}

bool HasSymbols(Expr expr) { return !FreeSymbols(expr).empty(); }

// Whether the expression has a meaning for whole numbers only: n!, floor(n / 2), (-1)^n.
bool IsForIntegers(Expr expr) {
  return AnyNode(expr, [](const Node& node) {
    if (IsOneOfFunctions(node, {"floor", "ceil"})) {  // of x they are something else than x
      constexpr std::string_view kWhole = "ijklmnpqKMN";
      const std::vector<std::string> names = FreeSymbols(node.kids[0]);
      return !names.empty() &&
             std::ranges::all_of(names, [&](const std::string& name) { return kWhole.find(name[0]) != std::string_view::npos; });
    }
    if (node.kind == Kind::kFactorial || IsOneOfFunctions(node, {"binom", "perm", "mod", "gcd", "lcm"})) {
      return std::ranges::any_of(node.kids, &HasSymbols);
    }
    if (node.kind == Kind::kModular) {
      return true;
    }
    if (IsOneOfFunctions(node, {"Gamma"})) {
      return HasSymbols(node.kids[0]);
    }
    if (node.kind == Kind::kSum && node.text != "int" && node.text != "lim") {
      return HasSymbols(node.kids[1]) || HasSymbols(node.kids[2]);
    }
    if (node.kind == Kind::kPower && HasSymbols(node.kids[1]) && !HasSymbols(node.kids[0])) {
      return AnyNode(node.kids[0], [](const Node& part) { return part.kind == Kind::kNegate; });
    }
    return false;
  });
}

bool IsComplex(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.IsSymbol("i") || IsOneOfFunctions(node, {"cis"}); });
}

bool HasAbsoluteValueOf(Expr expr, const std::string& name) {
  return AnyNode(expr, [&](const Node& node) {
    return IsOneOfFunctions(node, {"abs"}) && AnyNode(node.kids[0], [&](const Node& part) { return part.IsSymbol(name); });
  });
}

void CollectApplications(Expr expr, std::set<std::string>& names) {
  if (expr->Is(Kind::kApply) || IsOpaqueSum(*expr)) {
    names.insert(ToText(expr, kMostOpaqueText));
    return;
  }
  for (const Expr kid : expr->kids) {
    CollectApplications(kid, names);
  }
}

// sqrt(x^2), which is |x|.
bool IsRootOfSquare(const Node& node) {
  return IsOneOfFunctions(node, {"sqrt"}) && node.kids[0]->Is(Kind::kPower) && node.kids[0]->kid(1)->Is(Kind::kNumber);
}

// Functions that are put together from others, each for a part of the line.
bool IsMadeOfPieces(const Node& node) {
  return node.kind == Kind::kCases || IsRootOfSquare(node) || node.kind == Kind::kModular ||
         IsOneOfFunctions(node, {"abs", "sgn", "floor", "ceil", "min", "max", "mod", "gcd", "lcm", "binom", "perm"});
}

void CollectNumbers(Expr expr, std::set<Rational>& numbers) {
  constexpr size_t kMostNumbers = 16;
  if (expr->Is(Kind::kNumber) && numbers.size() < kMostNumbers) {
    numbers.insert(expr->value);
  }
  for (const Expr kid : expr->kids) {
    CollectNumbers(kid, numbers);
  }
}

// What decides between two pieces by its sign: the argument of |x|, the difference of what max and a condition compare.
void CollectDeciders(Expr expr, Arena& arena, std::vector<Expr>& deciders) {
  constexpr size_t kMostDeciders = 16;
  if (deciders.size() >= kMostDeciders || arena.is_full()) {
    return;
  }
  const auto add_differences = [&](const std::vector<Expr>& sides) {
    for (size_t i = 1; i < sides.size(); ++i) {
      deciders.push_back(arena.Make(Kind::kAdd, {sides[i], arena.Make(Kind::kNegate, {sides[i - 1]})}));
    }
  };
  if (IsOneOfFunctions(*expr, {"abs", "sgn"})) {
    deciders.push_back(expr->kid(0));
  } else if (IsRootOfSquare(*expr)) {
    deciders.push_back(expr->kid(0)->kid(0));
  } else if (IsOneOfFunctions(*expr, {"min", "max"})) {
    add_differences(expr->kids);
  } else if (expr->Is(Kind::kCases)) {
    for (size_t i = 1; i < expr->kids.size(); i += 2) {
      if (expr->kid(i)->Is(Kind::kRelation)) {
        add_differences(expr->kid(i)->kids);
      }
    }
  }
  for (const Expr kid : expr->kids) {
    CollectDeciders(kid, arena, deciders);
  }
}

// Where a decider in one variable is zero, if it is linear: by its values at 0 and 1.
bool FindRoot(Expr decider, Arena& arena, Rational& root) {
  const std::vector<std::string> names = FreeSymbols(decider);
  Rational at_zero;
  Rational at_one;
  const auto value_at = [&](int64_t x, Rational& value) {
    return EvaluateRational(Substitute(arena, decider, names[0], arena.Number(x)), arena.budget(), value) == EvalStatus::kOk;
  };
  if (names.size() != 1 || !value_at(0, at_zero) || !value_at(1, at_one) || at_zero == at_one) {
    return false;
  }
  root = at_zero / (at_zero - at_one);
  return true;
}

bool IsWhole(const Rational& value) { return fmpz_is_one(value.denominator()) != 0; }

}  // namespace

SamplePoints::SamplePoints(Expr a, Expr b, bool may_be_complex) {
  std::set<std::string> names;
  for (const Expr expr : {a, b}) {
    for (const std::string& name : FreeSymbols(expr)) {
      names.insert(name);
    }
    CollectApplications(expr, names);
  }
  names_.assign(names.begin(), names.end());
  // Beside an absolute value z and w are complex, unless z is one of three coordinates.
  const bool has_plane = std::ranges::any_of(names_, [](const std::string& name) { return name == "x" || name == "y"; });
  for (const std::string& name : names_) {
    const bool is_complex_letter = name == "z" || name == "w" || name.starts_with("z_") || name.starts_with("w_");
    if (may_be_complex && !has_plane && is_complex_letter && (HasAbsoluteValueOf(a, name) || HasAbsoluteValueOf(b, name))) {
      complex_names_.push_back(name);
    }
  }
  for_integers_ = IsForIntegers(a) || IsForIntegers(b);
  is_complex_ = IsComplex(a) || IsComplex(b) || !complex_names_.empty();
}

// Variables that stand for whole numbers are natural ones here, as in the other points.
void SamplePoints::AddBreak(const Rational& value) {
  const bool is_fit = !for_integers_ || (IsWhole(value) && Rational(0) < value);
  if (is_fit && breaks_.size() * names_.size() < kMostBreaks && std::ranges::find(breaks_, value) == breaks_.end()) {
    breaks_.push_back(value);
  }
}

void SamplePoints::AddBreaks(Expr a, Expr b, Arena& arena) {
  if (names_.empty() || (!AnyNode(a, &IsMadeOfPieces) && !AnyNode(b, &IsMadeOfPieces))) {
    return;
  }
  std::set<Rational> numbers;
  std::vector<Expr> deciders;
  for (const Expr expr : {a, b}) {
    CollectNumbers(expr, numbers);
    CollectDeciders(expr, arena, deciders);
  }
  for (const Expr decider : deciders) {
    if (Rational root; FindRoot(decider, arena, root)) {
      numbers.insert(root);
    }
  }
  const Rational aside = for_integers_ ? Rational(1) : Rational(1, 7);
  for (const Rational& number : numbers) {
    for (const Rational& value : {number, number + aside, number - aside, -number, number + number}) {
      AddBreak(value);
    }
  }
  for (const int64_t far : {101, 10'007, 1'000'003}) {
    AddBreak(Rational(far));
    AddBreak(Rational(-far));
  }
}

Bindings SamplePoints::At(int point, bool log_is_natural, slong precision) const {
  Bindings bindings;
  bindings.log_is_natural = log_is_natural;
  bindings.is_complex = is_complex_;
  RandomStream random(1, RandomPurpose::kSamplePoint, static_cast<uint32_t>(point));
  for (const std::string& name : names_) {
    bindings.values.emplace_back(name, Value(point, random, precision));
    if (std::ranges::find(complex_names_, name) != complex_names_.end()) {
      Ball imaginary = Value(3 * point, random, precision);
      if (random.Below(2) == 1) {
        acb_neg(imaginary.get(), imaginary.get());
      }
      acb_set_arb_arb(bindings.values.back().second.get(), bindings.values.back().second.real(), imaginary.real());
    }
  }
  return bindings;
}

Bindings SamplePoints::AtBreak(int index, bool log_is_natural, slong precision) const {
  const auto i = static_cast<size_t>(index);
  Bindings bindings = At(index, log_is_natural, precision);
  acb_set_fmpq(bindings.values[i % names_.size()].second.get(), breaks_[i / names_.size()].get(), precision);
  return bindings;
}

// Thirds of the points are positive, of any sign, and natural; sizes go from below one to some dozens.
Ball SamplePoints::Value(int point, RandomStream& random, slong precision) const {
  if (for_integers_ || point % 3 == 2) {
    return Ball(random.Between(1, 4 + point));
  }
  const int64_t denominator = random.Between(101, 997);
  const int64_t numerator = random.Between(11, (point % 4 == 3 ? 40 : point % 2 == 0 ? 3 : 1) * denominator);
  const bool negative = point % 3 == 1 && random.Below(2) == 1;
  Ball value(negative ? -numerator : numerator);
  acb_div_si(value.get(), value.get(), denominator, precision);
  return value;
}

}  // namespace cupel::math
