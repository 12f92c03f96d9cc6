// Which real numbers an interval, a set or a relation stands for.

#include <algorithm>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

bool IsInfinite(Expr expr, bool& negative) {
  negative = expr->Is(Kind::kNegate);
  const Expr inner = negative ? expr->kid(0) : expr;
  return inner->Is(Kind::kConstant) && inner->text == "inf";
}

bool HasInfiniteEnd(Expr expr) {
  bool negative = false;
  return expr->Is(Kind::kGroup) && expr->kids.size() == 2 && (IsInfinite(expr->kid(0), negative) || IsInfinite(expr->kid(1), negative));
}

// The real numbers, the positive ones, the negative ones, those with or without zero.
std::optional<std::vector<Piece>> RealSet(std::string_view name, Expr zero) {
  if (name == "R") {
    return std::vector<Piece>{Piece{}};
  }
  if (name == "R+" || name == "R0+") {
    return std::vector<Piece>{{zero, nullptr, name == "R0+", false}};
  }
  if (name == "R-") {
    return std::vector<Piece>{{nullptr, zero, false, false}};
  }
  return name == "R*" ? std::optional(std::vector<Piece>{{nullptr, zero, false, false}, {zero, nullptr, false, false}}) : std::nullopt;
}

constexpr std::string_view kUnnamed = "?";  // the unknown of "at least 5"

}  // namespace

