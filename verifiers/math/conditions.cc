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

}  // namespace

std::vector<Expr> Comparer::ConditionsOf(const Reading& reading) {
  std::vector<Expr> conditions = reading.conditions;
  const Expr expr = reading.expr;
  const bool is_list = expr->Is(Kind::kList) && expr->kids.size() > 1;
  const bool has_statement = is_list && (!expr->kid(0)->Is(Kind::kRelation) || expr->kid(0)->text == "=");
  for (size_t i = 1; has_statement && i < expr->kids.size(); ++i) {
    const Expr kid = expr->kid(i);
    if (kid->Is(Kind::kRelation) && kid->text.find_first_not_of("<>lg") == std::string::npos) {
      conditions.push_back(kid);
    }
  }
  return conditions;
}

bool Comparer::ConditionsConflict(Expr gold, Expr pred, bool same_name) {
  const std::string gold_name = NameOf(gold);
  const std::string pred_name = NameOf(pred);
  if (gold_name.empty() || pred_name.empty() || (same_name && gold_name != pred_name)) {
    return false;
  }
  std::string variable;
  std::string other;
  auto g = RelationPieces(gold, variable);
  auto p = RelationPieces(pred, other);
  if (!g || !p) {
    return false;
  }
  if (IsWholeLetter(gold_name) && IsWholeLetter(pred_name)) {
    for (auto* pieces : {&*g, &*p}) {
      for (Piece& piece : *pieces) {
        CloseEnd(piece.low, piece.low_closed, 1, arena_);
        CloseEnd(piece.high, piece.high_closed, -1, arena_);
      }
    }
  }
  return ComparePieces(*g, *p).equality == Equality::kDifferent;
}

bool Comparer::ConditionsDiffer(const Reading& gold, const Reading& pred) {
  const std::vector<Expr> g = ConditionsOf(gold);
  const std::vector<Expr> p = ConditionsOf(pred);
  const auto is_bound = [](Expr condition) { return condition->text.find_first_not_of("<>lg") == std::string::npos; };
  if ((IsPeriodic(gold.expr) && g.empty() && std::ranges::any_of(p, is_bound)) ||
      (IsPeriodic(pred.expr) && p.empty() && std::ranges::any_of(g, is_bound))) {
    return true;  // 2 k pi for all k, and for positive ones
  }
  const bool is_one = g.size() == 1 && p.size() == 1;  // whatever the parameter is called
  return std::ranges::any_of(
      g, [&](Expr left) { return std::ranges::any_of(p, [&](Expr right) { return ConditionsConflict(left, right, !is_one); }); });
}

}  // namespace cupel::math
