#include <algorithm>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"
#include "verifiers/math/factor_order.h"
#include "verifiers/math/units.h"

namespace cupel::math {
namespace {

bool IsMoney(std::string_view dimension) { return dimension == "$1" || dimension == "EUR1" || dimension == "GBP1" || dimension == "JPY1"; }

// A value taken apart: the unit's dimension and size, what is left.
struct Measured {
  Expr value = nullptr;
  std::string dimension;
  std::string noun;  // behind an amount of money: "$20 profit"
  Rational size{1};
};

Measured TakeApart(Expr expr, Arena& arena) {
  if (expr->Is(Kind::kQuantity)) {
    Measured inner = TakeApart(expr->kid(0), arena);
    inner.noun = IsMoney(inner.dimension) && expr->text.starts_with('#') ? expr->text : inner.noun;
    inner.dimension = inner.dimension.empty() ? expr->text : inner.dimension;
    inner.size = inner.size * expr->value;
    return inner;
  }
  if (expr->Is(Kind::kNegate) && expr->kid(0)->Is(Kind::kQuantity)) {
    Measured inner = TakeApart(expr->kid(0), arena);
    inner.value = arena.Make(Kind::kNegate, {inner.value});
    return inner;
  }
  const auto unit =
      expr->Is(Kind::kMultiply) ? std::ranges::find_if(expr->kids, [](Expr kid) { return kid->Is(Kind::kQuantity); }) : expr->kids.end();
  if (unit != expr->kids.end()) {
    Measured inner = TakeApart(*unit, arena);
    std::vector<Expr> factors = expr->kids;
    factors[static_cast<size_t>(unit - expr->kids.begin())] = inner.value;
    inner.value = arena.Make(Kind::kMultiply, std::move(factors));
    return inner;
  }
  Measured plain;
  plain.value = expr;
  return plain;
}

// "5 pounds" are money where the other side says so.
void PoundsAsMoney(Measured& measured, const Measured& other) {
  const std::optional<Unit> pound = FindUnit("pounds");
  if (other.dimension == "GBP1" && pound && measured.dimension == "M1" && measured.size == pound->size) {
    measured.dimension = other.dimension;
    measured.size = Rational(1);
  }
}

// Whether a value is said to be in radians; they are no unit of their own.
bool TakeRadians(Measured& measured) {
  const size_t at = measured.dimension.find("rad1");
  if (at == std::string::npos || measured.dimension.find('#') != std::string::npos) {
    return false;
  }
  measured.dimension.erase(at, 4);
  while (measured.dimension.ends_with(' ')) {
    measured.dimension.pop_back();
  }
  return true;
}

// Nouns of which one is the other with more words: "apples" and "red apples".
bool NamesOneThing(std::string_view a, std::string_view b) {
  const std::string_view longer = a.size() > b.size() ? a : b;
  std::string_view shorter = a.size() > b.size() ? b : a;
  while (!shorter.empty()) {
    const size_t end = std::min(shorter.find(' '), shorter.size());
    const std::string_view item = shorter.substr(0, end);
    if (item[0] != '#' || longer.find(item) == std::string_view::npos) {
      return false;
    }
    shorter.remove_prefix(std::min(end + 1, shorter.size()));
  }
  return longer[0] == '#';
}

// A number as written with a decimal point, signs and percent included.
struct Decimal {
  Rational value;
  int64_t decimals = 0;
  int64_t significant = 0;
};

std::optional<Decimal> DecimalOf(Expr expr) {
  if (expr->Is(Kind::kNumber)) {
    return expr->info > 0 || (expr->info == 0 && expr->count > 0) ? std::optional(Decimal{expr->value, expr->info, expr->count})
                                                                  : std::nullopt;
  }
  if (expr->Is(Kind::kNegate) || expr->Is(Kind::kPercent) || expr->Is(Kind::kDegree)) {
    std::optional<Decimal> inner = DecimalOf(expr->kid(0));
    if (inner && expr->Is(Kind::kNegate)) {
      inner->value = -inner->value;
    } else if (inner && expr->Is(Kind::kPercent)) {
      inner->value = inner->value / Rational(100);
      inner->decimals += 2;
    }
    return inner;
  }
  // 1.5 x 10^6
  if (expr->Is(Kind::kMultiply) && expr->kids.size() == 2 && expr->kid(1)->Is(Kind::kPower) && expr->kid(1)->kid(0)->Is(Kind::kNumber) &&
      expr->kid(1)->kid(0)->value == Rational(10)) {
    std::optional<Decimal> mantissa = DecimalOf(expr->kid(0));
    const Expr exponent = expr->kid(1)->kid(1);
    const bool negative = exponent->Is(Kind::kNegate);
    const Expr digits = negative ? exponent->kid(0) : exponent;
    int64_t power = 0;
    if (mantissa && digits->Is(Kind::kNumber) && digits->value.ToInt(power) && power <= 400) {
      power = negative ? -power : power;
      mantissa->value = mantissa->value * PowerOfTen(power);
      mantissa->decimals -= power;
      return mantissa;
    }
  }
  return std::nullopt;
}

// Whether `value` rounds to the decimal, a half either way; with `or_truncates` also whether its digits begin so.
bool RoundsTo(const Rational& value, const Decimal& decimal, bool or_truncates) {
  const Rational unit = PowerOfTen(-decimal.decimals);
  Rational distance = value - decimal.value;
  const bool away = distance.sign() == decimal.value.sign() && decimal.value.sign() != 0;
  fmpq_abs(distance.get(), distance.get());
  return !(unit / Rational(2) < distance) || (or_truncates && away && distance < unit);
}

// The same for a value known as a ball: decided at a precision at which the ball is far smaller than the last digit.
std::optional<bool> RoundsTo(Expr expr, const Decimal& decimal, bool or_truncates, Budget& budget, bool log_is_natural) {
  Ball value;
  Bindings bindings;
  bindings.log_is_natural = log_is_natural;
  const slong precision = 64 + 4 * static_cast<slong>(std::max<int64_t>(decimal.decimals, 0) + decimal.value.Bits());
  if (precision > budget.limits().max_precision || EvaluateBall(expr, bindings, precision, budget, value) != EvalStatus::kOk ||
      !value.is_finite() || !value.IsModest() || !value.MayBeReal() || value.Accuracy() < 32) {
    return std::nullopt;
  }
  Rational middle;
  arf_get_fmpq(middle.get(), arb_midref(value.real()));
  return RoundsTo(middle, decimal, or_truncates);
}

bool HasLogWithoutBase(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kFunction && node.text == "log" && node.kids.size() == 1; });
}