// The numbers of which one link holds: "x < 5", "2x + 1 >= 4", "|x| < 3", "x \ne 2", "x \in S".
std::optional<std::vector<Piece>> Comparer::LinkPieces(Expr left, char operation, Expr right, std::string& variable) {
  if (operation == '!' && HasPlusMinus(right)) {  // x is neither of both
    std::vector<Expr> values;
    ExpandPlusMinus(right, values);
    std::optional<std::vector<Piece>> result = LinkPieces(left, '!', values[0], variable);
    for (size_t i = 1; result && i < values.size(); ++i) {
      const std::optional<std::vector<Piece>> other = LinkPieces(left, '!', values[i], variable);
      result = other ? Intersect(*result, *other) : std::nullopt;
    }
    return result;
  }
  if (operation == 'e' || operation == 'n') {
    if (!left->Is(Kind::kSymbol) || (!variable.empty() && variable != left->text)) {
      return std::nullopt;
    }
    variable = left->text;
    std::string inner;
    std::optional<std::vector<Piece>> set = Pieces(right, inner, true);
    return operation == 'e' ? set : std::nullopt;
  }
  const std::vector<std::string> left_names = FreeSymbols(left);
  const std::vector<std::string> right_names = FreeSymbols(right);
  const auto is_unknown = [](Expr expr) {
    const bool is_segment = expr->Is(Kind::kMultiply) && std::ranges::all_of(expr->kids, [](Expr kid) {
                              return kid->Is(Kind::kSymbol) && 'A' <= kid->text[0] && kid->text[0] <= 'Z';
                            });
    return expr->Is(Kind::kSymbol) || expr->Is(Kind::kApply) || is_segment ||
           (expr->Is(Kind::kFunction) && expr->text == "abs" && expr->kid(0)->Is(Kind::kSymbol));
  };
  if (is_unknown(right) && !is_unknown(left)) {
    return LinkPieces(right, Flipped(operation), left, variable);
  }
  const auto is_absolute_value = [](const Node& node) { return node.kind == Kind::kFunction && node.text == "abs"; };
  if (is_absolute_value(*left) && !AnyNode(left->kid(0), is_absolute_value) && right_names.empty() &&
      std::string_view("<>lg").find(operation) != std::string_view::npos && !is_unknown(left)) {  // |x - 2| < 3
    const auto above = LinkPieces(left->kid(0), operation, right, variable);
    const auto below = above ? LinkPieces(left->kid(0), Flipped(operation), arena_.Make(Kind::kNegate, {right}), variable) : std::nullopt;
    if (!below) {
      return std::nullopt;
    }
    if (operation == '<' || operation == 'l') {
      return Intersect(*above, *below);
    }
    std::vector<Piece> both = *above;
    both.insert(both.end(), below->begin(), below->end());
    return Merge(std::move(both));
  }
  if (!is_unknown(left) && right_names.empty() && left_names.size() == 1) {
    // a x + b with rational a and b against any constant.
    Rational offset;
    Rational next;
    const Expr at_zero = Substitute(arena_, left, left_names[0], arena_.Number(0));
    const Expr at_one = Substitute(arena_, left, left_names[0], arena_.Number(1));
    if (EvaluateRational(at_zero, arena_.budget(), offset) == EvalStatus::kOk &&
        EvaluateRational(at_one, arena_.budget(), next) == EvalStatus::kOk && !(next == offset)) {
      const Rational slope = next - offset;
      const Expr symbol = arena_.Symbol(left_names[0]);
      const Expr line = arena_.Make(Kind::kAdd, {arena_.Number(offset), arena_.Make(Kind::kMultiply, {arena_.Number(slope), symbol})});
      Rational bound;
      const bool is_rational = EvaluateRational(right, arena_.budget(), bound) == EvalStatus::kOk;
      if (!is_rational && SameValue(left, line, arena_).is_equal()) {
        const Expr end = arena_.Make(Kind::kDivide, {Minus(right, arena_.Number(offset)), arena_.Number(slope)});
        return LinkPieces(symbol, slope.sign() > 0 ? operation : Flipped(operation), end, variable);
      }
    }
  }
  if (!is_unknown(left)) {
    // a x + b against a constant, with rational numbers only.
    std::vector<std::string> names = left_names;
    names.insert(names.end(), right_names.begin(), right_names.end());
    if (names.empty() || std::ranges::any_of(names, [&](const std::string& name) { return name != names[0]; })) {
      return std::nullopt;
    }
    const Expr difference = Minus(left, right);
    Rational at[3];
    for (int64_t i = 0; i < 3; ++i) {
      if (EvaluateRational(Substitute(arena_, difference, names[0], arena_.Number(i)), arena_.budget(), at[i]) != EvalStatus::kOk) {
        return std::nullopt;
      }
    }
    const Rational slope = at[1] - at[0];
    const Expr line =
        arena_.Make(Kind::kAdd, {arena_.Number(at[0]), arena_.Make(Kind::kMultiply, {arena_.Number(slope), arena_.Symbol(names[0])})});
    if (slope.is_zero() || !SameValue(difference, line, arena_).is_equal()) {
      return std::nullopt;
    }
    return LinkPieces(arena_.Symbol(names[0]), slope.sign() > 0 ? operation : Flipped(operation), arena_.Number(-at[0] / slope), variable);
  }
  const bool is_absolute = left->Is(Kind::kFunction);
  const Expr unknown = is_absolute ? left->kid(0) : left;
  const std::string name = unknown->Is(Kind::kSymbol) ? unknown->text : ToText(unknown, 100);
  if (std::ranges::find(right_names, unknown->text) != right_names.end() || (!variable.empty() && name != kUnnamed && variable != name)) {
    return std::nullopt;
  }
  variable = name == kUnnamed ? variable : name;
  bool negative = false;
  const bool infinite = IsInfinite(right, negative);
  const Expr end = infinite ? nullptr : right;
  const bool closed = operation == 'l' || operation == 'g';
  std::vector<Piece> pieces;
  const Expr opposite = end == nullptr ? nullptr : arena_.Make(Kind::kNegate, {end});
  switch (operation) {
    case '<':
    case 'l':
      pieces.push_back({is_absolute ? opposite : nullptr, end, is_absolute && closed, closed && end != nullptr});
      break;
    case '>':
    case 'g':
      pieces.push_back({end, nullptr, closed && end != nullptr, false});
      if (is_absolute) {
        pieces.push_back({nullptr, opposite, false, closed});
      }
      break;
    case '!':
      if (is_absolute || end == nullptr) {
        return std::nullopt;
      }
      pieces = {{nullptr, end, false, false}, {end, nullptr, false, false}};
      break;
    case '=':
      if (is_absolute || end == nullptr) {
        return std::nullopt;
      }
      pieces.push_back({end, end, true, true});
      break;
    default:
      return std::nullopt;
  }
  return pieces;
}

