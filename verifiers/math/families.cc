// Solutions with a parameter: x = pi/4 + k pi for whole k, whatever the parameter is called and however the family is split.

#include <algorithm>
#include <numeric>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr int64_t kMaxParts = 120;

// start + step * k for all whole k.
struct Progression {
  Expr start = nullptr;
  Expr step = nullptr;
};

// The whole-number ratio p / q of two constants, both small; false when there is none that an exact comparison confirms.
bool SmallRatio(Expr a, Expr b, Arena& arena, int64_t& p, int64_t& q) {
  Ball left;
  Ball right;
  const Bindings bindings;
  if (EvaluateBall(a, bindings, 128, arena.budget(), left) != EvalStatus::kOk ||
      EvaluateBall(b, bindings, 128, arena.budget(), right) != EvalStatus::kOk || !left.is_real() || !right.is_real() ||
      right.ContainsZero()) {
    return false;
  }
  acb_div(left.get(), left.get(), right.get(), 128);
  for (q = 1; q <= 60; ++q) {
    Ball scaled;
    acb_mul_si(scaled.get(), left.get(), q, 128);
    Rational whole;
    if (scaled.is_finite() && arb_get_unique_fmpz(fmpq_numref(whole.get()), scaled.real()) != 0 && whole.ToInt(p)) {
      return true;
    }
    // A ball around a whole number that is not exact holds it in its interior.
    arf_get_fmpz(fmpq_numref(whole.get()), arb_midref(scaled.real()), ARF_RND_NEAR);
    if (arb_contains_fmpz(scaled.real(), whole.numerator()) != 0 && whole.ToInt(p)) {
      return SameValue(arena.Make(Kind::kMultiply, {arena.Number(q), a}), arena.Make(Kind::kMultiply, {arena.Number(p), b}), arena)
          .is_equal();
    }
  }
  return false;
}

}  // namespace

// Both answers as unions of progressions in one parameter each: equal when they leave the same residues modulo a common period.
Judgement Comparer::CompareFamilies(Expr gold, Expr pred, bool& applies) {
  applies = false;
  const auto is_congruence = [](const Node& node) { return node.kind == Kind::kModular; };
  const bool has_congruence = AnyNode(gold, is_congruence) != AnyNode(pred, is_congruence);
  const auto progressions = [&](Expr expr, const std::vector<std::string>& declared, const std::vector<std::string>& others,
                                std::vector<Progression>& result) {
    std::vector<Expr> items;
    if (const auto list = ListItems(expr)) {
      items = *list;
    } else {
      const Expr bare = StripLabel(expr, true);
      if (bare == nullptr) {
        return false;
      }
      items.push_back(bare);
    }
    for (const Expr item : items) {
      if (item->Is(Kind::kModular)) {
        const Expr relation = item->kid(0);
        result.push_back({relation->Is(Kind::kRelation) ? relation->kids.back() : relation, item->kid(1)});
        continue;
      }
      if (!IsScalar(item)) {
        return false;
      }
      const std::vector<std::string> names = FreeSymbols(item);
      const bool may_be_silent = declared.empty() && (!others.empty() || has_congruence);
      if (names.size() != 1 || (std::ranges::find(declared, names[0]) == declared.end() && !may_be_silent)) {
        return false;
      }
      const Expr start = Substitute(arena_, item, names[0], arena_.Number(0));
      const Expr next = Substitute(arena_, item, names[0], arena_.Number(1));
      const Expr after = Substitute(arena_, item, names[0], arena_.Number(2));
      const Expr step = Minus(next, start);
      if (!SameValue(Minus(after, next), step, arena_).is_equal() || IsZero(step, arena_).is_equal()) {
        return false;
      }
      result.push_back({start, step});
    }
    return !result.empty();
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
      if (!SmallRatio(item.step, unit, arena_, a, b) || a == 0 || std::abs(a) > 1000) {
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
        return SmallRatio(difference, period, arena_, a, b) && b == 1;
      });
    });
  };
  applies = true;
  return covers(gold_starts, pred_starts) && covers(pred_starts, gold_starts) ? IsEqualBy("families") : IsDifferentBy("families");
}

// The same expression with the answer's parameters under the gold's names, where both declare as many and only those differ.
Judgement Comparer::CompareRenamed(Expr gold, Expr pred) {
  std::vector<std::string> gold_only = FreeSymbols(gold);
  std::vector<std::string> pred_only = FreeSymbols(pred);
  const std::vector<std::string> gold_names = gold_only;
  std::erase_if(gold_only, [&](const std::string& name) { return std::ranges::find(pred_only, name) != pred_only.end(); });
  std::erase_if(pred_only, [&](const std::string& name) { return std::ranges::find(gold_names, name) != gold_names.end(); });
  const auto is_constant = [](const std::string& name) {
    return name == "C" || name.starts_with("C_") || name == "c" || name.starts_with("c_");
  };
  const auto declared = [&](const std::vector<std::string>& parameters, const std::string& name) {
    return std::ranges::find(parameters, name) != parameters.end();
  };
  if (options_.imaginary_j && pred_only == std::vector<std::string>{"j"} && gold_only.empty() &&
      AnyNode(gold, [](const Node& node) { return node.IsSymbol("i"); })) {
    return CompareByType(gold, Substitute(arena_, pred, "j", arena_.Symbol("i")));
  }
  // A constant of integration may be missing from the answer.
  if (gold_only == std::vector<std::string>{"C"} && pred_only.empty() && gold->Is(Kind::kAdd) &&
      std::ranges::any_of(gold->kids, [](Expr kid) { return kid->IsSymbol("C"); })) {
    return CompareByType(Substitute(arena_, gold, "C", arena_.Number(0)), pred);
  }
  if (gold_only.size() != pred_only.size() || gold_only.empty() || gold_only.size() > 3) {
    return {};
  }
  bool any = false;
  for (size_t i = 0; i < gold_only.size(); ++i) {
    const bool a = declared(gold_parameters_, gold_only[i]);
    const bool b = declared(pred_parameters_, pred_only[i]);
    if (!a && !b && !(is_constant(gold_only[i]) && is_constant(pred_only[i]))) {
      return {};
    }
    any = true;
    pred = Substitute(arena_, pred, pred_only[i], arena_.Symbol(gold_only[i]));
  }
  return any ? CompareByType(gold, pred) : Judgement{};
}

}  // namespace cupel::math
