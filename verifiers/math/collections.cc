#include <algorithm>
#include <functional>

#include "verifiers/math/comparer.h"

namespace cupel::math {
namespace {

constexpr int kMaxDepth = 24;
constexpr size_t kMaxUnordered = 512;

bool HasPlusMinus(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kPlusMinus; });
}

// k \in \mathbb{Z}; n = 0, 1, 2, ...; k integer.
bool IsDeclaration(Expr expr) {
  return expr->Is(Kind::kRelation) && expr->text == "e" && (expr->kid(1)->Is(Kind::kNamedSet) || expr->kid(1)->Is(Kind::kPower)) &&
         !expr->kid(0)->Is(Kind::kNumber);
}

// m and m_{max}, f and f(x): one name, with and without what specifies it.
bool SameBaseName(Expr a, Expr b) {
  const auto is_name = [](Expr expr) { return expr->Is(Kind::kSymbol) || expr->Is(Kind::kApply); };
  const auto base = [](Expr expr) { return std::string_view(expr->text).substr(0, expr->text.find('_')); };
  const bool one_is_bare = a->text.find('_') == std::string::npos || b->text.find('_') == std::string::npos;
  return is_name(a) && is_name(b) && base(a) == base(b) && one_is_bare && (a->kids.empty() || b->kids.empty());
}

}  // namespace

Expr Comparer::SplitPlusMinus(Expr expr, bool upper) {
  if (expr->kids.empty()) {
    return expr;
  }
  Node node = *expr;
  for (Expr& kid : node.kids) {
    kid = SplitPlusMinus(kid, upper);
  }
  if (!expr->Is(Kind::kPlusMinus)) {
    return arena_.Add(std::move(node));
  }
  const bool plus = (expr->text == "+-") == upper;
  const Expr last = plus ? node.kids.back() : arena_.Make(Kind::kNegate, {node.kids.back()});
  return node.kids.size() == 1 ? last : arena_.Make(Kind::kAdd, {node.kids[0], last});
}

// All signs of one expression go together.
void Comparer::ExpandPlusMinus(Expr expr, std::vector<Expr>& items) {
  if (!HasPlusMinus(expr)) {
    items.push_back(expr);
    return;
  }
  items.push_back(SplitPlusMinus(expr, true));
  items.push_back(SplitPlusMinus(expr, false));
}

// Takes "k \in Z" off the end of a list or out of a set's conditions.
Expr Comparer::WithoutDeclarations(Expr expr, std::vector<std::string>& parameters) {
  if (expr->Is(Kind::kSetBuilder) && IsDeclaration(expr->kid(1)) && !expr->kid(0)->Is(Kind::kSymbol)) {
    for (const std::string& name : FreeSymbols(expr->kid(1)->kid(0))) {
      parameters.push_back(name);
    }
    return expr->kid(0);
  }
  if (!expr->Is(Kind::kList)) {
    return expr;
  }
  std::vector<Expr> items = expr->kids;
  std::string separators = expr->text;
  while (items.size() > 1 && IsDeclaration(items.back())) {
    if (items.back()->kid(1)->text != "R") {
      for (const std::string& name : FreeSymbols(items.back()->kid(0))) {
        parameters.push_back(name);
      }
    }
    items.pop_back();
    separators.pop_back();
    if (items.size() > 1 && items.back()->Is(Kind::kSymbol)) {  // m, n \in Z
      parameters.push_back(items.back()->text);
      items.pop_back();
      separators.pop_back();
    }
  }
  // "a_n = 2n, n >= 1": a bound of a variable of what stands before.
  const auto is_bound = [&](Expr item) {
    if (!item->Is(Kind::kRelation) || item->text.find_first_not_of("<>lg!") != std::string::npos) {
      return false;
    }
    const std::vector<std::string> inner = FreeSymbols(item);
    const std::vector<std::string> outer = FreeSymbols(items[0]);
    const bool is_statement = !items[0]->Is(Kind::kRelation) || items[0]->text == "=";
    return is_statement && inner.size() == 1 && std::ranges::find(outer, inner[0]) != outer.end() && !items[0]->IsSymbol(inner[0]) &&
           !(items[0]->Is(Kind::kRelation) && items[0]->kid(0)->IsSymbol(inner[0]));
  };
  while (items.size() == 2 && separators[0] == ',' && is_bound(items.back())) {
    items.pop_back();
    separators.pop_back();
  }
  if (items.size() == expr->kids.size()) {
    return expr;
  }
  return items.size() == 1 ? items[0] : arena_.Make(Kind::kList, std::move(items), separators);
}

