// Solutions with a parameter: x = pi/4 + k pi for whole k, whatever the parameter is called and however the family is split.

#include <algorithm>
#include <numeric>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr int64_t kMaxParts = 120;

// x = 3 + 5t, y = 2 - 3t: values of several unknowns, no list of values of one.
bool NamesSeveral(Expr expr) {
  Expr first = nullptr;
  return expr->Is(Kind::kList) && std::ranges::any_of(expr->kids, [&](Expr kid) {
           const Expr label = kid->Is(Kind::kRelation) && kid->text == "=" && kid->kid(0)->Is(Kind::kSymbol) ? kid->kid(0) : nullptr;
           first = first == nullptr ? label : first;
           return label != nullptr && !SameTree(label, first);
         });
}

}  // namespace

// The whole-number ratio p / q of two constants, both small; false when there is none that an exact comparison confirms.
bool Comparer::SmallRatio(Expr a, Expr b, int64_t& p, int64_t& q) {
  Ball left;
  Ball right;
  const Bindings bindings;
  if (EvaluateBall(a, bindings, 128, arena_.budget(), left) != EvalStatus::kOk ||
      EvaluateBall(b, bindings, 128, arena_.budget(), right) != EvalStatus::kOk || !left.is_real() || !right.is_real() ||
      right.ContainsZero()) {
    return false;
  }
  acb_div(left.get(), left.get(), right.get(), 128);
  for (q = 1; q <= 60; ++q) {
    Ball scaled;
    acb_mul_si(scaled.get(), left.get(), q, 128);
    Rational whole;
    if (scaled.HasUniqueInteger(fmpq_numref(whole.get())) && whole.ToInt(p)) {
      return true;
    }
    if (!scaled.IsModest()) {
      return false;
    }
    // A ball around a whole number that is not exact holds it in its interior.
    arf_get_fmpz(fmpq_numref(whole.get()), arb_midref(scaled.real()), ARF_RND_NEAR);
    if (arb_contains_fmpz(scaled.real(), whole.numerator()) != 0 && whole.ToInt(p)) {
      return SameValue(arena_.Make(Kind::kMultiply, {arena_.Number(q), a}), arena_.Make(Kind::kMultiply, {arena_.Number(p), b}), arena_)
          .is_equal();
    }
  }
  return false;
}

// Adds what an item stands for: a congruence, or an expression that is linear in one parameter, or is so for its even and odd values.
bool Comparer::AddProgressions(Expr item, const std::vector<std::string>& declared, bool may_be_silent, std::vector<Progression>& result) {
  if (item->Is(Kind::kModular)) {
    const Expr relation = item->kid(0);
    result.push_back({relation->Is(Kind::kRelation) ? relation->kids.back() : relation, item->kid(1)});
    return true;
  }
  if (!IsScalar(item)) {
    return false;
  }
  const std::vector<std::string> names = FreeSymbols(item);
  const bool is_silent = names.size() == 1 && !HasName(declared, names[0]) && !may_be_silent;
  if (names.size() != 1 || (is_silent && !IsPeriodic(item))) {
    return false;
  }
  const auto at = [&](Expr value) { return Substitute(arena_, item, names[0], value); };
  const auto add = [&](int64_t first, int64_t stride) {
    const Expr start = at(arena_.Number(first));
    const Expr next = at(arena_.Number(first + stride));
    const Expr after = at(arena_.Number(first + 2 * stride));
    const Expr step = Minus(next, start);
    if (!SameValue(Minus(after, next), step, arena_).is_equal() || IsZero(step, arena_).is_equal()) {
      return false;
    }
    // Nobody says what n is: in 2 n pi it is a whole number, in pi + n it need not be one.
    int64_t p = 0;
    int64_t q = 0;
    if (is_silent && !SmallRatio(step, arena_.Make(Kind::kConstant, {}, "pi"), p, q)) {
      return false;
    }
    // Three points on a line say so only of what is linear: a fourth one far away.
    const Expr far = at(arena_.Number(first + 7 * stride));
    if (!SameValue(Minus(far, start), arena_.Make(Kind::kMultiply, {arena_.Number(7), step}), arena_).is_equal()) {
      return false;
    }
    result.push_back({start, step});
    return true;
  };
  const bool alternates = AnyNode(item, [](const Node& node) {
    return node.kind == Kind::kPower && node.kids[0]->Is(Kind::kNegate) && node.kids[0]->kid(0)->Is(Kind::kNumber) &&
           node.kids[0]->kid(0)->value == Rational(1);
  });
  return alternates ? add(0, 2) && add(1, 2) : add(0, 1);
}

