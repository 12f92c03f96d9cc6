// Names with their values: "x = 1, y = 2", "(x, y) = (1, 2)", "A(1, 2), B(3, 4)".

#include <algorithm>

#include "verifiers/math/comparer.h"

namespace cupel::math {
namespace {

bool IsPoint(Expr expr) { return expr->Is(Kind::kSymbol) && expr->text.size() == 1 && 'A' <= expr->text[0] && expr->text[0] <= 'Z'; }

// max for "maximum", "\\max" and "the greatest value", A for the angle A; the words or the name for every other label.
std::string LabelName(Expr name) {
  constexpr std::string_view kAngle = "angle ";
  if (name->Is(Kind::kSymbol) && name->text.starts_with(kAngle)) {
    return name->text.substr(kAngle.size());
  }
  const auto says = [&](std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return name->text.find(word) != std::string::npos; });
  };
  const bool has_words = name->Is(Kind::kText) || name->Is(Kind::kFunction);
  const bool is_most = has_words && says({"max", "greatest", "largest"});
  const bool is_least = has_words && says({"min", "least", "smallest"});
  return is_most == is_least ? ToText(name, 200) : is_most ? "max" : "min";
}

// The name of a segment, whose ends may be named in any order: AB for BA. Matrices and vectors of that name have an order.
std::string SegmentName(Expr name) {
  if (name->Is(Kind::kMultiply) && name->kids.size() == 2 && IsPoint(name->kid(0)) && IsPoint(name->kid(1))) {
    return std::min(name->kid(0)->text, name->kid(1)->text) + std::max(name->kid(0)->text, name->kid(1)->text);
  }
  return LabelName(name);
}

// x = 1, x = 2
bool RepeatsOneName(Expr expr) {
  return expr->Is(Kind::kList) && std::ranges::all_of(expr->kids, [&](Expr kid) {
           return kid->Is(Kind::kRelation) && kid->text == "=" && kid->kid(0)->Is(Kind::kSymbol) &&
                  SameTree(kid->kid(0), expr->kid(0)->kid(0));
         });
}

// Names that are more than one with several indices: x and y, not x_1 and x_2.
bool HasTwoNames(const std::vector<Expr>& names) {
  const auto base = [](Expr name) { return std::string_view(name->text).substr(0, name->text.find_first_of("_'")); };
  return std::ranges::all_of(names, [](Expr name) { return name->Is(Kind::kSymbol); }) &&
         std::ranges::any_of(names, [&](Expr name) { return base(name) != base(names[0]); });
}

}  // namespace

