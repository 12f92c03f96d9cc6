#include <algorithm>
#include <optional>

#include "verifiers/answer/characters.h"
#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

bool IsUpperCaseSymbol(Expr expr) { return expr->Is(Kind::kSymbol) && 'A' <= expr->text[0] && expr->text[0] <= 'Z'; }

// \angle, \angle A, \angle ABC
bool IsAngle(Expr expr) { return expr->Is(Kind::kSymbol) && expr->text.starts_with("angle"); }

// d/dx of something
bool IsDerivative(Expr expr) {
  const Expr first = expr->kid(0);
  return first->Is(Kind::kDivide) && first->kid(0)->IsSymbol("d") && IsDifferential(first->kid(1));
}

// f(y) = x + 1: the value depends on another variable than the one that is named.
bool NamesOtherVariable(Expr relation) {
  const Expr head = relation->kid(0);
  if (!head->Is(Kind::kApply) || head->kids.size() != 1 || !head->kid(0)->Is(Kind::kSymbol)) {
    return false;
  }
  const auto has = [&](const auto& test) { return AnyNode(relation->kids.back(), test); };
  return !has([&](const Node& node) { return node.IsSymbol(head->kid(0)->text); }) && has([](const Node& node) {
    return node.kind == Kind::kSymbol && (node.text == "x" || node.text == "y" || node.text == "z" || node.text == "t");
  });
}

// a_{n+1} = 2 a_n
bool IsRecurrence(Expr expr) {
  const auto is_term = [](const Node& node) { return node.kind == Kind::kSymbol && node.text.size() > 2 && node.text[1] == '_'; };
  return expr->Is(Kind::kRelation) && expr->text == "=" && is_term(*expr->kid(0)) &&
         AnyNode(expr->kid(1), [&](const Node& node) { return is_term(node) && node.text[0] == expr->kid(0)->text[0]; });
}

// a_{n+1} = 2^n: index n, shift 1. Nothing for a recurrence, whose value is other terms.
struct Term {
  std::string index;
  int64_t shift = 0;
};

std::optional<Term> TermOf(Expr expr) {
  const bool is_term = expr->Is(Kind::kRelation) && expr->text == "=" && expr->kid(0)->Is(Kind::kSymbol);
  const std::string_view name = is_term ? std::string_view(expr->kid(0)->text) : std::string_view();
  constexpr std::string_view kIndices = "ijklmnpqrs";
  if (name.size() < 3 || name[1] != '_' || kIndices.find(name[2]) == std::string_view::npos) {
    return std::nullopt;
  }
  Term term{.index = std::string(name.substr(2, 1))};
  if (name.size() > 3) {  // one digit behind a sign
    const bool is_shift = name.size() == 5 && (name[3] == '+' || name[3] == '-') && IsDigit(name[4]);
    if (!is_shift) {
      return std::nullopt;
    }
    term.shift = (name[3] == '+' ? 1 : -1) * (name[4] - '0');
  }
  const auto has = [&](const auto& test) { return AnyNode(expr->kid(1), test); };
  const bool depends = has([&](const Node& node) { return node.IsSymbol(term.index); });
  const bool recurs = has([](const Node& node) { return node.kind == Kind::kSymbol && node.text.find('_') != std::string::npos; });
  return depends && !recurs ? std::optional(std::move(term)) : std::nullopt;
}

bool IsConstantValue(Expr expr) {
  return FreeSymbols(expr).empty() && !AnyNode(expr, [](const Node& n) { return n.kind == Kind::kApply; });
}

}  // namespace

char Flipped(char relation) {
  switch (relation) {
    case '<':
      return '>';
    case '>':
      return '<';
    case 'l':
      return 'g';
    case 'g':
      return 'l';
    default:
      return relation;
  }
}

bool IsDifferential(Expr expr) {
  return expr->Is(Kind::kMultiply) && expr->kids.size() == 2 && (expr->kid(0)->IsSymbol("d") || expr->kid(0)->IsSymbol("partial")) &&
         expr->kid(1)->Is(Kind::kSymbol);
}

Expr Comparer::Minus(Expr a, Expr b) { return arena_.Make(Kind::kAdd, {a, arena_.Make(Kind::kNegate, {b})}); }

