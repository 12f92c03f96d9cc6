#include "verifiers/math/dots.h"

#include <algorithm>
#include <optional>

#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr std::string_view kIndex = "index of dots";
constexpr int64_t kMaxItems = 512;

// Terms before the dots and behind them.
struct Terms {
  std::vector<Expr> heads;
  std::vector<Expr> tails;
};

std::optional<Terms> Split(const std::vector<Expr>& kids) {
  const auto is_dots = [](Expr kid) { return kid->Is(Kind::kDots); };
  const auto dots = std::ranges::find_if(kids, is_dots);
  if (dots - kids.begin() < 2 || std::count_if(kids.begin(), kids.end(), is_dots) != 1) {
    return std::nullopt;
  }
  return Terms{{kids.begin(), dots}, {dots + 1, kids.end()}};
}

// The value with every variable a whole number, another one for each `sample`.
std::optional<Rational> At(Expr expr, int64_t sample, Arena& arena) {
  int64_t at = sample;
  for (const std::string& name : FreeSymbols(expr)) {
    expr = Substitute(arena, expr, name, arena.Number(at));
    at = 2 * at + sample % 5 + 1;  // so that the difference of two variables is no constant
  }
  Rational value;
  return EvaluateRational(expr, arena.budget(), value) == EvalStatus::kOk ? std::optional(value) : std::nullopt;
}

Expr Minus(Expr a, Expr b, Arena& arena) { return arena.Make(Kind::kAdd, {a, arena.Make(Kind::kNegate, {b})}); }

// What `expr` is for all values of its variables, where that is one number.
std::optional<Rational> Constant(Expr expr, Arena& arena) {
  std::optional<Rational> value;
  for (const int64_t sample : {7, 11, 16, 30}) {
    const std::optional<Rational> other = At(expr, sample, arena);
    if (!other || (value && !(*other == *value))) {
      return std::nullopt;
    }
    value = other;
  }
  return value;
}

// Whether `count` is a whole number for whole values of its variables, and at least `least` where it has none.
bool IsCount(Expr count, int64_t least, Arena& arena) {
  const bool is_constant = FreeSymbols(count).empty();
  for (const int64_t sample : {7, 12, 16, 31}) {
    const std::optional<Rational> value = At(count, sample, arena);
    if (!value || !value->is_integer() || (is_constant && *value < Rational(least))) {
      return false;
    }
  }
  return true;
}

// One term for all of an arithmetic rule: where the terms differ stand values that grow by the same steps.
class Pattern {
 public:
  Pattern(const Terms& terms, Arena& arena) : terms_(terms), arena_(arena) {}

  // The term with the index kIndex from 1 to count(); null when there is no such rule.
  Expr Fit() {
    std::vector<Expr> all = terms_.heads;
    all.insert(all.end(), terms_.tails.begin(), terms_.tails.end());
    whole_ = &all;
    return Merge(all);
  }
  Expr count() const { return count_; }
  bool is_whole() const { return is_whole_; }  // the terms themselves grow by equal steps

 private:
  Expr Merge(const std::vector<Expr>& all) {
    const Node& first = *all[0];
    if (std::ranges::all_of(all, [&](Expr other) { return SameTree(all[0], other); })) {
      return all[0];
    }
    const bool same_shape = !first.kids.empty() && std::ranges::all_of(all, [&](Expr other) {
      return other->kind == first.kind && other->text == first.text && other->name == first.name && other->kids.size() == first.kids.size();
    });
    if (same_shape) {
      const Expr saved = count_;
      Node node = first;
      for (size_t i = 0; i < node.kids.size(); ++i) {
        std::vector<Expr> inner;
        for (const Expr other : all) {
          inner.push_back(other->kid(i));
        }
        node.kids[i] = Merge(inner);
        if (node.kids[i] == nullptr) {
          count_ = saved;
          return Place(all);
        }
      }
      return arena_.Add(std::move(node));
    }
    return Place(all);
  }