// The names and values of "x = 1, y = 2", "(x, y) = (1, 2)" and "x = y = 1". False for everything else.
bool Comparer::ReadAssignments(Expr expr, std::vector<Expr>& names, std::vector<Expr>& values) {
  if (expr->Is(Kind::kRelation) && expr->text == "=" && IsTupleLike(expr->kid(0)) && TupleItems(expr->kid(0)) && TupleItems(expr->kid(1)) &&
      expr->kid(0)->kids.size() == expr->kid(1)->kids.size()) {
    names = expr->kid(0)->kids;
    values = expr->kid(1)->kids;
    return true;
  }
  if (expr->Is(Kind::kRelation) && expr->text.size() > 1 && expr->text.find_first_not_of('=') == std::string::npos &&
      FreeSymbols(expr->kids.back()).empty()) {
    names.assign(expr->kids.begin(), expr->kids.end() - 1);
    values.assign(names.size(), expr->kids.back());
    std::vector<std::string> texts;
    for (const Expr name : names) {
      const bool is_name = name->Is(Kind::kSymbol) || (name->Is(Kind::kMultiply) && IsLabel(name));  // AB
      std::string text = SegmentName(name);
      if (!is_name || HasName(texts, text)) {
        return false;
      }
      texts.push_back(std::move(text));
    }
    return true;
  }
  if (!expr->Is(Kind::kList)) {
    return false;
  }
  for (const Expr kid : expr->kids) {
    if (!kid->Is(Kind::kRelation) || (kid->text[0] != '=' && kid->text != ":") || !IsLabel(kid->kid(0))) {
      return false;
    }
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
}

// "A(1, 2), B(3, 4)" on both sides: every point goes with its name.
Judgement Comparer::CompareNamedPoints(Expr gold, Expr pred, bool& applies) {
  const auto points = [&](Expr expr, std::vector<std::pair<std::string, Expr>>& result) {
    if (!expr->Is(Kind::kList) && !expr->Is(Kind::kSet)) {
      return false;
    }
    for (const Expr kid : expr->kids) {
      const std::string name = kid->Is(Kind::kMultiply)   ? kid->kid(0)->text
                               : kid->Is(Kind::kApply)    ? kid->text
                               : kid->Is(Kind::kFunction) ? kid->name
                                                          : std::string();
      const auto items = name.empty() ? std::nullopt : TupleItems(kid);
      if (!items) {
        return false;
      }
      result.emplace_back(name, arena_.Make(Kind::kGroup, *items, "()"));
    }
    std::ranges::sort(result, {}, &std::pair<std::string, Expr>::first);
    return std::ranges::adjacent_find(result, {}, &std::pair<std::string, Expr>::first) == result.end();
  };
  std::vector<std::pair<std::string, Expr>> g;
  std::vector<std::pair<std::string, Expr>> p;
  applies = points(gold, g) && points(pred, p);
  if (!applies) {
    return {};
  }
  if (g.size() != p.size() || !std::ranges::equal(g, p, {}, &std::pair<std::string, Expr>::first, &std::pair<std::string, Expr>::first)) {
    return IsDifferentBy("labels");
  }
  std::vector<Expr> left;
  std::vector<Expr> right;
  for (size_t i = 0; i < g.size(); ++i) {
    left.push_back(g[i].second);
    right.push_back(p[i].second);
  }
  return CompareSequences(left, right);
}

// "a = 1, b = 2" against the same names in another order, or against (1, 2).
Judgement Comparer::CompareAssignments(Expr gold, Expr pred, bool& applies) {
  std::vector<Expr> gold_names;
  std::vector<Expr> gold_values;
  std::vector<Expr> pred_names;
  std::vector<Expr> pred_values;
  const bool has_gold = ReadAssignments(gold, gold_names, gold_values);
  const bool has_pred = ReadAssignments(pred, pred_names, pred_values);
  applies = true;
  if (has_gold && has_pred) {
    if (gold_names.size() != pred_names.size()) {
      return IsDifferentBy("number_of_parts");
    }
    const auto is_length = [&](Expr value) { return IsScalar(value); };
    const bool are_lengths = std::ranges::all_of(gold_values, is_length) && std::ranges::all_of(pred_values, is_length);
    const auto label = [&](Expr name) { return are_lengths ? SegmentName(name) : LabelName(name); };
    std::vector<Expr> ordered;
    for (const Expr name : gold_names) {
      const auto found = std::ranges::find(pred_names, label(name), label);
      if (found == pred_names.end()) {
        // Other words for the same things in the same order; a name that both have must go with its value.
        const bool are_words = std::ranges::all_of(gold_names, [](Expr n) { return n->Is(Kind::kText); });
        const bool share_name = std::ranges::find_first_of(gold_names, pred_names, {}, &LabelName, &LabelName) != gold_names.end();
        return are_words && !share_name ? CompareSequences(gold_values, pred_values) : IsDifferentBy("labels");
      }
      ordered.push_back(pred_values[static_cast<size_t>(found - pred_names.begin())]);
    }
    return CompareSequences(gold_values, ordered);
  }
  if (has_gold != has_pred && RepeatsOneName(has_gold ? pred : gold) && HasTwoNames(has_gold ? gold_names : pred_names)) {
    return IsDifferentBy("labels");  // x = 1, x = 2 and x = 1, y = 2
  }
  if ((has_gold || has_pred) && options_.assignments_as_tuple) {
    const Expr other = has_gold ? pred : gold;
    const Expr named = has_gold ? gold : pred;
    // (x, y) = (1 \pm a, 1 \mp a) and the points without a name.
    const bool names_point = named->Is(Kind::kRelation) && named->kid(0)->Is(Kind::kGroup) && HasPlusMinus(named->kid(1)) &&
                             std::ranges::is_sorted(named->kid(0)->kids, {}, &Node::text);
    const auto is_point = [&](Expr kid) { return kid->Is(Kind::kGroup) && kid->kids.size() == named->kid(0)->kids.size(); };
    if (names_point && (other->Is(Kind::kList) || other->Is(Kind::kSet)) && std::ranges::all_of(other->kids, is_point)) {
      return has_gold ? Compare(gold->kid(1), pred) : Compare(gold, pred->kid(1));
    }
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

}  // namespace cupel::math