// What names a value rather than relating unknowns: x, f(x), AB, \angle ABC, [ABC], |AB|, S_1:S_2, words, \sin\theta.
bool Comparer::IsLabel(Expr expr) {
  switch (expr->kind) {
    case Kind::kSymbol:
      return expr->text != "e" && expr->text != "i";
    case Kind::kApply:
    case Kind::kText:
      return true;
    case Kind::kMultiply:
      return std::ranges::all_of(expr->kids,
                                 [&](Expr kid) {
                                   return IsUpperCaseSymbol(kid) || IsAngle(kid) || kid->IsSymbol("triangle") ||
                                          (kid->Is(Kind::kPower) && IsUpperCaseSymbol(kid->kid(0)) && kid->kid(1)->Is(Kind::kNumber)) ||
                                          (kid->Is(Kind::kMultiply) && IsLabel(kid));
                                 }) ||
             (expr->kids.size() == 2 && expr->kid(0)->IsSymbol("m") && IsAngle(expr->kid(1))) || expr->kid(0)->Is(Kind::kText) ||
             IsDerivative(expr);
    case Kind::kGroup:
      return std::ranges::all_of(expr->kids, [&](Expr kid) { return expr->kids.size() == 1 ? IsLabel(kid) : kid->Is(Kind::kSymbol); });
    case Kind::kQuantity:
      return IsLabel(expr->kid(0));
    case Kind::kSum:  // the limit of a sequence that the answer does not give
      return expr->text == "lim" && AnyNode(expr->kid(0), [](const Node& node) {
               return node.kind == Kind::kApply || (node.kind == Kind::kSymbol && node.text.find('_') != std::string::npos);
             });
    case Kind::kPower:  // AB^2, \sigma^2, f(x)^2: a square that has a name
      return expr->kid(1)->Is(Kind::kNumber) && (expr->kid(0)->IsSymbol("sigma") || expr->kid(0)->Is(Kind::kApply) ||
                                                 (expr->kid(0)->Is(Kind::kMultiply) && IsLabel(expr->kid(0))));
    case Kind::kFunction:
      return expr->kids.size() == 1 && expr->text != "sqrt" && (IsLabel(expr->kid(0)) || (expr->text == "max" || expr->text == "min"));
    case Kind::kIntersection:
    case Kind::kUnion:
      return std::ranges::all_of(expr->kids, &IsUpperCaseSymbol);
    case Kind::kDivide:
      if (IsDifferential(expr->kid(0)) && IsDifferential(expr->kid(1))) {
        return true;
      }
      [[fallthrough]];
    case Kind::kRatio:
      return std::ranges::all_of(expr->kids,
                                 [&](Expr kid) { return IsUpperCaseSymbol(kid) || (kid->Is(Kind::kMultiply) && IsLabel(kid)); });
    default:
      return false;
  }
}

// The value of "x = a = b", every link between two constants checked; an approximation at the end is passed over. Null when it is no such
// chain.
Expr Comparer::ChainValue(Expr relation, Judgement& problem) {
  std::string operators = relation->text;
  std::vector<Expr> sides = relation->kids;
  while (operators.size() > 1 && operators.back() == '~') {
    operators.pop_back();
    sides.pop_back();
  }
  if (operators.find_first_not_of("=~:") != std::string::npos || operators.empty()) {
    return nullptr;
  }
  // "5 \approx 5.02": the exact side counts.
  if (operators == "~" && IsConstantValue(sides[0]) && !IsLabel(sides[0])) {
    return sides[0];
  }
  const bool names_matrix = sides.size() == 2 && sides[0]->Is(Kind::kPower) && IsUpperCaseSymbol(sides[0]->kid(0)) &&
                            sides[0]->kid(1)->Is(Kind::kSymbol) && std::ranges::all_of(sides, [&](Expr side) {
                              return side == sides[0] || AnyNode(side, [](const Node& node) { return node.kind == Kind::kMatrix; });
                            });  // A^n
  const size_t first =
      names_matrix || (IsLabel(sides[0]) && !(IsConstantValue(sides[0]) && !sides[0]->Is(Kind::kText) && !sides[0]->Is(Kind::kFunction)))
          ? 1
          : 0;
  if (first == 0 && sides.size() == 2 && IsLabel(sides[1]) && IsConstantValue(sides[0])) {
    return sides[0];  // 5 = x
  }
  const bool all_constant = std::all_of(sides.begin() + static_cast<std::ptrdiff_t>(first), sides.end(),
                                        [&](Expr side) { return IsScalar(side) && IsConstantValue(side); });
  if (first == 0 && !all_constant) {
    return nullptr;
  }
  for (size_t i = first; i + 1 < sides.size(); ++i) {
    if (operators[i] == '=' && all_constant) {
      const Judgement link = CompareScalars(sides[i], sides[i + 1]);
      if (link.equality == Equality::kDifferent) {
        problem = IsDifferentBy("untrue_chain");
        return nullptr;
      }
    } else if (operators[i] == '=' && IsScalar(sides[i]) && IsScalar(sides[i + 1])) {
      if (SameValue(sides[i], sides[i + 1], arena_).equality == Equality::kDifferent) {
        return nullptr;
      }
    }
  }
  return sides.back();
}

