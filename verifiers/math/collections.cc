#include <algorithm>
#include <functional>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr size_t kMaxUnordered = 512;

bool HasMinusPlus(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kPlusMinus && node.text != "+-"; });
}

// k \in \mathbb{Z}; n = 0, 1, 2, ...; k integer.
bool IsDeclaration(Expr expr) {
  return expr->Is(Kind::kRelation) && expr->text == "e" && (expr->kid(1)->Is(Kind::kNamedSet) || expr->kid(1)->Is(Kind::kPower)) &&
         !expr->kid(0)->Is(Kind::kNumber);
}

}  // namespace

// One value of an expression with signs of plus or minus. `minus`: bit 0 for all of them where they go together, else bit i for sign i.
Expr Comparer::SplitPlusMinus(Expr expr, unsigned minus, int& index) {
  if (expr->kids.empty()) {
    return expr;
  }
  Node node = *expr;
  for (Expr& kid : node.kids) {
    kid = SplitPlusMinus(kid, minus, index);
  }
  if (!expr->Is(Kind::kPlusMinus)) {
    return arena_.Add(std::move(node));
  }
  const unsigned bit = !independent_signs_ ? minus : index < 8 ? (minus >> index) & 1U : 0U;
  ++index;
  const bool plus = (expr->text == "+-") == (bit == 0);
  const Expr last = plus ? node.kids.back() : arena_.Make(Kind::kNegate, {node.kids.back()});
  return node.kids.size() == 1 ? last : arena_.Make(Kind::kAdd, {node.kids[0], last});
}

// All signs of one expression go together, or each by itself; where one is written the other way round they are linked.
void Comparer::ExpandPlusMinus(Expr expr, std::vector<Expr>& items) {
  if (!HasPlusMinus(expr)) {
    items.push_back(expr);
    return;
  }
  constexpr int kMaxSigns = 4;
  int index = 0;
  SplitPlusMinus(expr, 0, index);
  const bool is_linked = AnyNode(expr, [](const Node& node) { return node.kind == Kind::kPlusMinus && node.text != "+-"; });
  const unsigned count = independent_signs_ && !is_linked && index <= kMaxSigns ? 1U << index : 2;
  for (unsigned minus = 0; minus < count; ++minus) {
    index = 0;
    items.push_back(SplitPlusMinus(expr, minus, index));
  }
}