bool Comparer::IsTupleLike(Expr expr) { return (expr->Is(Kind::kGroup) && expr->kids.size() >= 2) || expr->Is(Kind::kMatrix); }

std::optional<std::vector<Expr>> Comparer::TupleItems(Expr expr) {
  if (expr->Is(Kind::kGroup) && (expr->text == "()" || expr->text == "<>" || expr->text == "[]") && !expr->kids.empty()) {
    return expr->kids;
  }
  if (expr->Is(Kind::kMatrix) && (expr->info == 1 || expr->info == std::ssize(expr->kids))) {
    return expr->kids;
  }
  return std::nullopt;
}

// Sums, negatives and multiples of matrices as one matrix; null for everything else.
Expr Comparer::MatrixValue(Expr expr) {
  const auto map = [&](Expr matrix, const auto& change) {
    std::vector<Expr> cells;
    for (const Expr cell : matrix->kids) {
      cells.push_back(change(cell));
    }
    return arena_.Make(Kind::kMatrix, std::move(cells), {}, matrix->info);
  };
  if (expr->Is(Kind::kMatrix)) {
    return expr;
  }
  if (expr->Is(Kind::kNegate)) {
    const Expr inner = MatrixValue(expr->kid(0));
    return inner == nullptr ? nullptr : map(inner, [&](Expr cell) { return arena_.Make(Kind::kNegate, {cell}); });
  }
  if (expr->Is(Kind::kMultiply) || expr->Is(Kind::kDivide)) {
    const size_t at = expr->Is(Kind::kDivide) ? 0 : expr->kids.size() - 1;
    const Expr inner = MatrixValue(expr->kid(at));
    if (inner == nullptr) {
      return nullptr;
    }
    std::vector<Expr> factors;
    for (const Expr kid : expr->kids) {
      if (kid != expr->kid(at) && !IsScalar(kid)) {
        return nullptr;
      }
      factors.push_back(kid);
    }
    return map(inner, [&](Expr cell) {
      factors[at] = cell;
      return arena_.Make(expr->kind, factors);
    });
  }
  if (!expr->Is(Kind::kAdd)) {
    return nullptr;
  }
  Expr sum = MatrixValue(expr->kid(0));
  for (size_t i = 1; sum != nullptr && i < expr->kids.size(); ++i) {
    const Expr other = MatrixValue(expr->kid(i));
    if (other == nullptr || other->info != sum->info || other->kids.size() != sum->kids.size()) {
      return nullptr;
    }
    size_t at = 0;
    sum = map(sum, [&](Expr cell) { return arena_.Make(Kind::kAdd, {cell, other->kid(at++)}); });
  }
  return sum;
}

// A matrix, or lists inside a list, of rows of one length.
std::optional<std::vector<Expr>> Comparer::MatrixItems(Expr expr, int64_t& columns) {
  if (expr->Is(Kind::kMatrix)) {
    columns = expr->info;
    return expr->kids;
  }
  if (!expr->Is(Kind::kGroup) || expr->kids.empty()) {
    return std::nullopt;
  }
  std::vector<Expr> cells;
  for (const Expr row : expr->kids) {
    if (!row->Is(Kind::kGroup) || row->kids.size() != expr->kid(0)->kids.size()) {
      return std::nullopt;
    }
    cells.insert(cells.end(), row->kids.begin(), row->kids.end());
  }
  columns = std::ssize(expr->kid(0)->kids);
  return cells;
}

// What a list without order holds, plus-minus expanded and labels stripped. nullopt for what is no list.
std::optional<std::vector<Expr>> Comparer::ListItems(Expr expr) {
  std::vector<Expr> items;
  if (expr->Is(Kind::kSet) || expr->Is(Kind::kList)) {
    for (const Expr kid : expr->kids) {
      Expr item = kid;
      if (expr->Is(Kind::kList) && item->Is(Kind::kRelation)) {
        item = StripLabel(item, true);
        if (item == nullptr) {
          return std::nullopt;
        }
      }
      std::vector<Expr> inner;
      if (expr->Is(Kind::kList) && item->Is(Kind::kList) && std::ranges::all_of(item->kids, [&](Expr part) { return IsScalar(part); })) {
        inner = item->kids;
      } else if (item->Is(Kind::kSet) && kid->Is(Kind::kRelation)) {
        inner = item->kids;
      } else {
        inner.push_back(item);
      }
      for (const Expr value : inner) {
        ExpandPlusMinus(value, items);
      }
    }
    return items;
  }
  if (expr->Is(Kind::kRelation) && expr->text == "e" && expr->kid(1)->Is(Kind::kSet)) {
    return ListItems(expr->kid(1));
  }
  if (expr->Is(Kind::kRelation) && expr->text[0] == '=') {
    const Expr value = StripLabel(expr, true);
    return value == nullptr || value == expr ? std::nullopt : ListItems(value);
  }
  if (HasPlusMinus(expr)) {
    ExpandPlusMinus(expr, items);
    return items;
  }
  if (expr->Is(Kind::kUnion)) {
    for (const Expr kid : expr->kids) {
      if (!kid->Is(Kind::kSet)) {
        return std::nullopt;
      }
      const std::optional<std::vector<Expr>> inner = ListItems(kid);
      items.insert(items.end(), inner->begin(), inner->end());
    }
    return items;
  }
  return std::nullopt;
}