// "x = 5" as 5. `for_value`: the other side is a plain value.
Expr Comparer::StripLabel(Expr expr, bool for_value) {
  if (!options_.labels || !expr->Is(Kind::kRelation)) {
    return expr;
  }
  if (expr->text == ":" && (IsLabel(expr->kid(0)) || expr->kid(0)->Is(Kind::kQuantity))) {
    return StripLabel(expr->kid(1), for_value);
  }
  if (NamesOtherVariable(expr)) {
    return expr;
  }
  // "x = a or b" and "f: x -> y" keep their relation.
  Judgement problem;
  const Expr value = ChainValue(expr, problem);
  if (problem.equality == Equality::kDifferent) {
    return nullptr;
  }
  if (value == nullptr) {
    return expr;
  }
  const bool names_function = expr->kid(0)->Is(Kind::kFunction) || expr->kid(0)->Is(Kind::kDivide);
  return names_function && !for_value ? expr : StripLabel(value, for_value);
}

// a_n = .., a_k = .. and a_{n+1} = ..: the index is bound where both sides depend on it.
Judgement Comparer::CompareSequenceTerms(Expr gold, Expr pred, bool& applies) {
  const std::optional<Term> g = TermOf(gold);
  const std::optional<Term> p = TermOf(pred);
  if (IsRecurrence(gold) && IsRecurrence(pred) && !SameTree(gold->kid(0), pred->kid(0))) {
    applies = true;
    return IsUnknownFor("no_rule");  // a_{n+1} = 2 a_n and a_n = 2 a_{n-1}
  }
  applies = options_.bound_rename && g && p && (g->index != p->index || g->shift != p->shift) &&
            gold->kid(0)->text[0] == pred->kid(0)->text[0] &&
            (g->index == p->index || !AnyNode(pred->kid(1), [&](const Node& node) { return node.IsSymbol(g->index); }));
  if (!applies) {
    return {};
  }
  if (g->shift != p->shift && are_conditioned_) {
    return IsUnknownFor("no_rule");  // n >= 1 of a_n and of a_{n+1} are two things
  }
  const Expr index = arena_.Symbol(g->index);
  const int64_t shift = g->shift - p->shift;
  const Expr moved = shift == 0 ? index : arena_.Make(Kind::kAdd, {index, arena_.Number(shift)});
  return Compare(gold->kid(1), Substitute(arena_, pred->kid(1), p->index, moved));
}

// f(x) = .. and f(t) = ..: the bound variable's name does not matter, nor does the function's where the other side gives none.
Judgement Comparer::CompareDefinitions(Expr gold, Expr pred, bool& applies) {
  const auto is_definition = [](Expr expr) {
    return expr->Is(Kind::kRelation) && expr->text[0] == '=' && expr->kid(0)->Is(Kind::kApply) && !expr->kid(0)->kids.empty() &&
           std::ranges::all_of(expr->kid(0)->kids, [](Expr kid) { return kid->Is(Kind::kSymbol); });
  };
  applies = false;
  if (const Judgement sequences = CompareSequenceTerms(gold, pred, applies); applies) {
    return sequences;
  }
  if (!is_definition(gold)) {
    return {};
  }
  const Expr head = gold->kid(0);
  Expr right = nullptr;
  Judgement problem;
  if (is_definition(pred)) {
    if (pred->kid(0)->kids.size() != head->kids.size() || (pred->kid(0)->text != head->text && !options_.bound_rename)) {
      return {};
    }
    if (pred->kid(0)->text != head->text) {
      applies = true;
      return IsDifferentBy("labels");
    }
    right = ChainValue(pred, problem);
    // P(A) and P(B) are two values: a capital is no bound variable unless the value depends on it.
    const auto is_bound = [](Expr name, Expr value) {
      return name->text[0] < 'A' || 'Z' < name->text[0] || AnyNode(value, [&](const Node& n) { return n.IsSymbol(name->text); });
    };
    for (size_t i = 0; right != nullptr && i < head->kids.size(); ++i) {
      if (head->kid(i)->text != pred->kid(0)->kid(i)->text && !is_bound(head->kid(i), gold->kid(1))) {
        applies = true;
        return IsDifferentBy("labels");
      }
    }
    const std::vector<Expr>& arguments = pred->kid(0)->kids;
    if (right != nullptr && options_.bound_rename && !std::ranges::equal(arguments, head->kids, &SameTree)) {
      const auto is_argument = [&](Expr name) {
        return std::ranges::any_of(arguments, [&](Expr argument) { return SameTree(argument, name); });
      };
      const auto is_used = [&](Expr name) { return AnyNode(right, [&](const Node& n) { return n.IsSymbol(name->text); }); };
      if (std::ranges::any_of(head->kids, [&](Expr name) { return !is_argument(name) && is_used(name); })) {
        applies = true;
        return IsDifferentBy("labels");
      }
      if (std::ranges::all_of(head->kids, is_argument)) {  // u(t, x) = x - t is meant as u(x, t) = x - t by some
        const Expr left = ChainValue(gold, problem);
        if (left != nullptr && Compare(left, right).is_equal()) {
          applies = true;
          return IsUnknownFor("no_rule");
        }
      }
      // All at once, through names that no answer holds: f(y, x) = y - x is f(x, y) = x - y.
      const auto between = [](size_t i) { return "argument " + std::to_string(i); };
      for (size_t i = 0; i < arguments.size(); ++i) {
        right = Substitute(arena_, right, arguments[i]->text, arena_.Symbol(between(i)));
      }
      for (size_t i = 0; i < arguments.size(); ++i) {
        right = Substitute(arena_, right, between(i), head->kid(i));
      }
    }
  }
  const Expr left = ChainValue(gold, problem);
  if (left == nullptr || right == nullptr) {
    return {};
  }
  applies = true;
  return Compare(left, right);
}