// Takes "k \in Z" off the end of a list or out of a set's conditions.
Expr Comparer::WithoutDeclarations(Expr expr, std::vector<std::string>& parameters, std::vector<std::string>& reals) {
  const auto note_set = [&](const std::string& name, const std::string& set) {
    if (!set.empty()) {
      const char letter = set[0] == 'N' ? 'Z' : set[0] == 'R' && set != "R" ? '+' : set[0];
      (&parameters == &gold_parameters_ ? gold_sets_ : pred_sets_)[name] = letter;
    }
  };
  if (expr->Is(Kind::kSetBuilder)) {
    const Expr head = expr->kid(0);
    if (IsDeclaration(expr->kid(1)) && !head->Is(Kind::kSymbol)) {
      const std::string& set = expr->kid(1)->kid(1)->text;
      for (const std::string& name : FreeSymbols(expr->kid(1)->kid(0))) {
        note_set(name, set);
        (set == "R" ? reals : parameters).push_back(name);
      }
      return head;
    }
    // {x | x = 2k + 1, k \in Z}
    const Expr conditions = expr->kid(1);
    const Expr equation = conditions->Is(Kind::kList) && conditions->kids.size() == 2 ? conditions->kid(0) : head;
    if (head->Is(Kind::kSymbol) && equation->Is(Kind::kRelation) && equation->text == "=" && SameTree(equation->kid(0), head) &&
        !HasName(FreeSymbols(equation->kid(1)), head->text) && IsDeclaration(conditions->kid(1)) &&
        conditions->text.find('|') == std::string::npos && conditions->kid(1)->kid(1)->Is(Kind::kNamedSet) &&
        conditions->kid(1)->kid(1)->text == "Z") {
      return WithoutDeclarations(arena_.Make(Kind::kSetBuilder, {equation->kid(1), conditions->kid(1)}), parameters, reals);
    }
    const Expr condition = expr->kid(1)->Is(Kind::kList) ? WithoutDeclarations(expr->kid(1), parameters, reals) : expr->kid(1);
    return condition == expr->kid(1) ? expr : arena_.Make(Kind::kSetBuilder, {head, condition});
  }
  if (!expr->Is(Kind::kList)) {
    return expr;
  }
  std::vector<Expr> items = expr->kids;
  std::string separators = expr->text;
  // "-1 <= x <= 1, x \in Z" is a set of whole numbers: the declaration is about the unknown itself.
  const auto is_unknown = [&](const std::string& name) {
    return items[0]->Is(Kind::kRelation) && items[0]->text.find_first_of("<>lg") != std::string::npos &&
           std::ranges::any_of(items[0]->kids, [&](Expr kid) { return kid->IsSymbol(name); });
  };
  while (items.size() > 1 && IsDeclaration(items.back())) {
    const std::string& set = items.back()->kid(1)->text;
    const std::vector<std::string> names = FreeSymbols(items.back()->kid(0));
    if (!set.starts_with('R') && std::ranges::any_of(names, is_unknown)) {
      break;
    }
    for (const std::string& name : names) {
      note_set(name, set);
      if (!set.starts_with('R')) {
        parameters.push_back(name);
      } else if (!is_unknown(name)) {
        reals.push_back(name);
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
    if (!IsBound(item)) {
      return false;
    }
    const std::vector<std::string> inner = FreeSymbols(item);
    const std::vector<std::string> outer = FreeSymbols(items[0]);
    const bool is_statement = items[0]->Is(Kind::kRelation) ? items[0]->text == "=" : !items[0]->Is(Kind::kModular);
    return is_statement && inner.size() == 1 && std::ranges::find(outer, inner[0]) != outer.end() && !items[0]->IsSymbol(inner[0]) &&
           !(items[0]->Is(Kind::kRelation) && items[0]->kid(0)->IsSymbol(inner[0]));
  };
  const bool are_bounds = separators.find_first_not_of(",&") == std::string::npos && (items.size() > 2 || separators[0] == ',') &&
                          std::all_of(items.begin() + 1, items.end(), is_bound);
  while (items.size() > 1 && are_bounds) {
    const std::string name = FreeSymbols(items.back())[0];
    if (name.size() == 1 && std::string_view("ijklmnpq").find(name[0]) != std::string_view::npos) {
      reals.push_back(name);  // "2^k, k >= 1": any letter would do
    }
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
  // A(1, 2): a point with its name. "C(5, 2)" is one where a tuple is expected.
  const bool is_named = (expr->Is(Kind::kApply) && expr->kids.size() > 1) || (expr->Is(Kind::kFunction) && !expr->name.empty());
  if (is_named && !expr->text.empty() && ('A' <= expr->text[0] || !expr->name.empty()) && expr->text[0] != 'f' && expr->text[0] != 'g') {
    return expr->kids;
  }
  if (expr->Is(Kind::kMultiply) && expr->kids.size() == 2 && expr->kid(0)->Is(Kind::kSymbol) && 'A' <= expr->kid(0)->text[0] &&
      expr->kid(0)->text[0] <= 'Z' && expr->kid(1)->Is(Kind::kGroup) && expr->kid(1)->text == "()" && expr->kid(1)->kids.size() > 1) {
    return expr->kid(1)->kids;
  }
  if (expr->Is(Kind::kMatrix) && (expr->info == 1 || expr->info == std::ssize(expr->kids))) {
    return expr->kids;
  }
  return std::nullopt;
}

// The whole numbers of { x \in Z | -1 <= x < 3 }, or of "-1 <= x < 3, x \in Z".
std::optional<std::vector<Expr>> Comparer::WholeNumbers(Expr expr) {
  constexpr int64_t kMaxNumbers = 200;
  const bool is_builder = expr->Is(Kind::kSetBuilder);
  if (!is_builder && !(expr->Is(Kind::kList) && expr->kids.size() == 2)) {
    return std::nullopt;
  }
  Expr domain = is_builder ? expr->kid(0) : expr->kid(1);
  Expr condition = is_builder ? expr->kid(1) : expr->kid(0);
  if (is_builder && domain->Is(Kind::kSymbol) && condition->Is(Kind::kList) && condition->kids.size() == 2) {
    return WholeNumbers(condition);  // { x | -1 <= x < 3, x \in Z }
  }
  if (!is_builder && IsDeclaration(condition)) {
    std::swap(domain, condition);
  }
  if (!IsDeclaration(domain) || !domain->kid(1)->Is(Kind::kNamedSet) || condition->Is(Kind::kSymbol)) {
    return std::nullopt;
  }
  const std::string& set = domain->kid(1)->text;
  if (set != "Z" && set != "N" && set != "N0") {
    return std::nullopt;
  }
  std::string variable = domain->kid(0)->text;
  auto pieces = condition->Is(Kind::kRelation) ? Pieces(condition, variable, true) : RelationPieces(condition, variable);
  if (pieces && set != "Z") {
    pieces = Intersect(*pieces, {Piece{arena_.Number(set == "N" ? 1 : 0), nullptr, true, false}});
  }
  if (!pieces) {
    return std::nullopt;
  }
  std::vector<Expr> items;
  for (const Piece& piece : *pieces) {
    Rational low;
    Rational high;
    if (piece.low == nullptr || piece.high == nullptr || EvaluateRational(piece.low, arena_.budget(), low) != EvalStatus::kOk ||
        EvaluateRational(piece.high, arena_.budget(), high) != EvalStatus::kOk || Rational(kMaxNumbers) < high - low) {
      return std::nullopt;
    }
    Rational first;
    fmpz_cdiv_q(fmpq_numref(first.get()), low.numerator(), low.denominator());
    for (Rational at = first; !(high < at); at = at + Rational(1)) {
      if ((at == low && !piece.low_closed) || (at == high && !piece.high_closed)) {
        continue;
      }
      items.push_back(arena_.Number(at));
    }
  }
  return items;
}

// What a list without order holds, plus-minus expanded and labels stripped. nullopt for what is no list.
std::optional<std::vector<Expr>> Comparer::ListItems(Expr expr) {
  std::vector<Expr> items;
  if (const auto whole = WholeNumbers(expr)) {
    return whole;
  }
  if (expr->Is(Kind::kSet) || expr->Is(Kind::kList)) {
    for (const Expr kid : expr->kids) {
      Expr item = kid;
      const bool is_definition = item->Is(Kind::kRelation) && item->text == "=" && item->kid(0)->Is(Kind::kApply) &&
                                 item->kid(0)->kids.size() == 1 && item->kid(0)->kid(0)->Is(Kind::kSymbol);
      if (expr->Is(Kind::kList) && item->Is(Kind::kRelation) && !is_definition) {  // f(x) keeps the name of its variable
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
        const auto point = value->Is(Kind::kMultiply) || value->Is(Kind::kApply) ? TupleItems(value) : std::nullopt;
        ExpandPlusMinus(point ? arena_.Make(Kind::kGroup, *point, "()") : value, items);
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
  if (std::ranges::any_of(gold, &HasMinusPlus) || std::ranges::any_of(pred, &HasMinusPlus)) {
    // (+-1, -+2) are two points, and others than (+-1, +-2).
    std::vector<Expr> gold_points;
    std::vector<Expr> pred_points;
    ExpandPlusMinus(arena_.Make(Kind::kGroup, gold, "()"), gold_points);
    ExpandPlusMinus(arena_.Make(Kind::kGroup, pred, "()"), pred_points);
    return CompareUnordered(gold_points, pred_points);
  }
  const Judgement parts = CompareParts(gold, pred);
  const auto has_reals = [](const std::map<std::string, char>& sets) {
    return std::ranges::any_of(sets, [](const auto& entry) { return entry.second == 'R'; });
  };
  const bool may_join = parts.is_equal() || (has_reals(gold_sets_) && has_reals(pred_sets_));  // (2s, s) and (t, t / 2)
  const bool is_shared = may_join && !are_parts_joined_ && (!SharedParameters(gold).empty() || !SharedParameters(pred).empty());
  if (!is_shared) {
    return parts;
  }
  are_parts_joined_ = true;
  const Judgement joined = CompareJoined(gold, pred);
  are_parts_joined_ = false;
  return joined;
}

Judgement Comparer::CompareParts(const std::vector<Expr>& gold, const std::vector<Expr>& pred) {
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
      // {1} is no element of {1, 2}.
      const bool is_nested = gold[i]->Is(Kind::kSet) ? IsScalar(pred[j]) : pred[j]->Is(Kind::kSet) && IsScalar(gold[i]);
      const Judgement part = is_nested ? IsDifferentBy("types") : Compare(gold[i], pred[j]);
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

// By cases: the same values under the same conditions, or the same function of its variables: |x| is x for x >= 0 and -x for x < 0.
Judgement Comparer::CompareCases(Expr gold, Expr pred) {
  if (gold->Is(Kind::kCases) && pred->Is(Kind::kCases) && gold->kids.size() == pred->kids.size()) {
    std::vector<Expr> g;
    std::vector<Expr> p;
    for (size_t i = 0; i + 1 < gold->kids.size(); i += 2) {
      g.push_back(arena_.Make(Kind::kGroup, {gold->kid(i), gold->kid(i + 1)}, "()"));
      p.push_back(arena_.Make(Kind::kGroup, {pred->kid(i), pred->kid(i + 1)}, "()"));
    }
    if (const Judgement parts = CompareUnordered(g, p); parts.is_equal()) {
      return parts;
    }
  }
  const auto is_function = [&](Expr expr) { return expr->Is(Kind::kCases) || IsScalar(expr); };
  if (!is_function(gold) || !is_function(pred)) {
    return IsDifferentBy("types");
  }
  // "5 if x > 0" says nothing about other x: only what has a value everywhere is a function to compare.
  if (!HasValueEverywhere(gold, arena_) || !HasValueEverywhere(pred, arena_)) {
    return IsUnknownFor("needs_prose");
  }
  return SameValue(gold, pred, arena_);
}

}  // namespace cupel::math