Judgement Comparer::CompareSequences(const std::vector<Expr>& gold, const std::vector<Expr>& pred) {
  if (gold.size() != pred.size()) {
    return IsDifferentBy("number_of_parts");
  }
  Judgement judgement = IsEqualBy("parts");
  for (size_t i = 0; i < gold.size(); ++i) {
    const Judgement part = Compare(gold[i], pred[i]);
    if (part.equality == Equality::kDifferent) {
      return part;
    }
    if (!part.is_equal()) {
      judgement = part;
    }
  }
  return judgement;
}

// A perfect matching by augmenting paths: equality up to rounding is not transitive, so neither sorting nor greedy choice would do.
Judgement Comparer::CompareUnordered(const std::vector<Expr>& gold, const std::vector<Expr>& pred) {
  if (gold.size() != pred.size()) {
    return IsDifferentBy("number_of_parts");
  }
  if (gold.size() > kMaxUnordered) {
    return IsUnknownFor("budget_steps");
  }
  const size_t n = gold.size();
  bool has_unknown = false;
  std::vector<std::vector<signed char>> known(n, std::vector<signed char>(n, -1));
  const auto same = [&](size_t i, size_t j) {
    if (known[i][j] < 0) {
      const Judgement part = Compare(gold[i], pred[j]);
      has_unknown = has_unknown || part.equality == Equality::kUnknown;
      known[i][j] = part.is_equal() ? 1 : 0;
    }
    return known[i][j] == 1;
  };
  std::vector<size_t> owner(n, n);
  for (size_t i = 0; i < n; ++i) {
    std::vector<bool> seen(n, false);
    const std::function<bool(size_t, int)> place = [&](size_t item, int depth) {
      for (size_t j = 0; j < n; ++j) {
        if (seen[j] || !arena_.budget().Spend(1) || !same(item, j)) {
          continue;
        }
        seen[j] = true;
        if (owner[j] == n || (depth < 40 && place(owner[j], depth + 1))) {
          owner[j] = item;
          return true;
        }
      }
      return false;
    };
    if (!place(i, 0)) {
      return arena_.budget().is_spent() ? IsUnknownFor("budget_steps") : has_unknown ? IsUnknownFor("no_rule") : IsDifferentBy("matching");
    }
  }
  return IsEqualBy("matching");
}

Judgement Comparer::CompareCases(Expr gold, Expr pred) {
  if (gold->kids.size() != pred->kids.size()) {
    return IsDifferentBy("number_of_parts");
  }
  std::vector<Expr> g;
  std::vector<Expr> p;
  for (size_t i = 0; i < gold->kids.size(); i += 2) {
    g.push_back(arena_.Make(Kind::kGroup, {gold->kid(i), gold->kid(i + 1)}, "()"));
    p.push_back(arena_.Make(Kind::kGroup, {pred->kid(i), pred->kid(i + 1)}, "()"));
  }
  return CompareUnordered(g, p);
}