std::optional<std::vector<Piece>> Comparer::ChainPieces(Expr expr, std::string& variable) {
  std::optional<std::vector<Piece>> result;
  for (size_t i = 0; i < expr->text.size(); ++i) {
    std::optional<std::vector<Piece>> link = LinkPieces(expr->kid(i), expr->text[i], expr->kid(i + 1), variable);
    // A chain with several right sides of one membership or of "x \ne 1, 2" is no chain.
    if (!link) {
      return std::nullopt;
    }
    if (!result) {
      result = std::move(link);
    } else if (expr->text.size() == 2 && result->size() == 1 && link->size() == 1 && (*result)[0].high == nullptr &&
               (*link)[0].low == nullptr) {
      // a < x < b keeps its ends even where their order is unknown.
      (*result)[0].high = (*link)[0].high;
      (*result)[0].high_closed = (*link)[0].high_closed;
    } else if (expr->text.size() == 2 && result->size() == 1 && link->size() == 1 && (*result)[0].low == nullptr &&
               (*link)[0].high == nullptr) {
      (*result)[0].low = (*link)[0].low;
      (*result)[0].low_closed = (*link)[0].low_closed;
    } else {
      result = Intersect(*result, *link);
      if (!result) {
        return std::nullopt;
      }
    }
  }
  return result;
}

std::optional<std::vector<Piece>> Comparer::RelationPieces(Expr expr, std::string& variable) {
  if (expr->Is(Kind::kRelation)) {
    return ChainPieces(expr, variable);
  }
  if (!expr->Is(Kind::kList)) {
    return std::nullopt;
  }
  std::optional<std::vector<Piece>> result;
  for (size_t i = 0; i < expr->kids.size(); ++i) {
    const Expr kid = expr->kid(i);
    std::optional<std::vector<Piece>> pieces;
    if (kid->Is(Kind::kRelation)) {
      pieces = ChainPieces(kid, variable);
    } else if (i > 0 && expr->kid(i - 1)->Is(Kind::kRelation) && expr->kid(i - 1)->text == "!" && IsScalar(kid)) {  // x \ne 1, 2
      pieces = LinkPieces(expr->kid(0)->kid(0), '!', kid, variable);
    }
    if (!pieces) {
      return std::nullopt;
    }
    if (!result) {
      result = std::move(pieces);
      continue;
    }
    const char separator = expr->text[i - 1];
    const std::optional<std::vector<Piece>> both = separator == '|' ? std::nullopt : Intersect(*result, *pieces);
    const bool joins = separator == '|' || (separator != '&' && both && both->empty());
    if (joins || (separator == '&' && both && both->empty())) {
      result->insert(result->end(), pieces->begin(), pieces->end());
      result = Merge(*result);
    } else {
      result = both;
    }
    if (!result) {
      return std::nullopt;
    }
  }
  return result;
}