bool HasDegree(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kDegree; });
}

Expr WithoutDegrees(Expr expr, Arena& arena) {
  if (expr->Is(Kind::kDegree)) {
    return expr->kid(0);
  }
  if (expr->kids.empty() || expr->Is(Kind::kFunction)) {
    return expr;
  }
  Node node = *expr;
  for (Expr& kid : node.kids) {
    kid = WithoutDegrees(kid, arena);
  }
  return arena.Add(std::move(node));
}

Expr WithoutPercent(Expr expr, Arena& arena) {
  if (expr->Is(Kind::kPercent)) {
    return expr->kid(0);
  }
  return expr->Is(Kind::kNegate) && expr->kid(0)->Is(Kind::kPercent) ? arena.Make(Kind::kNegate, {expr->kid(0)->kid(0)}) : expr;
}

bool IsPercent(Expr expr) { return expr->Is(Kind::kPercent) || (expr->Is(Kind::kNegate) && expr->kid(0)->Is(Kind::kPercent)); }

Rational BasedValue(Expr expr) {
  Rational value;
  fmpz_set_str(fmpq_numref(value.get()), expr->text.c_str(), static_cast<int>(expr->info));
  return value;
}

}  // namespace

bool Comparer::IsScalar(Expr expr) {
  switch (expr->kind) {
    case Kind::kNumber:
    case Kind::kSymbol:
    case Kind::kConstant:
    case Kind::kAdd:
    case Kind::kMultiply:
    case Kind::kDivide:
    case Kind::kNegate:
    case Kind::kPower:
      return std::ranges::all_of(expr->kids, [&](Expr kid) { return IsScalar(kid) || kid->Is(Kind::kPlusMinus) || kid->Is(Kind::kText); });
    case Kind::kFunction:
    case Kind::kApply:
    case Kind::kFactorial:
    case Kind::kPercent:
    case Kind::kDegree:
    case Kind::kQuantity:
    case Kind::kSum:
    case Kind::kBased:
      return true;
    case Kind::kGroup:
      return expr->text == "[]" && expr->kids.size() == 1 && IsScalar(expr->kid(0));
    default:
      return false;
  }
}