// "a = 1, b = 2" against the same names in another order, or against (1, 2).
Judgement Comparer::CompareAssignments(Expr gold, Expr pred, bool& applies) {
  const auto assignments = [&](Expr expr, std::vector<Expr>& names, std::vector<Expr>& values) {
    if (expr->Is(Kind::kRelation) && expr->text == "=" && IsTupleLike(expr->kid(0)) && TupleItems(expr->kid(0)) &&
        TupleItems(expr->kid(1)) && expr->kid(0)->kids.size() == expr->kid(1)->kids.size()) {  // (x, y) = (1, 2)
      names = expr->kid(0)->kids;
      values = expr->kid(1)->kids;
      return true;
    }
    if (!expr->Is(Kind::kList)) {
      return false;
    }
    for (const Expr kid : expr->kids) {
      if (!kid->Is(Kind::kRelation) || (kid->text[0] != '=' && kid->text != ":") || !IsLabel(kid->kid(0))) {
        return false;
      }
      Judgement problem;
      const Expr value = StripLabel(kid, true);
      if (value == nullptr || value == kid) {
        return false;
      }
      for (const Expr name : names) {
        if (SameTree(name, kid->kid(0))) {
          return false;  // x = 1, x = 2 is a list of values
        }
      }
      names.push_back(kid->kid(0));
      values.push_back(value);
    }
    return !names.empty();
  };
  std::vector<Expr> gold_names;
  std::vector<Expr> gold_values;
  std::vector<Expr> pred_names;
  std::vector<Expr> pred_values;
  const bool has_gold = assignments(gold, gold_names, gold_values);
  const bool has_pred = assignments(pred, pred_names, pred_values);
  applies = true;
  if (has_gold && has_pred) {
    if (gold_names.size() != pred_names.size()) {
      return IsDifferentBy("number_of_parts");
    }
    std::vector<Expr> ordered;
    for (const Expr name : gold_names) {
      const auto found = std::ranges::find_if(pred_names, [&](Expr other) { return SameTree(name, other); });
      if (found == pred_names.end()) {
        return std::ranges::all_of(gold_names, [](Expr n) { return n->Is(Kind::kText); }) ? CompareSequences(gold_values, pred_values)
                                                                                          : IsDifferentBy("labels");
      }
      ordered.push_back(pred_values[static_cast<size_t>(found - pred_names.begin())]);
    }
    return CompareSequences(gold_values, ordered);
  }
  if ((has_gold || has_pred) && options_.assignments_as_tuple) {
    const Expr other = has_gold ? pred : gold;
    if (const std::optional<std::vector<Expr>> items = TupleItems(other)) {
      return has_gold ? CompareSequences(gold_values, *items) : CompareSequences(*items, pred_values);
    }
    // A bare list of values in the same order.
    if (other->Is(Kind::kList) && std::ranges::none_of(other->kids, [](Expr kid) { return kid->Is(Kind::kRelation); })) {
      return has_gold ? CompareSequences(gold_values, other->kids) : CompareSequences(other->kids, pred_values);
    }
  }
  applies = false;
  return {};
}

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

Judgement Comparer::CompareInner(Expr gold, Expr pred) {
  if (SameTree(gold, pred)) {
    return IsEqualBy("same_form");
  }
  gold = WithoutDeclarations(gold, gold_parameters_);
  pred = WithoutDeclarations(pred, pred_parameters_);
  if (!gold_parameters_.empty() || !pred_parameters_.empty() || gold->Is(Kind::kModular) != pred->Is(Kind::kModular)) {
    bool applies = false;
    if (const Judgement families = CompareFamilies(gold, pred, applies); applies) {
      return families;
    }
  }
  const Judgement plain = CompareByType(gold, pred);
  return plain.is_equal() || !options_.param_rename ? plain : [&] {
    const Judgement renamed = CompareRenamed(gold, pred);
    return renamed.is_equal() ? renamed : plain;
  }();
}

