#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/budget.h"
#include "verifiers/math/rational.h"

// The tree of an answer. Nodes are immutable once made and live in an Arena that holds both answers of a pair.

namespace cupel::math {

enum class Kind : uint8_t {
  kNumber,        // value; info: digits behind the point, -1 when written without one; count: significant digits
  kSymbol,        // text: name with subscripts and accents: "x", "a_1", "vec v"
  kConstant,      // text: "pi", "inf"
  kAdd,           // kids
  kMultiply,      // kids
  kDivide,        // kids[0] / kids[1]
  kNegate,        // kids[0]
  kPlusMinus,     // kids[0] +- kids[1], or +- kids[0]; text "+-" or "-+"
  kPower,         // kids[0] ^ kids[1]
  kFunction,      // text: name; kids: arguments; log with a base has it as second
  kApply,         // text: name of a function that the answer defines or uses; kids: arguments
  kFactorial,     // kids[0]; info 1 or 2
  kPercent,       // kids[0] / 100
  kDegree,        // kids[0] degrees
  kQuantity,      // kids[0] times a unit; text: its dimension ("L2 T-1", "$", "#apple"), value: its size in base units
  kBased,         // text: digits; info: base
  kGroup,         // text: opening and closing bracket as "()", "(]", "[)", "[]", "<>"; kids: items
  kSet,           // kids: items
  kSetBuilder,    // kids[0] such that kids[1..]
  kList,          // kids: items; text: the separators, one of , ; & | each
  kRelation,      // text: operators, one character each (RelationOperator); kids: one more than operators
  kUnion,         // kids
  kIntersection,  // kids
  kDifference,    // kids[0] without kids[1]
  kNamedSet,      // text: "R", "Z", ...
  kEmptySet,
  kMatrix,   // info: columns; kids: rows laid end to end
  kCases,    // kids: value, condition, value, condition ...
  kRatio,    // kids
  kModular,  // kids[0] is a relation modulo kids[1]
  kText,     // text: words in lower case with one space between
  kSum,      // text: "sum", "prod"; kids: body, lower, upper; the bound variable's name follows in `name`
  kDots,
};

// What a character of a relation's text stands for.
//   = < > l (<=) g (>=) ! (!=) ~ (nearly) e (in) n (not in) s (subset) c (modulo) a (arrow) p (parallel) o (normal to) : (label) ? (other)
char RelationOperator(std::string_view token_text);

struct Node {
  Kind kind = Kind::kNumber;
  std::string text;
  Rational value;
  int64_t info = 0;
  int64_t count = 0;
  std::string name;
  std::vector<const Node*> kids;

  const Node* kid(size_t i) const { return kids[i]; }
  bool Is(Kind k) const { return kind == k; }
  bool IsSymbol(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
};

using Expr = const Node*;

// Owns nodes. Past the limit is_full tells, and nodes are still made as asked, so that callers may look at what they made: parsing ends
// with the tokens, every comparison asks first, and no verdict is taken from a full arena.
class Arena {
 public:
  explicit Arena(Budget& budget) : budget_(&budget) {}
  Expr Add(Node node);
  Expr Make(Kind kind, std::vector<Expr> kids, std::string_view text = {}, int64_t info = 0);
  Expr Number(const Rational& value);
  Expr Number(int64_t value) { return Number(Rational(value)); }
  Expr Symbol(std::string_view name) { return Make(Kind::kSymbol, {}, name); }
  bool is_full() const { return is_full_; }
  Budget& budget() { return *budget_; }

 private:
  std::deque<Node> nodes_;
  Budget* budget_;
  bool is_full_ = false;
};

// The tree as text, in one fixed notation: "add(2, power(x, 3))". Cut after `max_bytes`.
std::string ToText(Expr expr, size_t max_bytes = 1'000'000);

// Names of the variables that occur, sorted; bound ones and the imaginary unit and e aside.
std::vector<std::string> FreeSymbols(Expr expr);

// An integral, sum, product or limit of an unknown function of what it runs over: f(x) under an integral by x. It stands for a number of
// which nothing but its spelling is known.
bool IsOpaqueSum(const Node& node);
inline constexpr size_t kMostOpaqueText = 1000;  // of its spelling and an unknown function's

// Whether any node satisfies `test`.
template <class Test>
bool AnyNode(Expr expr, const Test& test) {
  if (test(*expr)) {
    return true;
  }
  for (const Expr kid : expr->kids) {
    if (AnyNode(kid, test)) {
      return true;
    }
  }
  return false;
}

// The expression with every symbol `name` replaced.
Expr Substitute(Arena& arena, Expr expr, std::string_view name, Expr replacement);

// The expression with the names of its symbols in lower case; I stays, lest it become the imaginary unit.
Expr FoldSymbolCase(Arena& arena, Expr expr);

bool SameTree(Expr a, Expr b);

}  // namespace cupel::math
