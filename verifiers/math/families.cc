// Solutions with a parameter: x = pi/4 + k pi for whole k, whatever the parameter is called and however the family is split.

#include <algorithm>
#include <numeric>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr int64_t kMaxParts = 120;

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
  if (names.size() != 1 || (std::ranges::find(declared, names[0]) == declared.end() && !may_be_silent && !IsPeriodic(item))) {
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

// Two antiderivatives of one variable, both with the constant of integration as a term and nowhere else.
bool Comparer::DifferByConstant(Expr gold, Expr pred) {
  std::vector<Expr> sums;
  for (const Expr side : {gold, pred}) {
    if (!side->Is(Kind::kAdd)) {
      return false;
    }
    std::vector<Expr> terms = side->kids;
    if (std::erase_if(terms, [](Expr term) { return term->IsSymbol("C"); }) != 1 || terms.empty()) {
      return false;
    }
    sums.push_back(terms.size() == 1 ? terms[0] : arena_.Make(Kind::kAdd, std::move(terms)));
  }
  const Expr difference = Minus(sums[0], sums[1]);
  const std::vector<std::string> names = FreeSymbols(difference);
  const bool has_variable = names.size() == 1 && std::string_view("x t u v s z theta").find(names[0]) != std::string_view::npos;
  return has_variable && SameValue(difference, Substitute(arena_, difference, names[0], arena_.Number(Rational(1, 3))), arena_).is_equal();
}

// The same expression with the answer's parameters under the gold's names, in every way to pair them. Parameters are what a clause declares
// and constants of integration, which may be called C, K or by any letter that the gold does not use.
Judgement Comparer::CompareRenamed(Expr gold, Expr pred) {
  const std::vector<std::string> gold_names = FreeSymbols(gold);
  const std::vector<std::string> pred_names = FreeSymbols(pred);
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  };
  const auto is_free = [](const std::string& name) { return name == "C" || name.starts_with("C_") || name.starts_with("c_"); };
  const auto is_constant = [&](const std::string& name) { return is_free(name) || name == "c"; };
  const auto is_letter = [](const std::string& name) {
    return name.size() == 1 && std::string_view("ABDEKMabkmc").find(name[0]) != std::string_view::npos;
  };
  if (options_.imaginary_j && has(pred_names, "j") && pred_names.size() == gold_names.size() + 1 &&
      AnyNode(gold, [](const Node& node) { return node.IsSymbol("i"); })) {
    return CompareByType(gold, Substitute(arena_, pred, "j", arena_.Symbol("i")));
  }
  // A constant of integration may be missing from the answer.
  if (options_.antiderivative_constant && has(gold_names, "C") && gold_names.size() == pred_names.size() + 1 && gold->Is(Kind::kAdd) &&
      std::ranges::any_of(gold->kids, [](Expr kid) { return kid->IsSymbol("C"); })) {
    return CompareByType(Substitute(arena_, gold, "C", arena_.Number(0)), pred);
  }
  // Beside other capitals C is a point or an angle.
  const bool has_capitals = std::ranges::any_of(
      gold_names, [&](const std::string& name) { return name.size() == 1 && 'A' <= name[0] && name[0] <= 'Z' && !is_free(name); });
  if (options_.antiderivative_constant && DifferByConstant(gold, pred)) {
    return IsEqualBy("identity_test");
  }
  // c and C are constants of integration beside a variable only.
  const bool has_variable = std::ranges::any_of(gold_names, [&](const std::string& name) {
    return name == "theta" || (name.size() == 1 && std::string_view("xtuvszrn").find(name[0]) != std::string_view::npos);
  });
  const auto is_capital = [](const std::string& name) {
    return name.size() == 1 && std::string_view("ABDK").find(name[0]) != std::string_view::npos;
  };
  const auto may_pair = [&](const std::string& g, const std::string& p) {
    return has(gold_parameters_, g) || has(pred_parameters_, p) || has(gold_reals_, g) || has(pred_reals_, p) ||
           (is_constant(g) && is_constant(p) && has_variable) || (is_free(g) && is_letter(p) && !has_capitals && has_variable) ||
           (is_free(p) && p != "C" && is_capital(g) && has_variable);
  };
  std::vector<std::string> g;
  std::vector<std::string> p;
  std::ranges::copy_if(gold_names, std::back_inserter(g), [&](const std::string& name) {
    return !has(pred_names, name) || is_constant(name) || has(gold_parameters_, name) || has(gold_reals_, name);
  });
  std::ranges::copy_if(pred_names, std::back_inserter(p), [&](const std::string& name) { return !has(gold_names, name) || has(g, name); });
  constexpr size_t kMaxRenamed = 3;
  if (g.size() != p.size() || g.empty() || g.size() > kMaxRenamed) {
    return {};
  }
  Judgement best;
  do {
    bool fits = g != p;
    for (size_t i = 0; fits && i < g.size(); ++i) {
      fits = g[i] == p[i] || may_pair(g[i], p[i]);
    }
    if (!fits) {
      continue;
    }
    Expr renamed = pred;  // through names that no answer holds, since a letter may be on both sides
    for (size_t i = 0; i < g.size(); ++i) {
      renamed = Substitute(arena_, renamed, p[i], arena_.Symbol("parameter " + std::to_string(i)));
    }
    for (size_t i = 0; i < g.size(); ++i) {
      renamed = Substitute(arena_, renamed, "parameter " + std::to_string(i), arena_.Symbol(g[i]));
    }
    best = CompareByType(gold, renamed);
  } while (!best.is_equal() && std::ranges::next_permutation(p).found);
  return best;
}

}  // namespace cupel::math