// Equations as sets of points: one is the other times a constant, or has the same numerator.
Judgement Comparer::CompareEquations(Expr gold, Expr pred) {
  const Expr left = Minus(gold->kid(0), gold->kid(1));
  const Expr right = Minus(pred->kid(0), pred->kid(1));
  if (FreeSymbols(left) != FreeSymbols(right)) {
    return IsDifferentBy("equations");
  }
  if (const Equality exact = SameNumerator(left, right, arena_.budget()); exact == Equality::kEqual) {
    return IsEqualBy("normal_form");
  }
  int sign = 0;
  return IsConstantRatio(left, right, arena_, sign);
}

// "y = \pm 2x", "3x \pm 4y = 0" and "x = 1 or 3x + 4y = 5" as sets of equations; against one equation, as its factors.
Judgement Comparer::CompareSeveralEquations(Expr gold, Expr pred) {
  const auto equations = [&](Expr expr) {
    std::vector<Expr> items;
    for (const Expr item : expr->Is(Kind::kList) ? expr->kids : std::vector<Expr>{expr}) {
      if (!item->Is(Kind::kRelation) || item->text != "=" || FreeSymbols(item).size() < 2) {
        return std::vector<Expr>();
      }
      ExpandPlusMinus(item, items);
    }
    return items;
  };
  if ((!HasPlusMinus(gold) && !gold->Is(Kind::kList)) && (!HasPlusMinus(pred) && !pred->Is(Kind::kList))) {
    return {};
  }
  std::vector<Expr> g = equations(gold);
  std::vector<Expr> p = equations(pred);
  if (g.empty() || p.empty()) {
    return {};
  }
  // Alternatives against one equation; "," and "and" may mean a system, which is no product.
  const auto product = [&](Expr expr, std::vector<Expr>& items) {
    constexpr size_t kMaxFactors = 4;
    if (items.size() < 2 || items.size() > kMaxFactors ||
        (expr->Is(Kind::kList) && expr->text.find_first_not_of('|') != std::string::npos)) {
      return;
    }
    std::vector<Expr> factors;
    for (const Expr item : items) {
      factors.push_back(Minus(item->kid(0), item->kid(1)));
    }
    items = {arena_.Make(Kind::kRelation, {arena_.Make(Kind::kMultiply, std::move(factors)), arena_.Number(0)}, "=")};
  };
  if (g.size() == 1) {
    product(pred, p);
  } else if (p.size() == 1) {
    product(gold, g);
  }
  return g.size() == 1 && p.size() == 1 ? CompareEquations(g[0], p[0]) : CompareUnordered(g, p);
}