// Decimals on one side or on both: what rounding is accepted.
Judgement Comparer::CompareDecimals(Expr gold, Expr pred, bool& applies) {
  const std::optional<Decimal> g = DecimalOf(gold);
  const std::optional<Decimal> p = DecimalOf(pred);
  applies = g.has_value() || p.has_value();
  if (!applies) {
    return {};
  }
  Rational exact_gold;
  Rational exact_pred;
  const bool gold_is_rational = EvaluateRational(gold, arena_.budget(), exact_gold) == EvalStatus::kOk || g;
  const bool pred_is_rational = EvaluateRational(pred, arena_.budget(), exact_pred) == EvalStatus::kOk || p;
  exact_gold = g ? g->value : exact_gold;
  exact_pred = p ? p->value : exact_pred;
  if (gold_is_rational && pred_is_rational && exact_gold == exact_pred) {
    return IsEqualBy("rational");
  }
  if (gold_is_rational && exact_gold.is_integer() && !(g && g->decimals < 0)) {
    return pred_is_rational || !g ? (p || pred_is_rational ? IsDifferentBy("rational") : SameValue(gold, pred, arena_))
                                  : SameValue(gold, pred, arena_);
  }
  if (g && p) {
    const bool refines = options_.decimal_refines_gold && g->significant >= 3 && p->decimals > g->decimals && RoundsTo(p->value, *g, true);
    return refines ? IsEqualBy("rounding") : IsDifferentBy("rational");
  }
  if (g && !options_.gold_decimal_rounding) {
    return SameValue(gold, pred, arena_);
  }
  if (!(g ? pred_is_rational : gold_is_rational)) {
    if (const Judgement same = SameValue(gold, pred, arena_); same.is_equal() || same.equality == Equality::kUnknown) {
      return same;
    }
  }
  if (p && (options_.pred_decimal_min_sig == 0 || p->significant < options_.pred_decimal_min_sig)) {
    return IsDifferentBy("rounding");
  }
  const Expr exact = g ? pred : gold;
  const Decimal& decimal = g ? *g : *p;
  if (!FreeSymbols(exact).empty()) {
    return IsDifferentBy("rounding");
  }
  if (g ? pred_is_rational : gold_is_rational) {
    return RoundsTo(g ? exact_pred : exact_gold, decimal, g.has_value()) ? IsEqualBy("rounding") : IsDifferentBy("rounding");
  }
  std::optional<bool> rounds = RoundsTo(exact, decimal, g.has_value(), arena_.budget(), true);
  if (rounds == false && HasLogWithoutBase(exact)) {
    rounds = RoundsTo(exact, decimal, g.has_value(), arena_.budget(), false);
  }
  return !rounds ? IsUnknownFor("no_rule") : *rounds ? IsEqualBy("rounding") : IsDifferentBy("rounding");
}