// Both answers as unions of progressions in one parameter each: equal when they leave the same residues modulo a common period.
Judgement Comparer::CompareFamilies(Expr gold, Expr pred, bool& applies) {
  applies = false;
  const auto is_congruence = [](const Node& node) { return node.kind == Kind::kModular; };
  const bool has_congruence = AnyNode(gold, is_congruence) != AnyNode(pred, is_congruence);
  if (AreFunctionsOfParameters(gold, pred)) {
    return {};
  }
  const auto progressions = [&](Expr expr, const std::vector<std::string>& declared, const std::vector<std::string>& others,
                                std::vector<Progression>& result) {
    std::vector<Expr> items;
    if (NamesSeveral(expr)) {
      return false;
    }
    if (const auto list = ListItems(expr)) {
      items = *list;
    } else {
      const Expr bare = StripLabel(expr, true);
      if (bare == nullptr) {
        return false;
      }
      items.push_back(bare);
    }
    const bool may_be_silent = declared.empty() && (!others.empty() || has_congruence);
    return !items.empty() && std::ranges::all_of(items, [&](Expr item) { return AddProgressions(item, declared, may_be_silent, result); });
  };
  std::vector<Progression> g;
  std::vector<Progression> p;
  if (!progressions(gold, gold_parameters_, pred_parameters_, g) || !progressions(pred, pred_parameters_, gold_parameters_, p)) {
    return {};
  }
  // Every step as a fraction of the first one; the common period is the first step times the least common multiple of the numerators.
  const Expr unit = g[0].step;
  int64_t period_p = 1;
  int64_t common_q = 1;
  std::vector<std::pair<int64_t, int64_t>> ratios;
  for (const auto* family : {&g, &p}) {
    for (const Progression& item : *family) {
      int64_t a = 0;
      int64_t b = 1;
      if (!SmallRatio(item.step, unit, a, b) || a == 0 || std::abs(a) > 1000) {
        return {};
      }
      ratios.emplace_back(std::abs(a), b);
      period_p = std::lcm(period_p, std::abs(a));
      common_q = std::lcm(common_q, b);
      if (period_p > 10'000) {
        return {};
      }
    }
  }
  // Residues of each family modulo period = unit * period_p.
  const auto residues = [&](const std::vector<Progression>& family, size_t offset, std::vector<Expr>& starts) {
    for (size_t i = 0; i < family.size(); ++i) {
      const auto [a, b] = ratios[offset + i];
      const int64_t count = period_p * b / a;
      if (std::ssize(starts) + count > kMaxParts) {
        return false;
      }
      for (int64_t k = 0; k < count; ++k) {
        starts.push_back(arena_.Make(Kind::kAdd, {family[i].start, arena_.Make(Kind::kMultiply, {arena_.Number(k), family[i].step})}));
      }
    }
    return true;
  };
  std::vector<Expr> gold_starts;
  std::vector<Expr> pred_starts;
  if (!residues(g, 0, gold_starts) || !residues(p, g.size(), pred_starts)) {
    return {};
  }
  const Expr period = arena_.Make(Kind::kMultiply, {arena_.Number(period_p), unit});
  const auto covers = [&](const std::vector<Expr>& all, const std::vector<Expr>& some) {
    return std::ranges::all_of(some, [&](Expr start) {
      return std::ranges::any_of(all, [&](Expr other) {
        const Expr difference = Minus(start, other);
        if (IsZero(difference, arena_).is_equal()) {
          return true;
        }
        int64_t a = 0;
        int64_t b = 0;
        return SmallRatio(difference, period, a, b) && b == 1;
      });
    });
  };
  applies = true;
  if (!covers(gold_starts, pred_starts) || !covers(pred_starts, gold_starts)) {
    return IsDifferentBy("families");
  }
  return are_bounded_ ? IsUnknownFor("no_rule") : IsEqualBy("families");  // k + 1/2 and k - 1/2, both for k >= 0
}

}  // namespace cupel::math
