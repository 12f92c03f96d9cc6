// Sets of real numbers as unions of intervals, however they are written.

#include <algorithm>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
bool Comparer::IsIntervalLike(Expr expr) {
  switch (expr->kind) {
    case Kind::kGroup:
      return expr->kids.size() == 2 && expr->text != "<>" && expr->text != "()" && IsScalar(expr->kid(0)) && IsScalar(expr->kid(1));
    case Kind::kUnion:
    case Kind::kIntersection:
    case Kind::kDifference:
    case Kind::kNamedSet:
    case Kind::kSetBuilder:
    case Kind::kEmptySet:
      return true;
    case Kind::kAdd:
      return expr->kids.size() == 2 && expr->kid(0)->Is(Kind::kNamedSet) && expr->kid(1)->Is(Kind::kNegate);
    case Kind::kRelation:
      return expr->text.find_first_of("<>lg!e") != std::string::npos;
    case Kind::kList:
      return std::ranges::all_of(expr->kids, [&](Expr kid) { return kid->Is(Kind::kRelation) && IsIntervalLike(kid); });
    default:
      return false;
  }
}

// -1, 0 or 1; an infinite end has no node.
std::optional<int> Comparer::Order(Expr a, Expr b) {
  Rational left;
  Rational right;
  if (EvaluateRational(a, arena_.budget(), left) == EvalStatus::kOk && EvaluateRational(b, arena_.budget(), right) == EvalStatus::kOk) {
    return left == right ? 0 : left < right ? -1 : 1;
  }
  if (SameTree(a, b)) {
    return 0;
  }
  Ball first;
  Ball second;
  const Bindings bindings;
  if (EvaluateBall(a, bindings, 128, arena_.budget(), first) != EvalStatus::kOk ||
      EvaluateBall(b, bindings, 128, arena_.budget(), second) != EvalStatus::kOk || !first.MayBeReal() || !second.MayBeReal() ||
      !first.is_finite() || !second.is_finite()) {
    return std::nullopt;
  }
  if (arb_lt(first.real(), second.real()) != 0) {
    return -1;
  }
  if (arb_gt(first.real(), second.real()) != 0) {
    return 1;
  }
  return SameValue(a, b, arena_).is_equal() ? std::optional(0) : std::nullopt;
}

// Sorted, without empty pieces, touching ones joined; nullopt when the order of two ends is unknown.
std::optional<std::vector<Piece>> Comparer::Merge(std::vector<Piece> pieces) {
  std::vector<Piece> kept;
  for (const Piece& piece : pieces) {
    if (piece.low != nullptr && piece.high != nullptr) {
      const std::optional<int> order = Order(piece.low, piece.high);
      if (!order) {
        return std::nullopt;
      }
      if (*order > 0 || (*order == 0 && !(piece.low_closed && piece.high_closed))) {
        continue;
      }
    }
    kept.push_back(piece);
  }
  bool known = true;
  // Insertion sort: a comparison may be unknown, which std::sort does not survive.
  for (size_t i = 1; i < kept.size() && known; ++i) {
    for (size_t j = i; j > 0 && known; --j) {
      if (!arena_.budget().Spend(1)) {
        return std::nullopt;
      }
      const Expr a = kept[j - 1].low;
      const Expr b = kept[j].low;
      const std::optional<int> order = a == nullptr ? std::optional(b == nullptr ? 0 : -1) : b == nullptr ? std::optional(1) : Order(a, b);
      known = order.has_value();
      if (!known || *order < 0 || (*order == 0 && (kept[j - 1].low_closed || !kept[j].low_closed))) {
        break;
      }
      std::swap(kept[j - 1], kept[j]);
    }
  }
  if (!known) {
    return std::nullopt;
  }
  std::vector<Piece> merged;
  for (const Piece& piece : kept) {
    if (merged.empty()) {
      merged.push_back(piece);
      continue;
    }
    Piece& last = merged.back();
    if (last.high == nullptr) {
      continue;
    }
    const std::optional<int> gap = piece.low == nullptr ? std::optional(-1) : Order(piece.low, last.high);
    if (!gap) {
      return std::nullopt;
    }
    if (*gap > 0 || (*gap == 0 && !piece.low_closed && !last.high_closed)) {
      merged.push_back(piece);
      continue;
    }
    const std::optional<int> reach = piece.high == nullptr ? std::optional(1) : Order(piece.high, last.high);
    if (!reach) {
      return std::nullopt;
    }
    if (*reach > 0) {
      last.high = piece.high;
      last.high_closed = piece.high_closed;
    } else if (*reach == 0) {
      last.high_closed = last.high_closed || piece.high_closed;
    }
  }
  return merged;
}

std::optional<std::vector<Piece>> Comparer::Intersect(const std::vector<Piece>& a, const std::vector<Piece>& b) {
  std::vector<Piece> result;
  for (const Piece& x : a) {
    for (const Piece& y : b) {
      Piece piece = x;
      if (y.low != nullptr) {
        const std::optional<int> order = x.low == nullptr ? std::optional(-1) : Order(x.low, y.low);
        if (!order) {
          return std::nullopt;
        }
        if (*order < 0) {
          piece.low = y.low;
          piece.low_closed = y.low_closed;
        } else if (*order == 0) {
          piece.low_closed = x.low_closed && y.low_closed;
        }
      }
      if (y.high != nullptr) {
        const std::optional<int> order = x.high == nullptr ? std::optional(1) : Order(x.high, y.high);
        if (!order) {
          return std::nullopt;
        }
        if (*order > 0) {
          piece.high = y.high;
          piece.high_closed = y.high_closed;
        } else if (*order == 0) {
          piece.high_closed = x.high_closed && y.high_closed;
        }
      }
      result.push_back(piece);
    }
  }
  return Merge(std::move(result));
}

Judgement Comparer::ComparePieces(const std::vector<Piece>& gold, const std::vector<Piece>& pred) {
  const std::vector<Piece> g = Merge(gold).value_or(gold);
  const std::vector<Piece> p = Merge(pred).value_or(pred);
  if (g.size() != p.size()) {
    return IsDifferentBy("intervals");
  }
  for (size_t i = 0; i < g.size(); ++i) {
    if ((g[i].low == nullptr) != (p[i].low == nullptr) || (g[i].high == nullptr) != (p[i].high == nullptr) ||
        g[i].low_closed != p[i].low_closed || g[i].high_closed != p[i].high_closed) {
      return IsDifferentBy("intervals");
    }
    for (const auto& [a, b] : {std::pair{g[i].low, p[i].low}, std::pair{g[i].high, p[i].high}}) {
      if (a != nullptr) {
        if (const Judgement end = CompareScalars(a, b); !end.is_equal()) {
          return end;
        }
      }
    }
  }
  return IsEqualBy("intervals");
}

}  // namespace cupel::math