Judgement Comparer::CompareValues(Expr gold, Expr pred) {
  if (gold->Is(Kind::kBased) || pred->Is(Kind::kBased)) {
    // A base is part of the answer; two numerals of different bases may have the same value.
    if (!options_.base_subscript) {
      return Compare(gold->Is(Kind::kBased) ? arena_.Number(BasedValue(gold)) : gold,
                     pred->Is(Kind::kBased) ? arena_.Number(BasedValue(pred)) : pred);
    }
    if (!gold->Is(Kind::kBased) || !pred->Is(Kind::kBased)) {
      return IsDifferentBy("base");
    }
    return gold->info == pred->info && BasedValue(gold) == BasedValue(pred) ? IsEqualBy("base") : IsDifferentBy("base");
  }
  const auto is_infinite = [](Expr expr) {
    return (expr->Is(Kind::kConstant) && expr->text == "inf") ||
           (expr->Is(Kind::kNegate) && expr->kid(0)->Is(Kind::kConstant) && expr->kid(0)->text == "inf");
  };
  if (is_infinite(gold) || is_infinite(pred)) {
    return SameTree(gold, pred) ? IsEqualBy("same_form") : IsDifferentBy("infinity");
  }
  bool applies = false;
  const Judgement rounded = CompareDecimals(gold, pred, applies);
  if (applies) {
    return rounded;
  }
  pred = WithSumsOf(gold, pred);
  const Judgement same = SameValue(gold, pred, arena_, {options_.numeric_constants});
  return same.rule == "identity_test" && same.is_equal() && MayDifferByOrder(gold, pred) ? IsUnknownFor("no_rule") : same;
}

