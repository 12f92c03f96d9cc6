// Lines as a point and a direction: "(1, 2, 3) + t (2, -1, 4)", whichever of their points and directions are named.

#include <algorithm>
#include <array>

#include "verifiers/math/comparer.h"

namespace cupel::math {
namespace {

// What the parameter of a line is called. Other letters are given numbers, or whole ones.
bool IsParameterOfLine(Expr expr) {
  constexpr auto kNames = std::to_array<std::string_view>({"t", "s", "u", "v", "r", "lambda", "mu", "tau", "t_1", "t_2", "s_1", "s_2"});
  return expr->Is(Kind::kSymbol) && std::ranges::find(kNames, expr->text) != kNames.end();
}

// Nothing beside the value but "t \in R": a condition makes a ray, a segment or points of the line, and so may words.
bool IsPlain(const Reading& reading) {
  const Expr expr = reading.expr;
  const bool is_list = expr->Is(Kind::kList);
  return !reading.is_cut && reading.words.empty() && reading.conditions.empty() && reading.parameters.empty() &&
         (!is_list || std::all_of(expr->kids.begin() + 1, expr->kids.end(), &IsAnyReal));
}

}  // namespace

// Nothing where the expression is no sum of a constant point and a parameter's multiple of a constant direction, in any order. Under "r(t)
// =" it is a function of t.
std::optional<Comparer::Line> Comparer::AsLine(Expr expr) {
  if (!expr->Is(Kind::kAdd) || expr->kids.size() != 2) {
    return std::nullopt;
  }
  const auto constants = [&](Expr tuple) -> std::optional<std::vector<Expr>> {
    std::optional<std::vector<Expr>> items = tuple->Is(Kind::kGroup) || tuple->Is(Kind::kMatrix) ? TupleItems(tuple) : std::nullopt;
    const bool are_constant =
        items && items->size() > 1 && std::ranges::all_of(*items, [&](Expr item) { return IsScalar(item) && FreeSymbols(item).empty(); });
    return are_constant ? items : std::nullopt;
  };
  for (const size_t at : {0, 1}) {
    const std::optional<std::vector<Expr>> point = constants(expr->kid(at));
    const Expr other = expr->kid(1 - at);
    const Expr multiple = other->Is(Kind::kNegate) ? other->kid(0) : other;  // the sense of a direction says nothing
    if (!point || !multiple->Is(Kind::kMultiply) || multiple->kids.size() != 2) {
      continue;
    }
    for (const size_t side : {0, 1}) {
      const std::optional<std::vector<Expr>> direction = constants(multiple->kid(1 - side));
      const Expr parameter = multiple->kid(side);
      const auto is_named = [&](const std::vector<std::string>& names) {
        return std::ranges::any_of(
            names, [&](const std::string& name) { return name == parameter->text || name.ends_with("_" + parameter->text); });
      };
      if (direction && direction->size() == point->size() && IsParameterOfLine(parameter) && !is_named(gold_parameters_) &&
          !is_named(pred_parameters_) && !is_named(label_names_)) {
        return Line{*point, *direction};
      }
    }
  }
  return std::nullopt;
}

// Whether two vectors of one size point the same way or the opposite one: every determinant of two of their components is zero.
Judgement Comparer::AreParallel(const std::vector<Expr>& a, const std::vector<Expr>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = i + 1; j < a.size(); ++j) {
      const Judgement zero = IsZero(Minus(arena_.Make(Kind::kMultiply, {a[i], b[j]}), arena_.Make(Kind::kMultiply, {a[j], b[i]})), arena_);
      if (!zero.is_equal()) {
        return zero;
      }
    }
  }
  return IsEqualBy("lines");
}

bool Comparer::AreWholeLines(const Reading& gold, const Reading& pred) { return IsPlain(gold) && IsPlain(pred); }

Judgement Comparer::CompareLines(Expr gold, Expr pred, bool& applies) {
  const std::optional<Line> g = AsLine(gold);
  const std::optional<Line> p = g && are_whole_lines_ ? AsLine(pred) : std::nullopt;
  applies = p.has_value();
  if (!applies) {
    return {};
  }
  if (g->point.size() != p->point.size()) {
    return IsDifferentBy("lengths");
  }
  const auto is_direction = [&](const std::vector<Expr>& vector) {
    return std::ranges::any_of(vector, [&](Expr item) { return IsZero(item, arena_).equality == Equality::kDifferent; });
  };
  if (!is_direction(g->direction) || !is_direction(p->direction)) {
    return IsUnknownFor("no_rule");
  }
  std::vector<Expr> between;
  for (size_t i = 0; i < g->point.size(); ++i) {
    between.push_back(Minus(p->point[i], g->point[i]));
  }
  const Judgement directions = AreParallel(g->direction, p->direction);
  const Judgement points = directions.is_equal() ? AreParallel(g->direction, between) : directions;
  return points.equality == Equality::kDifferent ? IsDifferentBy("lines") : points;
}

}  // namespace cupel::math