  // The values of one place as first + step * (index - 1).
  Expr Place(const std::vector<Expr>& all) {
    const size_t num_heads = terms_.heads.size();
    const std::optional<Rational> step = Constant(Minus(all[1], all[0], arena_), arena_);
    if (!step || step->is_zero()) {
      return nullptr;
    }
    for (size_t i = 2; i < all.size(); ++i) {
      const std::optional<Rational> next = i == num_heads ? step : Constant(Minus(all[i], all[i - 1], arena_), arena_);
      if (!next || !(*next == *step)) {
        return nullptr;
      }
    }
    const Expr width = arena_.Make(Kind::kDivide, {Minus(all.back(), all[0], arena_), arena_.Number(*step)});
    const Expr count = arena_.Make(Kind::kAdd, {width, arena_.Number(1)});
    if (!IsCount(count, static_cast<int64_t>(all.size()), arena_)) {
      return nullptr;
    }
    if (count_ != nullptr) {
      const std::optional<Rational> difference = Constant(Minus(count, count_, arena_), arena_);
      if (!difference || !difference->is_zero()) {
        return nullptr;
      }
    }
    count_ = count;
    is_whole_ = &all == whole_;
    const Expr index = arena_.Make(Kind::kAdd, {arena_.Symbol(kIndex), arena_.Number(-1)});
    return arena_.Make(Kind::kAdd, {all[0], arena_.Make(Kind::kMultiply, {arena_.Number(*step), index})});
  }

  const Terms& terms_;
  Arena& arena_;
  Expr count_ = nullptr;
  const std::vector<Expr>* whole_ = nullptr;
  bool is_whole_ = false;
};

// The ratio of a geometric sequence of numbers, where the heads have one.
std::optional<Rational> Ratio(const std::vector<Expr>& heads, Arena& arena) {
  std::vector<Rational> values;
  for (const Expr head : heads) {
    Rational value;
    if (EvaluateRational(head, arena.budget(), value) != EvalStatus::kOk || value.is_zero()) {
      return std::nullopt;
    }
    values.push_back(value);
  }
  const Rational ratio = values[1] / values[0];
  for (size_t i = 2; i < values.size(); ++i) {
    if (!(values[i] / values[i - 1] == ratio)) {
      return std::nullopt;
    }
  }
  return ratio == Rational(1) || ratio == Rational(-1) ? std::nullopt : std::optional(ratio);
}

// The whole number j with value = ratio^j, from 1 to 4000.
std::optional<int64_t> Exponent(const Rational& value, const Rational& ratio, Budget& budget) {
  Rational power(1);
  for (int64_t j = 1; j <= 4000 && power.Bits() <= value.Bits() + ratio.Bits() + 2 && budget.Spend(1); ++j) {
    power = power * ratio;
    if (power == value) {
      return j;
    }
  }
  return std::nullopt;
}

// Whether `last` is a term of the geometric sequence, with an exponent that is linear in its variables.
bool EndsGeometric(const std::vector<Expr>& heads, Expr last, const Rational& ratio, Arena& arena) {
  std::vector<int64_t> exponents;
  Rational first;
  EvaluateRational(heads[0], arena.budget(), first);
  for (const int64_t sample : {12, 13, 14}) {
    const std::optional<Rational> value = At(last, sample, arena);
    const std::optional<int64_t> exponent = value ? Exponent(*value / first, ratio, arena.budget()) : std::nullopt;
    if (!exponent || *exponent < std::ssize(heads)) {
      return false;
    }
    exponents.push_back(*exponent);
  }
  return exponents[1] - exponents[0] == exponents[2] - exponents[1];
}

// 1 + x + x^2 + ... + x^n
bool IsPowerSum(const Terms& terms) {
  const Expr last = terms.tails[0];
  return terms.heads.size() >= 2 && terms.heads[0]->Is(Kind::kNumber) && terms.heads[0]->value == Rational(1) &&
         terms.heads[1]->Is(Kind::kSymbol) && last->Is(Kind::kPower) && SameTree(last->kid(0), terms.heads[1]) &&
         !AnyNode(last->kid(1), [&](const Node& node) { return node.IsSymbol(terms.heads[1]->text); }) &&
         std::all_of(terms.heads.begin() + 2, terms.heads.end(), [&, power = int64_t{1}](Expr head) mutable {
           ++power;
           return head->Is(Kind::kPower) && SameTree(head->kid(0), terms.heads[1]) && head->kid(1)->Is(Kind::kNumber) &&
                  head->kid(1)->value == Rational(power);
         });
}

Expr GeometricSum(Expr first, Expr ratio, Expr last, Arena& arena) {
  const Expr beyond = arena.Make(Kind::kMultiply, {last, ratio});
  return arena.Make(Kind::kDivide, {Minus(beyond, first, arena), Minus(ratio, arena.Number(1), arena)});
}

Expr Indexed(std::string_view name, Expr body, Expr count, Arena& arena) {
  Node node;
  node.kind = Kind::kSum;
  node.text = name;
  node.name = kIndex;
  node.kids = {body, arena.Number(1), count};
  return arena.Add(std::move(node));
}

