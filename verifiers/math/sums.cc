// Sums and products as they are written: with equal terms they are one value, wherever their index begins and whether or not they have one.

#include <algorithm>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr size_t kMaxSums = 4;  // of an answer

bool IsSum(Expr expr) { return expr->Is(Kind::kSum) && (expr->text == "sum" || expr->text == "prod"); }

void CollectSums(Expr expr, std::vector<Expr>& sums) {
  if (IsSum(expr)) {
    sums.push_back(expr);
    return;
  }
  for (const Expr kid : expr->kids) {
    CollectSums(kid, sums);
  }
}

// With each sum that `replacement` knows in its place; what does not change is not copied.
template <class Replacement>
Expr WithReplaced(Expr expr, const Replacement& replacement, Arena& arena) {
  if (IsSum(expr)) {
    return replacement(expr);
  }
  std::vector<Expr> kids;
  bool has_changed = false;
  for (const Expr kid : expr->kids) {
    kids.push_back(WithReplaced(kid, replacement, arena));
    has_changed = has_changed || kids.back() != kid;
  }
  if (!has_changed) {
    return expr;
  }
  Node node = *expr;
  node.kids = std::move(kids);
  return arena.Add(std::move(node));
}

}  // namespace

// The sum over n from 0 of x^n and that over k from 1 of x^{k-1}.
bool Comparer::HaveSameTerms(Expr a, Expr b) {
  // The samples of an index are natural numbers.
  const auto begin = [&](Expr sum, Rational& low) {
    return EvaluateRational(sum->kid(1), arena_.budget(), low) == EvalStatus::kOk && low.is_integer() && low.sign() >= 0;
  };
  Rational a_low;
  Rational b_low;
  if (a->text != b->text || !begin(a, a_low) || !begin(b, b_low)) {
    return false;
  }
  const Rational shift = b_low - a_low;
  const auto is_endless = [](Expr sum) { return sum->kid(2)->Is(Kind::kConstant) && sum->kid(2)->text == "inf"; };
  if (is_endless(a) != is_endless(b)) {
    return false;
  }
  if (!is_endless(a) && !SameValue(Minus(b->kid(2), a->kid(2)), arena_.Number(shift), arena_).is_equal()) {
    return false;
  }
  // A letter that is a whole number to the samples, as the index is.
  const std::vector<std::string> names = FreeSymbols(arena_.Make(Kind::kList, {a->kid(0), b->kid(0)}));
  for (const std::string_view letter : {"n", "k", "m", "j", "p", "q"}) {
    if (HasName(names, std::string(letter))) {
      continue;
    }
    const auto same_at = [&](Expr a_index, Expr b_index) {
      return SameValue(Substitute(arena_, a->kid(0), a->name, a_index), Substitute(arena_, b->kid(0), b->name, b_index), arena_).is_equal();
    };
    // The first terms may be exceptions that no sample meets: 0^n.
    constexpr int kFirstTerms = 3;
    for (int i = 0; i < kFirstTerms; ++i) {
      const Rational at = a_low + Rational(i);
      if (!same_at(arena_.Number(at), arena_.Number(at + shift))) {
        return false;
      }
    }
    const Expr index = arena_.Symbol(letter);
    return same_at(index, shift.is_zero() ? index : arena_.Make(Kind::kAdd, {index, arena_.Number(shift)}));
  }
  return false;
}

// The answer with the gold's sums in the place of those that have the same terms.
Expr Comparer::WithSumsOf(Expr gold, Expr pred) {
  std::vector<Expr> gold_sums;
  std::vector<Expr> pred_sums;
  CollectSums(gold, gold_sums);
  CollectSums(pred, pred_sums);
  if (gold_sums.empty() || pred_sums.empty() || gold_sums.size() > kMaxSums || pred_sums.size() > kMaxSums) {
    return pred;
  }
  const auto replacement = [&](Expr sum) {
    const auto same = std::ranges::find_if(gold_sums, [&](Expr other) { return SameTree(sum, other) || HaveSameTerms(other, sum); });
    return same == gold_sums.end() ? sum : *same;
  };
  return WithReplaced(pred, replacement, arena_);
}

}  // namespace cupel::math
