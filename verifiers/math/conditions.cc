// What an answer says about its parameters beside the value itself: bounds, and where an extreme value is taken.

#include <algorithm>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

// Letters that stand for whole numbers where they are bounded.
bool IsWholeLetter(std::string_view name) {
  return name.size() == 1 && std::string_view("ijklmnpqKMN").find(name[0]) != std::string_view::npos;
}

// k > 0 is k >= 1 for a whole k.
void CloseEnd(Expr& end, bool& closed, int64_t step, Arena& arena) {
  Rational value;
  if (end != nullptr && !closed && EvaluateRational(end, arena.budget(), value) == EvalStatus::kOk && value.is_integer()) {
    end = arena.Number(value + Rational(step));
    closed = true;
  }
}

// The one name that a condition is about; empty for more of them or none.
std::string NameOf(Expr condition) {
  const std::vector<std::string> names = FreeSymbols(condition);
  return names.size() == 1 ? names[0] : std::string();
}

bool IsInequality(Expr condition) { return condition->text.find_first_not_of("<>lg") == std::string::npos; }

bool IsException(Expr condition) { return condition->Is(Kind::kRelation) && condition->text == "!"; }

std::vector<std::string> Names(const std::vector<Expr>& conditions) {
  std::vector<std::string> names;
  for (const Expr condition : conditions) {
    std::string name = NameOf(condition);
    if (!name.empty() && std::ranges::find(names, name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

// Whether the conditions are about one name, which the other answer uses as well.
bool AreAboutOthers(const std::vector<Expr>& conditions, Expr other) {
  const std::vector<std::string> names = Names(conditions);
  const std::vector<std::string> used = FreeSymbols(other->Is(Kind::kList) ? other->kid(0) : other);
  return names.size() == 1 && std::ranges::find(used, names[0]) != used.end();
}

// x^2 + y^2 = 4 with y >= 0 is half of the circle; y = \sqrt{x} with x >= 0 is all of it. Whether one of the conditions is about a
// coordinate of a curve or a region.
bool CutFigure(Expr expr, const std::vector<Expr>& conditions, const std::vector<std::string>& said) {
  const Expr statement = expr->Is(Kind::kList) ? expr->kid(0) : expr;
  const bool is_implicit = statement->Is(Kind::kRelation) && statement->text.size() == 1 &&
                           std::string_view("=<>lg").find(statement->text[0]) != std::string_view::npos &&
                           !statement->kid(0)->Is(Kind::kSymbol) && !statement->kid(0)->Is(Kind::kApply);
  const std::vector<std::string> names = is_implicit ? FreeSymbols(statement) : std::vector<std::string>();
  const auto is_coordinate = [](const std::string& name) { return name == "x" || name == "y" || name == "z"; };
  return std::ranges::count_if(names, is_coordinate) > 1 && std::ranges::any_of(conditions, [&](Expr condition) {
           const std::string name = NameOf(condition);
           return IsBound(condition) && is_coordinate(name) && std::ranges::find(names, name) != names.end() &&
                  std::ranges::find(said, name) == said.end();
         });
}

}  // namespace

std::vector<Expr> Comparer::ConditionsOf(const Reading& reading) {
  std::vector<Expr> conditions = reading.conditions;
  const Expr expr = reading.expr;
  const bool is_list = expr->Is(Kind::kList) && expr->kids.size() > 1;
  const bool has_statement = is_list && (!expr->kid(0)->Is(Kind::kRelation) || expr->kid(0)->text == "=");
  for (size_t i = 1; has_statement && i < expr->kids.size(); ++i) {
    const Expr kid = expr->kid(i);
    if (IsBound(kid)) {
      conditions.push_back(kid);
    }
  }
  return conditions;
}

bool Comparer::HasBound(const Reading& reading) { return std::ranges::any_of(ConditionsOf(reading), &IsInequality); }

// The values that conditions of one kind, bounds or exceptions ("x \\ne 1"), leave to one name. Empty where there are none, or they cannot
// be read.
std::optional<std::vector<Piece>> Comparer::Allowed(const std::vector<Expr>& conditions, std::string_view name, bool are_exceptions) {
  std::optional<std::vector<Piece>> allowed;
  for (const Expr condition : conditions) {
    if (NameOf(condition) != name || IsException(condition) != are_exceptions) {
      continue;
    }
    std::string variable;
    std::optional<std::vector<Piece>> pieces = RelationPieces(condition, variable);
    allowed = pieces && allowed ? Intersect(*allowed, *pieces) : pieces;
    if (!allowed) {
      return std::nullopt;
    }
  }
  if (allowed && IsWholeLetter(name)) {
    for (Piece& piece : *allowed) {
      CloseEnd(piece.low, piece.low_closed, 1, arena_);
      CloseEnd(piece.high, piece.high_closed, -1, arena_);
    }
  }
  return allowed;
}

bool Comparer::ConditionsConflict(const std::vector<Expr>& gold, const std::vector<Expr>& pred) {
  std::vector<std::string> gold_names = Names(gold);
  std::vector<std::string> pred_names = Names(pred);
  if (gold_names.size() == 1 && pred_names.size() == 1) {  // whatever the parameter is called
    return NamesConflict(gold, gold_names[0], pred, pred_names[0]);
  }
  return std::ranges::any_of(gold_names, [&](const std::string& name) { return NamesConflict(gold, name, pred, name); });
}

bool Comparer::NamesConflict(const std::vector<Expr>& gold, std::string_view gold_name, const std::vector<Expr>& pred,
                             std::string_view pred_name) {
  const auto differ = [&](const auto& g, const auto& p) { return g && p && ComparePieces(*g, *p).equality == Equality::kDifferent; };
  const auto gold_bounds = Allowed(gold, gold_name, false);
  const auto pred_bounds = Allowed(pred, pred_name, false);
  const auto gold_exceptions = Allowed(gold, gold_name, true);
  const auto pred_exceptions = Allowed(pred, pred_name, true);
  if (differ(gold_bounds, pred_bounds) || differ(gold_exceptions, pred_exceptions)) {
    return true;
  }
  // One side may leave out what the other says, but x > 0 and x \ne 0 are two things to say.
  return (!gold_exceptions && !pred_bounds && differ(gold_bounds, pred_exceptions)) ||
         (!gold_bounds && !pred_exceptions && differ(gold_exceptions, pred_bounds));
}

Equality Comparer::CompareConditions(const Reading& gold, const Reading& pred) {
  const std::vector<Expr> g = ConditionsOf(gold);
  const std::vector<Expr> p = ConditionsOf(pred);
  if ((IsPeriodic(gold.expr) && g.empty() && std::ranges::any_of(p, &IsInequality)) ||
      (IsPeriodic(pred.expr) && p.empty() && std::ranges::any_of(g, &IsInequality))) {
    return Equality::kDifferent;  // 2 k pi for all k, and for positive ones
  }
  const std::vector<std::string> gold_names = Names(g);
  const std::vector<std::string> pred_names = Names(p);
  if (CutFigure(gold.expr, g, pred_names) || CutFigure(pred.expr, p, gold_names)) {
    return Equality::kUnknown;
  }
  if (gold_names.size() == 1 && pred_names.size() == 1 && gold_names != pred_names) {
    const bool gold_is_about_pred = AreAboutOthers(g, pred.expr);
    const bool pred_is_about_gold = AreAboutOthers(p, gold.expr);
    if (gold_is_about_pred && pred_is_about_gold) {
      return Equality::kUnknown;  // x^2 + y^2 = 1 with x \ne 0, and with y \ne \pm 1
    }
    if (gold_is_about_pred || pred_is_about_gold) {
      return Equality::kEqual;  // a constant C in R, and x > 0: two names, not one by two
    }
  }
  return ConditionsConflict(g, p) ? Equality::kDifferent : Equality::kEqual;
}

}  // namespace cupel::math