Expr ExpandSum(Expr sum, const Terms& terms, Arena& arena) {
  const std::optional<Rational> ratio = Ratio(terms.heads, arena);
  if (terms.tails.empty()) {  // endless
    const bool converges = ratio && *ratio < Rational(1) && Rational(-1) < *ratio && terms.heads.size() >= 3;
    return converges ? arena.Make(Kind::kDivide, {terms.heads[0], arena.Number(Rational(1) - *ratio)}) : sum;
  }
  const bool is_geometric = ratio && terms.tails.size() == 1 && EndsGeometric(terms.heads, terms.tails[0], *ratio, arena);
  Pattern pattern(terms, arena);
  const Expr body = pattern.Fit();
  if (body != nullptr && pattern.count() != nullptr) {
    if (!pattern.is_whole()) {
      return Indexed("sum", body, pattern.count(), arena);
    }
    if (is_geometric) {
      return sum;  // 1 + 2 + ... + 64
    }
    const Expr ends = arena.Make(Kind::kAdd, {terms.heads[0], terms.tails.back()});
    return arena.Make(Kind::kDivide, {arena.Make(Kind::kMultiply, {pattern.count(), ends}), arena.Number(2)});
  }
  if (is_geometric && terms.heads.size() >= 3) {
    return GeometricSum(terms.heads[0], arena.Number(*ratio), terms.tails[0], arena);
  }
  return terms.tails.size() == 1 && IsPowerSum(terms) ? GeometricSum(terms.heads[0], terms.heads[1], terms.tails[0], arena) : sum;
}

// All items of a list of numbers; empty where the rule is not evident or the list too long.
std::vector<Expr> ExpandItems(const Terms& terms, Arena& arena) {
  std::vector<Expr> items;
  Rational first;
  Rational second;
  Rational last;
  if (terms.tails.empty() || EvaluateRational(terms.heads[0], arena.budget(), first) != EvalStatus::kOk ||
      EvaluateRational(terms.heads[1], arena.budget(), second) != EvalStatus::kOk ||
      EvaluateRational(terms.tails.back(), arena.budget(), last) != EvalStatus::kOk) {
    return items;
  }
  const std::optional<Rational> ratio = Ratio(terms.heads, arena);
  const bool is_geometric = ratio && terms.tails.size() == 1 && EndsGeometric(terms.heads, terms.tails[0], *ratio, arena);
  Pattern pattern(terms, arena);
  const bool is_arithmetic = pattern.Fit() != nullptr && pattern.count() != nullptr;
  if (is_arithmetic == is_geometric) {
    return items;
  }
  for (Rational at = first; std::ssize(items) < kMaxItems; at = is_arithmetic ? at + (second - first) : at * *ratio) {
    items.push_back(arena.Number(at));
    if (at == last) {
      return items;
    }
  }
  return {};
}

Expr ExpandList(Expr list, Arena& arena) {
  std::vector<Expr> kids = list->kids;
  Expr label = nullptr;
  if (kids[0]->Is(Kind::kRelation) && kids[0]->text == "=") {  // n = 1, 2, ..., 10
    label = kids[0]->kid(0);
    kids[0] = kids[0]->kid(1);
  }
  const std::optional<Terms> terms = Split(kids);
  std::vector<Expr> items = terms ? ExpandItems(*terms, arena) : std::vector<Expr>();
  if (items.empty()) {
    return list;
  }
  if (label != nullptr) {
    items[0] = arena.Make(Kind::kRelation, {label, items[0]}, "=");
  }
  const std::string text = list->Is(Kind::kList) ? std::string(items.size() - 1, ',') : list->text;
  return arena.Make(list->kind, std::move(items), text);
}

Expr Expand(Expr expr, Arena& arena) {
  if (expr->kids.empty()) {
    return expr;
  }
  Node node = *expr;
  for (Expr& kid : node.kids) {
    kid = Expand(kid, arena);
  }
  const Expr inner = arena.Add(std::move(node));
  if (inner->Is(Kind::kSet) || inner->Is(Kind::kList) || inner->Is(Kind::kGroup)) {
    return ExpandList(inner, arena);
  }
  if (!inner->Is(Kind::kAdd) && !inner->Is(Kind::kMultiply)) {
    return inner;
  }
  const std::optional<Terms> terms = Split(inner->kids);
  if (!terms) {
    return inner;
  }
  if (inner->Is(Kind::kAdd)) {
    return ExpandSum(inner, *terms, arena);
  }
  Pattern pattern(*terms, arena);
  const Expr body = terms->tails.empty() ? nullptr : pattern.Fit();
  return body != nullptr && pattern.count() != nullptr ? Indexed("prod", body, pattern.count(), arena) : inner;
}

}  // namespace

Expr ExpandDots(Expr expr, Arena& arena) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kDots; }) ? Expand(expr, arena) : expr;
}

}  // namespace cupel::math