// The set that an expression means; round brackets around two values are an open interval only where a set is expected.
std::optional<std::vector<Piece>> Comparer::Pieces(Expr expr, std::string& variable, bool is_set) {
  if (!arena_.budget().Spend(4)) {
    return std::nullopt;
  }
  const auto join = [&](const std::vector<Expr>& kids) -> std::optional<std::vector<Piece>> {
    std::vector<Piece> all;
    for (const Expr kid : kids) {
      const std::optional<std::vector<Piece>> pieces = Pieces(kid, variable, true);
      if (!pieces) {
        return std::nullopt;
      }
      all.insert(all.end(), pieces->begin(), pieces->end());
    }
    return all;
  };
  switch (expr->kind) {
    case Kind::kGroup: {
      if (expr->kids.size() != 2 || expr->text == "<>" || (!is_set && expr->text == "()") || !IsScalar(expr->kid(0)) ||
          !IsScalar(expr->kid(1))) {
        return std::nullopt;
      }
      Piece piece;
      bool negative = false;
      if (!IsInfinite(expr->kid(0), negative)) {
        piece.low = expr->kid(0);
        piece.low_closed = expr->text[0] == '[';
      } else if (!negative || expr->text[0] == '[') {
        return std::nullopt;
      }
      if (!IsInfinite(expr->kid(1), negative)) {
        piece.high = expr->kid(1);
        piece.high_closed = expr->text[1] == ']';
      } else if (negative || expr->text[1] == ']') {
        return std::nullopt;
      }
      return std::vector<Piece>{piece};
    }
    case Kind::kSet: {
      std::vector<Piece> points;
      for (const Expr kid : expr->kids) {
        std::vector<Expr> values;
        ExpandPlusMinus(kid, values);
        for (const Expr value : values) {
          if (!IsScalar(value)) {
            return std::nullopt;
          }
          points.push_back({value, value, true, true});
        }
      }
      return points;
    }
    case Kind::kUnion:
      return join(expr->kids);
    case Kind::kIntersection: {
      std::optional<std::vector<Piece>> result = Pieces(expr->kid(0), variable, true);
      for (size_t i = 1; result && i < expr->kids.size(); ++i) {
        const std::optional<std::vector<Piece>> other = Pieces(expr->kid(i), variable, true);
        result = other ? Intersect(*result, *other) : std::nullopt;
      }
      return result;
    }
    case Kind::kDifference: {
      std::optional<std::vector<Piece>> result = Pieces(expr->kid(0), variable, true);
      const Expr right = IsScalar(expr->kid(1)) ? arena_.Make(Kind::kSet, {expr->kid(1)}) : expr->kid(1);
      const std::optional<std::vector<Piece>> holes = Pieces(right, variable, true);
      if (!result || !holes) {
        return std::nullopt;
      }
      for (const Piece& hole : *holes) {
        std::vector<Piece> outside;
        if (hole.low != nullptr) {
          outside.push_back({nullptr, hole.low, false, !hole.low_closed});
        }
        if (hole.high != nullptr) {
          outside.push_back({hole.high, nullptr, !hole.high_closed, false});
        }
        result = Intersect(*result, outside);
        if (!result) {
          return std::nullopt;
        }
      }
      return result;
    }
    case Kind::kAdd:  // R - {2}
      if (is_set && expr->kids.size() == 2 && IsIntervalLike(expr->kid(0)) && expr->kid(1)->Is(Kind::kNegate) &&
          expr->kid(1)->kid(0)->Is(Kind::kSet)) {
        return Pieces(arena_.Make(Kind::kDifference, {expr->kid(0), expr->kid(1)->kid(0)}), variable, true);
      }
      return std::nullopt;
    case Kind::kNamedSet:
      return RealSet(expr->text, arena_.Number(0));
    case Kind::kEmptySet:
      return std::vector<Piece>();
    case Kind::kSetBuilder: {
      // { x \in R | condition } and { x | x \in R, condition }
      const Expr head = expr->kid(0);
      if (!head->Is(Kind::kSymbol) && !(head->Is(Kind::kRelation) && head->text == "e")) {
        return std::nullopt;
      }
      std::optional<std::vector<Piece>> condition = RelationPieces(expr->kid(1), variable);
      if (!condition || (head->Is(Kind::kSymbol) && !variable.empty() && variable != head->text)) {
        return std::nullopt;
      }
      if (head->Is(Kind::kRelation)) {
        const std::optional<std::vector<Piece>> domain = ChainPieces(head, variable);
        return domain ? Intersect(*condition, *domain) : std::nullopt;
      }
      return condition;
    }
    case Kind::kList:
      // (-\infty, 1) and (2, \infty), which are no points
      return std::ranges::all_of(expr->kids, &HasInfiniteEnd) ? join(expr->kids) : RelationPieces(expr, variable);
    case Kind::kRelation:
      return RelationPieces(expr, variable);
    default:
      return std::nullopt;
  }
}

}  // namespace cupel::math