Judgement Comparer::CompareInequalities(Expr gold, Expr pred) {
  if (gold->kids.size() != 2 || pred->kids.size() != 2) {
    if (gold->kids.size() != pred->kids.size()) {
      return IsDifferentBy("relations");
    }
    // Chains in the same or in the opposite direction.
    Expr other = pred;
    if (gold->text != pred->text) {
      std::string operators(pred->text.rbegin(), pred->text.rend());
      std::ranges::transform(operators, operators.begin(), &Flipped);
      other = arena_.Make(Kind::kRelation, {pred->kids.rbegin(), pred->kids.rend()}, operators);
    }
    return gold->text == other->text ? CompareSequences(gold->kids, other->kids) : IsDifferentBy("relations");
  }
  const Expr left = Minus(gold->kid(0), gold->kid(1));
  const Expr right = Minus(pred->kid(0), pred->kid(1));
  if (FreeSymbols(left) != FreeSymbols(right)) {
    return IsDifferentBy("relations");
  }
  int sign = 0;
  const Judgement ratio = IsConstantRatio(left, right, arena_, sign);
  if (!ratio.is_equal()) {
    return ratio;
  }
  if (sign == 0) {  // sides that are not real have no order
    return IsUnknownFor("no_rule");
  }
  const char expected = sign > 0 ? pred->text[0] : Flipped(pred->text[0]);
  return gold->text[0] == expected ? ratio : IsDifferentBy("relations");
}

// a = b (mod n): residues compare modulo n.
Judgement Comparer::CompareModular(Expr gold, Expr pred) {
  const auto residue = [&](Expr expr, Rational& value, Rational& modulus) {
    const Expr relation = expr->kid(0);
    const Expr right = relation->Is(Kind::kRelation) ? relation->kids.back() : relation;
    return EvaluateRational(right, arena_.budget(), value) == EvalStatus::kOk &&
           EvaluateRational(expr->kid(1), arena_.budget(), modulus) == EvalStatus::kOk && value.is_integer() && modulus.is_integer() &&
           modulus.sign() > 0;
  };
  Rational a;
  Rational b;
  Rational m;
  Rational n;
  if (!residue(gold, a, m) || !residue(pred, b, n)) {
    return SameTree(gold, pred) ? IsEqualBy("same_form") : IsUnknownFor("no_rule");
  }
  return m == n && ((a - b) / m).is_integer() ? IsEqualBy("congruence") : IsDifferentBy("congruence");
}

Judgement Comparer::CompareRelations(Expr gold, Expr pred) {
  const bool gold_equation = gold->text == "=";
  const bool pred_equation = pred->text == "=";
  bool applies = false;
  if (const Judgement definition = CompareDefinitions(gold, pred, applies); applies) {
    return definition;
  }
  if (gold_equation && pred_equation) {
    const auto names_graph = [](Expr y, Expr f) {
      return y->IsSymbol("y") && f->Is(Kind::kApply) && f->kids.size() == 1 && f->kid(0)->IsSymbol("x");
    };
    if (names_graph(gold->kid(0), pred->kid(0)) || names_graph(pred->kid(0), gold->kid(0))) {
      return Compare(gold->kid(1), pred->kid(1));
    }
    if (gold->kid(0)->Is(Kind::kText) || pred->kid(0)->Is(Kind::kText) || !IsScalar(gold->kid(0)) || !IsScalar(pred->kid(0)) ||
        !IsScalar(gold->kid(1)) || !IsScalar(pred->kid(1))) {
      const Judgement left = Compare(gold->kid(0), pred->kid(0));
      return left.is_equal() ? Compare(gold->kid(1), pred->kid(1)) : left;
    }
    if (SameTree(gold->kid(0), pred->kid(0))) {
      if (const Judgement right = CompareScalars(gold->kid(1), pred->kid(1)); right.is_equal()) {
        return right;
      }
    }
    return CompareEquations(gold, pred);
  }
  std::string g_variable;
  std::string p_variable;
  const auto g = Pieces(gold, g_variable, true);
  const auto p = Pieces(pred, p_variable, true);
  if (g && p && options_.interval_relation && (g_variable == p_variable || g_variable.empty() || p_variable.empty())) {
    return ComparePieces(*g, *p);
  }
  if (gold->text == pred->text && gold->text.find_first_not_of("e=") == std::string::npos) {
    return CompareSequences(gold->kids, pred->kids);
  }
  const bool inequalities =
      gold->text.find_first_not_of("<>lg!=") == std::string::npos && pred->text.find_first_not_of("<>lg!=") == std::string::npos;
  return inequalities ? CompareInequalities(gold, pred) : SameTree(gold, pred) ? IsEqualBy("same_form") : IsUnknownFor("no_rule");
}

}  // namespace cupel::math
