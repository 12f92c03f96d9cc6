#include "verifiers/math/comparer.h"

#include <algorithm>
#include <tuple>

namespace cupel::math {
namespace {

constexpr int kMaxDepth = 24;

bool IsParameterLetter(char c) { return std::string_view("klmnpqKN").find(c) != std::string_view::npos; }

// dy/dx as y'; empty for anything else.
std::string PrimedName(Expr expr) {
  const auto is_total = [](Expr part) { return IsDifferential(part) && part->kid(0)->IsSymbol("d"); };
  const bool is_derivative = expr->Is(Kind::kDivide) && is_total(expr->kid(0)) && is_total(expr->kid(1));
  return is_derivative ? expr->kid(0)->kid(1)->text + "'" : std::string();
}

// y' or y'(x) beside dy/dx
bool IsDerivativeOf(Expr primed, Expr quotient) {
  const std::string name = PrimedName(quotient);
  if (name.empty()) {
    return false;
  }
  const Expr variable = quotient->kid(1)->kid(1);
  const bool is_applied =
      primed->Is(Kind::kApply) && primed->text == name && primed->kids.size() == 1 && SameTree(primed->kid(0), variable);
  return primed->IsSymbol(name) || is_applied;
}

// m and m_{max}, f and f(x), y' and dy/dx: one name, with and without what specifies it.
bool SameBaseName(Expr a, Expr b) {
  if (IsDerivativeOf(a, b) || IsDerivativeOf(b, a)) {
    return true;
  }
  const auto is_name = [](Expr expr) { return expr->Is(Kind::kSymbol) || expr->Is(Kind::kApply); };
  const auto base = [](Expr expr) { return std::string_view(expr->text).substr(0, expr->text.find('_')); };
  const bool one_is_bare = a->text.find('_') == std::string::npos || b->text.find('_') == std::string::npos;
  return is_name(a) && is_name(b) && base(a) == base(b) && one_is_bare && (a->kids.empty() || b->kids.empty());
}

}  // namespace

Judgement Comparer::Compare(Expr gold, Expr pred) {
  if (arena_.is_full()) {
    return IsUnknownFor("budget_nodes");
  }
  if (!arena_.budget().Spend(1)) {
    return IsUnknownFor("budget_steps");
  }
  if (++depth_ > kMaxDepth) {
    --depth_;
    return IsUnknownFor("budget_depth");
  }
  const Judgement judgement = CompareInner(gold, pred);
  --depth_;
  return judgement;
}

// Whether a solution with a whole parameter may be meant although nobody says so: k beside pi or degrees.
bool Comparer::IsPeriodic(Expr expr) {
  return AnyNode(expr, [](const Node& n) { return n.kind == Kind::kSymbol && n.text.size() == 1 && IsParameterLetter(n.text[0]); }) &&
         AnyNode(expr, [](const Node& n) { return n.kind == Kind::kDegree || (n.kind == Kind::kConstant && n.text == "pi"); });
}

Judgement Comparer::CompareInner(Expr gold, Expr pred) {
  if (SameTree(gold, pred)) {
    return IsEqualBy("same_form");
  }
  const Expr whole_gold = gold;
  const Expr whole_pred = pred;
  are_families_ = depth_ == 1 ? AreListsOfVectors(gold, pred) : are_families_;
  const bool may_be_family = depth_ == 1 || (depth_ == 2 && are_families_);
  gold = WithoutDeclarations(gold, gold_parameters_, gold_reals_);
  pred = WithoutDeclarations(pred, pred_parameters_, pred_reals_);
  if (are_parts_joined_) {
    return CompareByType(gold, pred);
  }
  if (!gold_parameters_.empty() || !pred_parameters_.empty() || gold->Is(Kind::kModular) != pred->Is(Kind::kModular) ||
      (IsPeriodic(gold) && IsPeriodic(pred))) {
    bool applies = false;
    if (are_bounded_ ||
        (!gold_parameters_.empty() && !pred_parameters_.empty())) {  // value by value, before families that only cover the same numbers
      if (const Judgement plain = CompareByType(gold, pred); plain.is_equal()) {
        return plain;
      }
      if (const Judgement renamed = CompareRenamed(gold, pred); renamed.is_equal()) {
        return renamed;
      }
    }
    if (const Judgement families = CompareFamilies(gold, pred, applies); applies) {
      return families;
    }
  }
  const Judgement plain = CompareByType(gold, pred);
  if (plain.is_equal() || !options_.param_rename) {
    return plain;
  }
  const Judgement renamed = CompareRenamed(gold, pred);
  if (renamed.is_equal()) {
    return renamed;
  }
  if (!may_be_family) {
    return plain;
  }
  const Judgement affine = CompareAffine(whole_gold, whole_pred);
  return affine.is_equal() || (affine.equality == Equality::kDifferent && plain.equality == Equality::kUnknown) ? affine : plain;
}

// "a 3 x 5 matrix" and one of 5 x 3.
bool Comparer::AreTransposedSizes(Expr gold, Expr pred) {
  const auto is_size = [](Expr expr) {
    return expr->Is(Kind::kQuantity) && expr->text.starts_with("#matrix") && expr->kid(0)->Is(Kind::kMultiply) &&
           std::ranges::all_of(expr->kid(0)->kids, [](Expr kid) { return kid->Is(Kind::kNumber) || kid->IsSymbol("a"); });
  };
  if (!is_size(gold) || !is_size(pred) || gold->kid(0)->kids.size() != pred->kid(0)->kids.size()) {
    return false;
  }
  const std::vector<Expr>& g = gold->kid(0)->kids;
  const std::vector<Expr>& p = pred->kid(0)->kids;
  const size_t n = g.size();
  return SameTree(g[n - 2], p[n - 1]) && SameTree(g[n - 1], p[n - 2]) && !SameTree(g[n - 1], g[n - 2]);
}

Judgement Comparer::CompareByType(Expr gold, Expr pred) {
  if (!are_parts_joined_ && AreFunctionsOfParameters(gold, pred)) {
    are_parts_joined_ = true;  // as a name and its value are
    const Judgement judgement = CompareByType(gold, pred);
    are_parts_joined_ = false;
    return judgement;
  }
  bool applies = false;
  if (const Judgement assigned = CompareAssignments(gold, pred, applies); applies) {
    return assigned;
  }
  if (const Judgement points = CompareNamedPoints(gold, pred, applies); applies) {
    return points;
  }
  if (const Judgement several = CompareSeveralEquations(gold, pred); several.is_equal()) {
    return several;
  }
  Judgement related;
  if (gold->Is(Kind::kRelation) && pred->Is(Kind::kRelation) && gold->text != ":" && pred->text != ":") {
    related = CompareRelated(gold, pred, applies);
    if (applies) {
      return related;
    }
  }
  for (Expr* side : {&gold, &pred}) {
    const Expr other = side == &gold ? pred : gold;
    if (other->Is(Kind::kModular) && (*side)->Is(Kind::kFunction) && (*side)->text == "mod") {
      *side = arena_.Make(Kind::kModular, (*side)->kids);
    }
  }
  if (gold->Is(Kind::kModular) && pred->Is(Kind::kModular)) {
    return CompareModular(gold, pred);
  }
  if (const Judgement labelled = CompareLabelled(gold, pred, applies); applies) {
    return labelled;
  }
  if (related.equality == Equality::kDifferent || !related.problem.empty()) {
    return related;
  }
  if (gold->Is(Kind::kText) || pred->Is(Kind::kText)) {
    return gold->Is(Kind::kText) && pred->Is(Kind::kText) ? IsDifferentBy("text") : IsUnknownFor("needs_prose");
  }
  if (gold->Is(Kind::kCases) || pred->Is(Kind::kCases)) {
    return CompareCases(gold, pred);
  }
  if (AreTransposedSizes(gold, pred)) {
    return IsDifferentBy("order");
  }
  gold = WithoutMatrixArithmetic(gold, pred);
  pred = WithoutMatrixArithmetic(pred, gold);
  if (IsScalar(gold) && IsScalar(pred)) {
    return CompareScalars(gold, pred);
  }
  if (gold->Is(Kind::kRatio) || pred->Is(Kind::kRatio)) {
    return CompareRatios(gold, pred);
  }
  return CompareStructures(gold, pred);
}

// Two relations, as relations. Does not apply where they only name values.
Judgement Comparer::CompareRelated(Expr gold, Expr pred, bool& applies) {
  applies = true;
  if (gold->text.size() == 1 && pred->text.size() == 1) {
    const Judgement relations = CompareRelations(gold, pred);
    const bool same_label =
        (SameTree(gold->kid(0), pred->kid(0)) || SameBaseName(gold->kid(0), pred->kid(0))) && gold->text == "=" && pred->text == "=";
    applies = relations.is_equal() || !same_label;
    return relations;
  }
  if (gold->text.find_first_of("<>lg") != std::string::npos && pred->text.find_first_of("<>lg") != std::string::npos) {
    return CompareRelations(gold, pred);
  }
  // x = y = z in any order.
  if (gold->text.size() > 1 && gold->text == pred->text && gold->text.find_first_not_of('=') == std::string::npos) {
    const Judgement sides = CompareUnordered(gold->kids, pred->kids);
    applies = sides.is_equal();
    return sides;
  }
  applies = false;
  return {};
}

// "x = 5" and "the area: 5" against values and each other.
Judgement Comparer::CompareLabelled(Expr gold, Expr pred, bool& applies) {
  applies = true;
  const auto as_ratio = [&](Expr expr) {
    const bool is_colon = expr->Is(Kind::kRelation) && expr->text == ":" && IsScalar(expr->kid(0)) && IsScalar(expr->kid(1));
    return is_colon ? arena_.Make(Kind::kRatio, expr->kids) : expr;
  };
  if (as_ratio(gold) != gold ? pred->Is(Kind::kDivide) : as_ratio(pred) != pred && gold->Is(Kind::kDivide)) {
    if (const Judgement ratio = CompareRatios(as_ratio(gold), as_ratio(pred)); ratio.is_equal()) {
      return ratio;
    }
  }
  const bool both_labelled = gold->Is(Kind::kRelation) && pred->Is(Kind::kRelation);
  const Expr bare_gold = StripLabel(gold, !both_labelled);
  const Expr bare_pred = StripLabel(pred, !both_labelled);
  if (bare_gold == nullptr) {
    return IsUnknownFor("no_rule");  // what an untrue gold means nobody knows
  }
  if (bare_pred == nullptr) {
    return IsDifferentBy("untrue_chain");
  }
  if (bare_gold != gold || bare_pred != pred) {
    if (!options_.equation_vs_expression && !both_labelled && !FreeSymbols(gold->Is(Kind::kRelation) ? bare_gold : bare_pred).empty()) {
      return IsDifferentBy("types");
    }
    const bool same_name = !both_labelled || SameTree(gold->kid(0), pred->kid(0)) || SameBaseName(gold->kid(0), pred->kid(0)) ||
                           gold->text == ":" || pred->text == ":" || gold->kid(0)->Is(Kind::kText) || pred->kid(0)->Is(Kind::kText);
    return same_name ? Compare(bare_gold, bare_pred) : IsDifferentBy("labels");
  }
  applies = false;
  return {};
}

// Matrices, intervals, tuples, lists: what is neither named nor one number.
Judgement Comparer::CompareStructures(Expr gold, Expr pred) {
  int64_t gold_columns = 0;
  int64_t pred_columns = 0;
  if (gold->Is(Kind::kMatrix) || pred->Is(Kind::kMatrix)) {
    const auto g = MatrixItems(gold, gold_columns);
    const auto p = MatrixItems(pred, pred_columns);
    if (g && p && gold_columns == pred_columns) {
      return CompareSequences(*g, *p);
    }
  }
  bool applies = false;
  if (IsIntervalLike(gold) || IsIntervalLike(pred)) {
    if (const Judgement intervals = CompareIntervals(gold, pred, applies); applies) {
      return intervals;
    }
  }
  if (const Judgement tuples = CompareTuples(gold, pred, applies); applies) {
    return tuples;
  }
  if (const Judgement lists = CompareLists(gold, pred, applies); applies) {
    return lists;
  }
  // A \cup B of sets that have names.
  if (gold->kind == pred->kind && (gold->Is(Kind::kUnion) || gold->Is(Kind::kIntersection))) {
    if (const Judgement parts = CompareUnordered(gold->kids, pred->kids); parts.is_equal()) {
      return parts;
    }
  }
  // n \in S and S
  const auto domain = [](Expr expr) {
    return expr->Is(Kind::kRelation) && expr->text == "e" && expr->kid(0)->Is(Kind::kSymbol) ? expr->kid(1) : expr;
  };
  if (options_.interval_relation && gold->Is(Kind::kRelation) != pred->Is(Kind::kRelation) &&
      (domain(gold) != gold || domain(pred) != pred)) {
    return Compare(domain(gold), domain(pred));
  }
  // x^2 < 4 and (-2, 2): what would have to be solved first.
  const auto is_unsolved = [&](Expr expr) {
    std::string variable;
    return expr->Is(Kind::kRelation) && expr->text.find_first_of("<>lg") != std::string::npos && !Pieces(expr, variable, true);
  };
  if ((is_unsolved(gold) && !IsScalar(pred)) || (is_unsolved(pred) && !IsScalar(gold))) {
    return IsUnknownFor("no_rule");
  }
  const auto is_value = [&](Expr expr) {
    return IsScalar(expr) || IsTupleLike(expr) || ListItems(expr) || IsIntervalLike(expr) || expr->Is(Kind::kRelation);
  };
  return is_value(gold) && is_value(pred) ? IsDifferentBy("types") : IsUnknownFor("no_rule");
}

Judgement Comparer::CompareIntervals(Expr gold, Expr pred, bool& applies) {
  applies = true;
  // (0, 0) is a point and not an interval without a number in it.
  const auto is_point = [](Expr expr) {
    return expr->Is(Kind::kGroup) && expr->text == "()" && expr->kids.size() == 2 && SameTree(expr->kid(0), expr->kid(1));
  };
  if ((gold->Is(Kind::kEmptySet) && is_point(pred)) || (pred->Is(Kind::kEmptySet) && is_point(gold))) {
    return IsDifferentBy("types");
  }
  if (gold->Is(Kind::kGroup) && pred->Is(Kind::kGroup) && gold->kids.size() == 2 && pred->kids.size() == 2) {
    return gold->text == pred->text ? CompareSequences(gold->kids, pred->kids) : IsDifferentBy("brackets");
  }
  // "x < 1 and x > 3" is meant as a union by many, but not beside an "or" that says so.
  const auto joined_by = [](Expr expr, char separator) {
    return expr->Is(Kind::kList) && !expr->text.empty() && expr->text.find_first_not_of(separator) == std::string::npos;
  };
  if (joined_by(gold, '|') && joined_by(pred, '&')) {
    return IsDifferentBy("and_or");
  }
  const bool one_relation = gold->Is(Kind::kRelation) != pred->Is(Kind::kRelation);
  if (!one_relation || options_.interval_relation) {
    std::string variable;
    std::string other;
    const auto g = Pieces(gold, variable, true);
    const auto p = Pieces(pred, other, true);
    if (g && p) {
      return variable.empty() || other.empty() || variable == other ? ComparePieces(*g, *p) : IsDifferentBy("variables");
    }
  }
  // { 2^k | k >= 0 } and { 2^n | n >= 0 }: values of one bound variable.
  const auto bound_name = [&](Expr expr) {
    const bool is_image = expr->Is(Kind::kSetBuilder) && IsScalar(expr->kid(0)) && !expr->kid(0)->Is(Kind::kSymbol);
    const std::vector<std::string> names = is_image ? FreeSymbols(expr->kid(1)) : std::vector<std::string>();
    return names.size() == 1 ? names[0] : std::string();
  };
  const std::string gold_name = bound_name(gold);
  const std::string pred_name = bound_name(pred);
  if (!gold_name.empty() && !pred_name.empty()) {
    std::string ignored;
    const bool has_bounds = RelationPieces(gold->kid(1), ignored) &&
                            RelationPieces(Substitute(arena_, pred->kid(1), pred_name, arena_.Symbol(gold_name)), ignored);
    const Judgement heads = Compare(gold->kid(0), Substitute(arena_, pred->kid(0), pred_name, arena_.Symbol(gold_name)));
    if (has_bounds && heads.is_equal()) {
      return ConditionsConflict({gold->kid(1)}, {pred->kid(1)}) ? IsDifferentBy("conditions") : heads;
    }
  }
  // { x | x \ne k pi } and x \ne k pi: the condition stands for the set.
  const auto condition = [&](Expr expr) {
    const bool is_set = expr->Is(Kind::kSetBuilder) && (expr->kid(0)->Is(Kind::kSymbol) || expr->kid(0)->Is(Kind::kGroup) ||
                                                        (expr->kid(0)->Is(Kind::kRelation) && expr->kid(0)->kid(1)->text == "R"));
    return is_set ? expr->kid(1) : expr;
  };
  const Expr left = condition(gold);
  const Expr right = condition(pred);
  if ((left != gold || right != pred) && options_.interval_relation) {
    if (const Judgement conditions = Compare(left, right); conditions.is_equal()) {
      return conditions;
    }
  }
  applies = false;
  return {};
}

Judgement Comparer::CompareTuples(Expr gold, Expr pred, bool& applies) {
  const auto gold_tuple = TupleItems(gold);
  const auto pred_tuple = TupleItems(pred);
  applies = true;
  if (gold_tuple && pred_tuple) {
    const bool mixed = gold->Is(Kind::kGroup) && pred->Is(Kind::kGroup) && gold->text != pred->text && gold->kids.size() == 2 &&
                       gold->text != "<>" && pred->text != "<>";
    if (mixed || (!options_.vector_tuple && gold->kind != pred->kind)) {
      return IsDifferentBy("brackets");
    }
    if (HasPlusMinus(gold) != HasPlusMinus(pred)) {
      return IsDifferentBy("plus_minus");
    }
    return CompareSequences(*gold_tuple, *pred_tuple);
  }
  if (options_.vector_tuple && (gold_tuple || pred_tuple)) {  // 3i - 2j + k
    const size_t size = gold_tuple ? gold_tuple->size() : pred_tuple->size();
    if (const auto vector = VectorItems(gold_tuple ? pred : gold, size)) {
      return gold_tuple ? CompareSequences(*gold_tuple, *vector) : CompareSequences(*vector, *pred_tuple);
    }
  }
  applies = false;
  return {};
}

Judgement Comparer::CompareLists(Expr gold, Expr pred, bool& applies) {
  applies = true;
  // 2, 3; 4, 5 is not 2, 3, 4, 5.
  const auto has_all = [](Expr expr, const auto& test) { return expr->Is(Kind::kList) && std::ranges::all_of(expr->kids, test); };
  const auto is_list = [](Expr kid) { return kid->Is(Kind::kList); };
  const auto is_scalar = [&](Expr kid) { return IsScalar(kid); };
  if ((has_all(gold, is_list) && has_all(pred, is_scalar)) || (has_all(pred, is_list) && has_all(gold, is_scalar))) {
    return IsDifferentBy("structure");
  }
  // p and q is not p or q; of solutions, "x = 1 and x = 2" and "x = 1 or x = 2" say the same.
  const auto joins_names = [&](Expr expr, char connective) {
    return has_all(expr, [](Expr kid) { return kid->Is(Kind::kSymbol); }) && expr->text.find_first_not_of(connective) == std::string::npos;
  };
  if ((joins_names(gold, '&') && joins_names(pred, '|')) || (joins_names(gold, '|') && joins_names(pred, '&'))) {
    return IsDifferentBy("structure");
  }
  auto gold_list = ListItems(gold);
  auto pred_list = ListItems(pred);
  if (gold_list && pred_list) {
    const Judgement linked = CompareUnordered(*gold_list, *pred_list);
    if (linked.is_equal() || !options_.plus_minus_independent || (!HasPlusMinus(gold) && !HasPlusMinus(pred))) {
      return linked;
    }
    // Several signs of plus or minus may also be meant independently.
    independent_signs_ = true;
    gold_list = ListItems(gold);
    pred_list = ListItems(pred);
    independent_signs_ = false;
    const Judgement independent = gold_list && pred_list ? CompareUnordered(*gold_list, *pred_list) : linked;
    return independent.is_equal() ? independent : linked;
  }
  for (const auto& [list, tuple, is_gold] : {std::tuple{&gold_list, pred, true}, std::tuple{&pred_list, gold, false}}) {
    const auto items = TupleItems(tuple);
    if (!*list || !items || !tuple->Is(Kind::kGroup) || (*list)->empty() || IsTupleLike((**list)[0])) {
      continue;
    }
    if (tuple->text == "[]" && items->size() != 2) {  // a list as programs write it
      return is_gold ? CompareUnordered(**list, *items) : CompareUnordered(*items, **list);
    }
    if (tuple->text != "()") {
      return IsDifferentBy("brackets");
    }
    return is_gold ? CompareSequences(**list, *items) : CompareSequences(*items, **list);
  }
  // {5} may be 5, but a set of one set is not that set.
  const auto is_set = [](Expr expr) { return expr->Is(Kind::kSet) || expr->Is(Kind::kEmptySet); };
  const auto holds_set = [&](Expr expr) { return expr->Is(Kind::kSet) && expr->kids.size() == 1 && is_set(expr->kid(0)); };
  if ((holds_set(gold) && is_set(pred)) || (holds_set(pred) && is_set(gold))) {
    return IsDifferentBy("structure");
  }
  if (gold_list && gold_list->size() == 1) {
    return Compare((*gold_list)[0], pred);
  }
  if (pred_list && pred_list->size() == 1) {
    return Compare(gold, (*pred_list)[0]);
  }
  applies = false;
  return {};
}

}  // namespace cupel::math