Judgement Comparer::CompareByType(Expr gold, Expr pred) {
  // Relations on both sides.
  bool applies = false;
  if (const Judgement assigned = CompareAssignments(gold, pred, applies); applies) {
    return assigned;
  }
  if (gold->Is(Kind::kRelation) && pred->Is(Kind::kRelation) && gold->text != ":" && pred->text != ":") {
    if (gold->text.size() == 1 && pred->text.size() == 1) {
      const Judgement relations = CompareRelations(gold, pred);
      if (relations.is_equal()) {
        return relations;
      }
      const bool same_label =
          (SameTree(gold->kid(0), pred->kid(0)) || SameBaseName(gold->kid(0), pred->kid(0))) && gold->text == "=" && pred->text == "=";
      if (!same_label) {
        return relations;
      }
    } else if (gold->text.find_first_of("<>lg") != std::string::npos && pred->text.find_first_of("<>lg") != std::string::npos) {
      return CompareRelations(gold, pred);
    }
  }
  if (gold->Is(Kind::kModular) && pred->Is(Kind::kModular)) {
    return CompareModular(gold, pred);
  }
  // Labels.
  const bool both_labelled = gold->Is(Kind::kRelation) && pred->Is(Kind::kRelation);
  const Expr bare_gold = StripLabel(gold, !both_labelled);
  const Expr bare_pred = StripLabel(pred, !both_labelled);
  if (bare_gold == nullptr || bare_pred == nullptr) {
    return IsDifferentBy("untrue_chain");
  }
  if (bare_gold != gold || bare_pred != pred) {
    const bool same_name = !both_labelled || SameTree(gold->kid(0), pred->kid(0)) || SameBaseName(gold->kid(0), pred->kid(0)) ||
                           gold->text == ":" || pred->text == ":" || gold->kid(0)->Is(Kind::kText) || pred->kid(0)->Is(Kind::kText);
    if (same_name) {
      return Compare(bare_gold, bare_pred);
    }
    return IsDifferentBy("labels");
  }
  // Text.
  if (gold->Is(Kind::kText) || pred->Is(Kind::kText)) {
    return gold->Is(Kind::kText) && pred->Is(Kind::kText) ? IsDifferentBy("text") : IsUnknownFor("needs_prose");
  }
  for (Expr* side : {&gold, &pred}) {
    const Expr matrix = MatrixValue(*side);
    *side = matrix == nullptr ? *side : matrix;
  }
  // Numbers and expressions.
  if (IsScalar(gold) && IsScalar(pred)) {
    return CompareScalars(gold, pred);
  }
  if (gold->Is(Kind::kRatio) || pred->Is(Kind::kRatio)) {
    return CompareRatios(gold, pred);
  }
  // Matrices and tuples.
  int64_t gold_columns = 0;
  int64_t pred_columns = 0;
  if (gold->Is(Kind::kMatrix) || pred->Is(Kind::kMatrix)) {
    const auto g = MatrixItems(gold, gold_columns);
    const auto p = MatrixItems(pred, pred_columns);
    if (g && p && gold_columns == pred_columns) {
      return CompareSequences(*g, *p);
    }
  }
  if (IsIntervalLike(gold) || IsIntervalLike(pred)) {
    std::string variable;
    std::string other;
    if (gold->Is(Kind::kGroup) && pred->Is(Kind::kGroup) && gold->kids.size() == 2 && pred->kids.size() == 2) {
      return gold->text == pred->text ? CompareSequences(gold->kids, pred->kids) : IsDifferentBy("brackets");
    }
    const bool one_relation = gold->Is(Kind::kRelation) != pred->Is(Kind::kRelation);
    if (!one_relation || options_.interval_relation) {
      const auto g = Pieces(gold, variable, true);
      const auto p = Pieces(pred, other, true);
      if (g && p) {
        return variable.empty() || other.empty() || variable == other ? ComparePieces(*g, *p) : IsDifferentBy("variables");
      }
    }
  }
  const auto gold_tuple = TupleItems(gold);
  const auto pred_tuple = TupleItems(pred);
  if (gold_tuple && pred_tuple) {
    const bool mixed = gold->Is(Kind::kGroup) && pred->Is(Kind::kGroup) && gold->text != pred->text && gold->kids.size() == 2 &&
                       gold->text != "<>" && pred->text != "<>";
    if (mixed || (!options_.vector_tuple && gold->kind != pred->kind)) {
      return IsDifferentBy("brackets");
    }
    if (AnyNode(gold, [](const Node& n) { return n.kind == Kind::kPlusMinus; }) !=
        AnyNode(pred, [](const Node& n) { return n.kind == Kind::kPlusMinus; })) {
      return IsDifferentBy("plus_minus");
    }
    return CompareSequences(*gold_tuple, *pred_tuple);
  }
  // Lists and sets.
  const auto gold_list = ListItems(gold);
  const auto pred_list = ListItems(pred);
  if (gold_list && pred_list) {
    return CompareUnordered(*gold_list, *pred_list);
  }
  if (gold_list && pred_tuple && pred->Is(Kind::kGroup) && !gold_list->empty() && !IsTupleLike((*gold_list)[0])) {
    return pred->text == "()" ? CompareSequences(*gold_list, *pred_tuple) : IsDifferentBy("brackets");
  }
  if (pred_list && gold_tuple && gold->Is(Kind::kGroup) && !pred_list->empty() && !IsTupleLike((*pred_list)[0])) {
    return gold->text == "()" ? CompareSequences(*gold_tuple, *pred_list) : IsDifferentBy("brackets");
  }
  if (gold_list && gold_list->size() == 1) {
    return Compare((*gold_list)[0], pred);
  }
  if (pred_list && pred_list->size() == 1) {
    return Compare(gold, (*pred_list)[0]);
  }
  if (gold->Is(Kind::kCases) && pred->Is(Kind::kCases)) {
    return CompareCases(gold, pred);
  }
  const auto is_value = [&](Expr expr) {
    return IsScalar(expr) || IsTupleLike(expr) || ListItems(expr) || IsIntervalLike(expr) || expr->Is(Kind::kRelation);
  };
  return is_value(gold) && is_value(pred) ? IsDifferentBy("types") : IsUnknownFor("no_rule");
}

}  // namespace cupel::math