Judgement Comparer::CompareScalars(Expr gold, Expr pred) {
  if (gold->Is(Kind::kGroup)) {
    gold = gold->kid(0);
  }
  if (pred->Is(Kind::kGroup)) {
    pred = pred->kid(0);
  }
  const auto is_antiderivative = [](const Node& node) { return node.kind == Kind::kApply && node.text == "integral"; };
  if (AnyNode(gold, is_antiderivative) || AnyNode(pred, is_antiderivative)) {
    const Judgement same = SameValue(gold, pred, arena_);
    return same.is_equal() ? same : IsUnknownFor("no_rule");
  }
  Measured g = TakeApart(gold, arena_);
  Measured p = TakeApart(pred, arena_);
  PoundsAsMoney(g, p);
  PoundsAsMoney(p, g);
  const bool gold_radians = TakeRadians(g);
  const bool pred_radians = TakeRadians(p);
  Expr left = g.value;
  Expr right = p.value;
  const bool both_have_units = !g.dimension.empty() && !p.dimension.empty();
  if (both_have_units) {
    if (g.dimension != p.dimension && !NamesOneThing(g.dimension, p.dimension)) {
      return IsDifferentBy("units");
    }
    if (!g.noun.empty() && !p.noun.empty() && !NamesOneThing(g.noun, p.noun)) {  // profit and gain, profit and loss
      return IsUnknownFor("needs_prose");
    }
    if (!(g.size == p.size)) {
      if (!options_.unit_convert) {
        return IsDifferentBy("units");
      }
      // In the gold's unit: its decimals keep their meaning.
      const Rational factor = p.size / g.size;
      const std::optional<Decimal> decimal = DecimalOf(right);
      right = arena_.Make(Kind::kMultiply, {arena_.Number(decimal ? decimal->value * factor : factor), decimal ? arena_.Number(1) : right});
    }
  } else if (!g.dimension.empty() || !p.dimension.empty()) {
    const std::string& dimension = g.dimension.empty() ? p.dimension : g.dimension;
    if (IsMoney(dimension) ? !options_.currency_omitted : !options_.unit_omitted) {
      return IsDifferentBy("units");
    }
    if (dimension.empty() || (g.dimension.empty() && !FreeSymbols(left).empty() && SameTree(left, right))) {
      return CompareValues(left, right);
    }
  } else if (!(g.size == p.size)) {
    left = arena_.Make(Kind::kMultiply, {arena_.Number(g.size), left});
    right = arena_.Make(Kind::kMultiply, {arena_.Number(p.size), right});
  }
  if (IsPercent(left) != IsPercent(right)) {
    if (options_.percent_is_bare) {
      if (const Judgement bare = CompareValues(WithoutPercent(left, arena_), WithoutPercent(right, arena_)); bare.is_equal()) {
        return bare;
      }
    }
    if (!options_.percent_is_fraction) {
      return IsDifferentBy("percent");
    }
  } else if (IsPercent(left)) {
    return CompareValues(WithoutPercent(left, arena_), WithoutPercent(right, arena_));
  }
  const bool gold_degrees = HasDegree(left);
  const bool pred_degrees = HasDegree(right);
  const auto has_pi = [](const Node& node) { return node.kind == Kind::kConstant && node.text == "pi"; };
  if (gold_degrees != pred_degrees && AnyNode(left, has_pi) && AnyNode(right, has_pi)) {
    return SameValue(left, right, arena_);  // an angle with pi is in radians: as many degrees are another one
  }
  if (gold_degrees && pred_degrees) {
    const Judgement plain = CompareValues(WithoutDegrees(left, arena_), WithoutDegrees(right, arena_));
    return plain.is_equal() ? plain : SameValue(left, right, arena_);
  }
  if (gold_degrees ? pred_radians : pred_degrees && gold_radians) {
    return options_.degree_radian ? SameValue(left, right, arena_) : IsDifferentBy("units");
  }
  if (gold_degrees || pred_degrees) {
    const Judgement plain = CompareValues(WithoutDegrees(left, arena_), WithoutDegrees(right, arena_));
    if (plain.is_equal() || !options_.degree_radian) {
      return plain;
    }
    // 70.5 degrees and arccos(1/3): rounded as it is written, in degrees.
    const std::optional<Decimal> decimal = DecimalOf(gold_degrees ? left : right);
    if (decimal && !DecimalOf(gold_degrees ? right : left)) {
      const Expr scale = arena_.Make(Kind::kDivide, {arena_.Number(180), arena_.Make(Kind::kConstant, {}, "pi")});
      const auto in_degrees = [&](Expr side, bool has_degree) {
        return has_degree ? WithoutDegrees(side, arena_) : arena_.Make(Kind::kMultiply, {side, scale});
      };
      return CompareValues(in_degrees(left, gold_degrees), in_degrees(right, pred_degrees));
    }
  }
  return CompareValues(left, right);
}

// 2:4:6 and 1:2:3; a ratio of two and a fraction.
Judgement Comparer::CompareRatios(Expr gold, Expr pred) {
  const auto parts = [&](Expr expr) -> std::vector<Expr> {
    if (expr->Is(Kind::kRatio)) {
      return expr->kids;
    }
    if (expr->Is(Kind::kDivide)) {
      return {expr->kid(0), expr->kid(1)};
    }
    return IsScalar(expr) ? std::vector<Expr>{expr, arena_.Number(1)} : std::vector<Expr>();
  };
  const std::vector<Expr> g = parts(gold);
  const std::vector<Expr> p = parts(pred);
  if (g.size() != p.size() || g.empty()) {
    return IsDifferentBy("ratio");
  }
  Judgement judgement = IsEqualBy("ratio");
  for (size_t i = 1; i < g.size(); ++i) {
    const Judgement cross = SameValue(arena_.Make(Kind::kMultiply, {g[0], p[i]}), arena_.Make(Kind::kMultiply, {p[0], g[i]}), arena_);
    if (!cross.is_equal()) {
      judgement = cross;
      break;
    }
  }
  if (judgement.is_equal() && !options_.ratio && !SameTree(gold, pred)) {
    return IsDifferentBy("ratio");
  }
  return judgement;
}

}  // namespace cupel::math
