// Families that are affine in arbitrary real parameters, as sets: C_1 cosh x + C_2 sinh x and a e^x + b e^-x, lines and planes whichever of
// their points and directions are named, spans, and F(x, y) = C.
//
//   { a + sum_i C_i f_i } = { b + sum_j D_j g_j }   where   span f = span g, of equal dimension, and b - a is in span f
//
// The functions f and g are read off by C = 0 and C_i = 1; a linear system at as many places as there are parameters gives the only
// coefficients that g and b - a can have, and an identity shows that they have them.

#include <algorithm>
#include <array>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr size_t kMaxParameters = 3;
constexpr size_t kMaxParts = 8;
constexpr slong kPrecision = 128;

bool IsOneOf(std::string_view letters, std::string_view name) {
  return name.size() == 1 && letters.find(name[0]) != std::string_view::npos;
}

bool IsConventional(std::string_view name) { return name == "C" || name == "c" || IsIndexedConstant(name); }

// What a constant may be called where the other answer shows that it is one.
bool IsLetterOfConstant(std::string_view name) {
  return IsOneOf("ABDEKMabkmc", name) || (name.size() == 3 && name[1] == '_' && IsOneOf("ABKabk", name.substr(0, 1)));
}

bool IsVariable(std::string_view name) { return name == "theta" || IsOneOf("xytuvszrn", name); }

// What the parameter of a line or plane is called. Other letters are given numbers, or whole ones.
bool IsParameterOfLine(std::string_view name) {
  constexpr auto kNames = std::to_array<std::string_view>({"t", "s", "u", "v", "r", "lambda", "mu", "tau", "t_1", "t_2", "s_1", "s_2"});
  return std::ranges::find(kNames, name) != kNames.end();
}

// All of the parameters of a line or plane: s and t, or c_1 and c_2, where t would be a variable beside them.
bool AreOfLine(const std::vector<std::string>& names) {
  return std::ranges::all_of(names, &IsParameterOfLine) || std::ranges::all_of(names, &IsIndexedConstant);
}

bool IsEquation(Expr expr) { return expr->Is(Kind::kRelation) && expr->text == "="; }

// y, x_1, f(x)
bool IsName(Expr expr) {
  const auto is_symbol = [](Expr kid) { return kid->Is(Kind::kSymbol); };
  return is_symbol(expr) || (expr->Is(Kind::kApply) && std::ranges::all_of(expr->kids, is_symbol));
}

// y and y(x); an argument counts where both have one.
bool AreOneName(Expr a, Expr b) {
  return a->text == b->text && (a->kids.empty() || b->kids.empty() || std::ranges::equal(a->kids, b->kids, &SameTree));
}

// Names and numbers put together by real functions only. Signs of plus or minus, cases and units have rules of their own, and over the
// complex numbers more is in a span.
bool IsPlainPart(Expr expr) {
  return !AnyNode(expr, [](const Node& node) {
    return node.kind == Kind::kPlusMinus || node.kind == Kind::kApply || node.kind == Kind::kCases || node.kind == Kind::kQuantity ||
           node.kind == Kind::kPercent || node.kind == Kind::kRelation || node.kind == Kind::kText || node.kind == Kind::kModular ||
           node.kind == Kind::kDots || node.IsSymbol("i") || node.IsSymbol("d") || (node.kind == Kind::kFunction && node.text == "cis") ||
           IsOpaqueSum(node);
  });
}

// A real number that is proven to be other than zero.
bool IsNonzero(Expr expr, Arena& arena) {
  Ball value;
  return EvaluateBall(expr, Bindings{}, kPrecision, arena.budget(), value) == EvalStatus::kOk && value.is_finite() && value.is_real() &&
         !value.ContainsZero();
}

// A fraction of small numbers in a ball.
std::optional<Rational> FractionIn(const Ball& value) {
  for (const int64_t denominator : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 24, 30, 36, 60}) {
    Ball scaled;
    acb_mul_si(scaled.get(), value.get(), denominator, kPrecision);
    Rational whole;
    if (!scaled.is_finite() || !scaled.IsModest()) {
      return std::nullopt;
    }
    arf_get_fmpz(fmpq_numref(whole.get()), arb_midref(scaled.real()), ARF_RND_NEAR);
    if (arb_contains_fmpz(scaled.real(), whole.numerator()) != 0) {
      return whole / Rational(denominator);
    }
  }
  return std::nullopt;
}

// The value where every name is 2: what an expression is if it is constant.
Expr AtTwo(Expr expr, Arena& arena) {
  for (const std::string& name : FreeSymbols(expr)) {
    expr = Substitute(arena, expr, name, arena.Number(2));
  }
  return expr;
}

std::vector<std::string> Without(std::vector<std::string> names, const std::vector<std::string>& others) {
  std::erase_if(names, [&](const std::string& name) { return HasName(others, name); });
  return names;
}

std::vector<std::string> NamesOf(const std::vector<Expr>& parts) {
  std::vector<std::string> names;
  for (const Expr part : parts) {
    for (const std::string& name : FreeSymbols(part)) {
      if (!HasName(names, name)) {
        names.push_back(name);
      }
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

// Whether nothing stands beside the value but "t \in R": a condition makes a ray, a segment or points of a line, and so may words.
bool Comparer::IsUnrestricted(const Reading& reading) {
  return !reading.is_restricted && (reading.words.empty() || IsSpan(reading)) && reading.extreme == 0 &&
         std::ranges::all_of(reading.conditions, &IsAnyReal);
}

// \operatorname{span}\{(1, 1, 0), (0, 1, 1)\}
bool Comparer::IsSpan(const Reading& reading) {
  return reading.words.size() == 1 && reading.words[0] == "span" && reading.expr->Is(Kind::kSet);
}

// The vectors of a span with a parameter each.
bool Comparer::ReadSpan(Expr set, AffineFamily& family) {
  std::vector<Expr> terms;
  for (const Expr vector : set->kids) {
    const std::string name = "span " + std::to_string(terms.size());
    family.declared.push_back(name);
    terms.push_back(arena_.Make(Kind::kMultiply, {arena_.Symbol(name), vector}));
  }
  return !terms.empty() && ReadParts(terms.size() == 1 ? terms[0] : arena_.Make(Kind::kAdd, std::move(terms)), family);
}

// Takes "s, t \in R" off a list or a set's conditions, and their names for parameters.
Expr Comparer::TakeDeclared(Expr expr, AffineFamily& family) {
  const auto declare = [&](Expr names) {
    const bool is_many = (names->Is(Kind::kGroup) && names->text == "()") || names->Is(Kind::kList);
    const std::vector<Expr> items = is_many ? names->kids : std::vector<Expr>{names};
    for (const Expr item : items) {
      family.declared.push_back(item->text);
    }
    return !items.empty() && std::ranges::all_of(items, [](Expr item) { return item->Is(Kind::kSymbol); });
  };
  const auto declare_all = [&](const std::vector<Expr>& items) {
    for (size_t i = 0; i < items.size(); ++i) {
      const bool ends = IsAnyReal(items[i]);
      const bool is_name =
          items[i]->Is(Kind::kSymbol) && std::any_of(items.begin() + static_cast<std::ptrdiff_t>(i), items.end(), &IsAnyReal);
      if ((!ends && !is_name) || !declare(ends ? items[i]->kid(0) : items[i])) {
        return false;
      }
    }
    return true;
  };
  if (expr->Is(Kind::kSetBuilder)) {
    std::vector<Expr> conditions(expr->kids.begin() + 1, expr->kids.end());
    if (conditions.size() == 1 && conditions[0]->Is(Kind::kList)) {
      if (IsTupleLike(expr->kid(0)) && IsEquation(conditions[0]->kid(0))) {  // {(x, y) | x = 1 + t, y = t, t \in R}
        return TakeDeclared(conditions[0], family);
      }
      conditions = conditions[0]->kids;
    }
    family.is_set = true;
    return !expr->kid(0)->Is(Kind::kSymbol) && declare_all(conditions) ? expr->kid(0) : nullptr;
  }
  if (!expr->Is(Kind::kList)) {
    return expr;
  }
  std::vector<Expr> items = expr->kids;
  std::vector<Expr> declarations;
  while (items.size() > 1 && (IsAnyReal(items.back()) || (!declarations.empty() && items.back()->Is(Kind::kSymbol)))) {
    declarations.insert(declarations.begin(), items.back());
    items.pop_back();
  }
  if (!declare_all(declarations)) {
    return nullptr;
  }
  if (items.size() == 1) {
    return items[0];
  }
  const bool is_open = expr->text.find('|') == std::string::npos;  // what is joined by "or" is no list of components
  return is_open ? arena_.Make(Kind::kList, items, expr->text.substr(0, items.size() - 1)) : nullptr;
}

// The components of a value: those of a vector, or the one of a scalar.
bool Comparer::ReadParts(Expr value, AffineFamily& family) {
  if (IsScalar(value)) {
    family.parts = {value};
    return true;
  }
  const auto is_tuple = [&](Expr part) {  // [t, 2t] may be an interval
    return ((part->Is(Kind::kGroup) && part->text != "[]") || part->Is(Kind::kMatrix)) && TupleItems(part).has_value();
  };
  if (is_tuple(value)) {
    family.parts = *TupleItems(value);
  } else if (const Expr matrix = MatrixValue(value); matrix != nullptr && (matrix->info == 1 || matrix->info == std::ssize(matrix->kids))) {
    family.parts = matrix->kids;
    family.names_point =
        value->Is(Kind::kAdd) && std::ranges::any_of(value->kids, [&](Expr term) { return is_tuple(term) && FreeSymbols(term).empty(); });
  } else {
    return false;
  }
  family.is_vector = family.parts.size() > 1;
  return family.is_vector;
}

// "y = ..", "(x, y) = ..", "x = .., y = ..", "F(x, y) = C" or a bare value, with declarations behind it.
bool Comparer::ReadAffine(Expr expr, AffineFamily& family) {
  expr = TakeDeclared(expr, family);
  if (expr == nullptr) {
    return false;
  }
  if (expr->Is(Kind::kList) || (IsEquation(expr) && IsTupleLike(expr->kid(0)))) {
    const auto is_symbol = [](Expr name) { return name->Is(Kind::kSymbol); };
    const bool is_value = IsEquation(expr) && !is_symbol(expr->kid(1)) && !TupleItems(expr->kid(1));
    if (is_value && TupleItems(expr->kid(0))) {  // (x, y, z) = (1, 2, 3) + t (4, 5, 6)
      family.names = *TupleItems(expr->kid(0));
      if (!ReadParts(expr->kid(1), family)) {
        return false;
      }
    } else if (!ReadAssignments(expr, family.names, family.parts)) {
      return false;
    }
    family.is_vector = family.parts.size() > 1;
    return family.is_vector && family.names.size() == family.parts.size() && std::ranges::all_of(family.names, &IsName);
  }
  if (!IsEquation(expr)) {
    return ReadParts(expr, family);
  }
  for (const size_t side : {0, 1}) {
    const Expr label = expr->kid(side);
    const Expr value = expr->kid(1 - side);
    // y = C e^x, but no side of x = C - y^2
    const bool is_label = IsName(label) && !HasName(FreeSymbols(value), label->text) && !IsConventional(label->text) &&
                          !HasName(family.declared, label->text);
    const bool may_be_curve = label->IsSymbol("x") && HasName(FreeSymbols(value), "y");
    if (is_label && !may_be_curve && ReadParts(value, family)) {
      family.label = label;
      return true;
    }
  }
  family.is_equation = IsScalar(expr->kid(0)) && IsScalar(expr->kid(1));
  family.parts = {Minus(expr->kid(0), expr->kid(1))};
  return family.is_equation;
}

// F(x, y) = C for y, where it is linear in y with a constant factor.
bool Comparer::SolveFor(Expr label, AffineFamily& family) {
  const Expr equation = family.parts[0];
  const Expr start = Substitute(arena_, equation, label->text, arena_.Number(0));
  const Expr slope = Minus(Substitute(arena_, equation, label->text, arena_.Number(1)), start);
  const Expr constant = AtTwo(slope, arena_);
  const Expr line = arena_.Make(Kind::kAdd, {start, arena_.Make(Kind::kMultiply, {constant, arena_.Symbol(label->text)})});
  if (!IsNonzero(constant, arena_) || !SameValue(equation, line, arena_).is_equal()) {
    return false;
  }
  family.parts = {arena_.Make(Kind::kDivide, {arena_.Make(Kind::kNegate, {start}), constant})};
  family.label = label;
  family.is_equation = false;
  return true;
}

// One form for both: the same names in the same order, and equations solved where one answer is.
bool Comparer::AlignAffine(AffineFamily& gold, AffineFamily& pred) {
  for (AffineFamily* family : {&gold, &pred}) {
    const AffineFamily& other = family == &gold ? pred : gold;
    if (family->is_equation && !other.is_equation &&
        (other.is_vector || other.label == nullptr || !SolveFor(arena_.Symbol(other.label->text), *family))) {
      return false;
    }
  }
  if (gold.parts.size() != pred.parts.size() || gold.is_vector != pred.is_vector || gold.parts.size() > kMaxParts ||
      (gold.is_vector && !options_.vector_tuple)) {
    return false;
  }
  const bool both_named = !gold.names.empty() && !pred.names.empty();
  const bool one_labelled = (gold.label == nullptr) != (pred.label == nullptr);
  if ((gold.names.empty() != pred.names.empty() && !options_.assignments_as_tuple) ||
      (one_labelled && !(options_.labels && options_.equation_vs_expression))) {
    return false;
  }
  if (gold.label != nullptr && pred.label != nullptr) {
    return AreOneName(gold.label, pred.label);
  }
  if (!both_named) {
    return true;
  }
  std::vector<Expr> ordered;
  for (const Expr name : gold.names) {
    const auto found = std::ranges::find_if(pred.names, [&](Expr other) { return AreOneName(name, other); });
    if (found == pred.names.end()) {
      return false;
    }
    ordered.push_back(pred.parts[static_cast<size_t>(found - pred.names.begin())]);
  }
  pred.parts = ordered;
  pred.names = gold.names;
  return true;
}

// Which names of each answer are its parameters. Declared ones; constants of integration beside a variable, and letters opposite to them;
// t and its kind in vectors that hold nothing else. What the gold does not declare and both answers name alike may be given by the
// question.
bool Comparer::ChooseParameters(AffineFamily& gold, AffineFamily& pred) {
  std::vector<std::string> labels;  // x and t of "x(t) = .."
  for (const AffineFamily* family : {&gold, &pred}) {
    std::vector<Expr> names = family->names;
    if (family->label != nullptr) {
      names.push_back(family->label);
    }
    for (const Expr name : names) {
      labels.push_back(name->text);
      std::ranges::transform(name->kids, std::back_inserter(labels), [](Expr kid) { return kid->text; });
    }
  }
  const auto is_named = [&](const std::string& name) {
    return std::ranges::any_of(labels, [&](const std::string& label) { return label == name || label.ends_with("_" + name); });
  };
  const std::vector<std::string> gold_names = NamesOf(gold.parts);
  const std::vector<std::string> pred_names = NamesOf(pred.parts);
  const auto choose = [](const std::vector<std::string>& names, const auto& test) {
    std::vector<std::string> chosen;
    std::ranges::copy_if(names, std::back_inserter(chosen), test);
    return chosen;
  };
  const auto declared = [&](const std::vector<std::string>& names, const AffineFamily& family) {
    return choose(names, [&](const std::string& name) { return HasName(family.declared, name); });
  };
  std::vector<std::string>& g = gold.parameters;
  std::vector<std::string>& p = pred.parameters;
  g = declared(gold_names, gold);
  p = declared(pred_names, pred);
  if (std::ranges::any_of(g, is_named) || std::ranges::any_of(p, is_named)) {
    return false;
  }
  const bool is_declared = !g.empty();
  const bool both_declare = is_declared && !p.empty();
  const bool is_line = gold.is_vector && AreOfLine(gold_names) && (p == pred_names || AreOfLine(pred_names)) &&
                       std::ranges::none_of(gold_names, is_named) && std::ranges::none_of(pred_names, is_named);
  if (is_declared) {
    if (p.empty()) {
      p = Without(pred_names, Without(gold_names, g));
    }
  } else if (is_line) {
    g = gold_names;
    p = pred_names;
  } else {
    g = choose(gold_names, &IsConventional);
    p = p.empty() ? choose(pred_names, &IsConventional) : p;
    if (g.empty() && (p == std::vector<std::string>{"C"} || (!p.empty() && std::ranges::all_of(p, &IsIndexedConstant)))) {
      g = choose(Without(gold_names, pred_names), [](const std::string& name) { return IsOneOf("ABDK", name); });
    }
    if (p.empty()) {
      p = choose(Without(pred_names, gold_names), &IsLetterOfConstant);
    }
    // c is the name of many things: opposite to C and its kind only.
    const auto is_small = [](const std::vector<std::string>& names) { return names.size() == 1 && names[0] == "c"; };
    if ((is_small(g) && !std::ranges::all_of(p, &IsConventional)) || (is_small(p) && !std::ranges::all_of(g, &IsConventional)) ||
        (is_small(g) && is_small(p))) {
      return false;
    }
  }
  const std::vector<std::string> givens = Without(gold_names, g);
  if (g.size() != p.size() || g.empty() || g.size() > kMaxParameters || givens != Without(pred_names, p) ||
      std::ranges::any_of(p, is_named)) {
    return false;
  }
  // All of the space, or of the line, is no answer by which parameters are known.
  if (givens.empty() && g.size() >= gold.parts.size()) {
    return false;
  }
  const bool has_variable = std::ranges::any_of(givens, &IsVariable);
  // "a x for all real x" is a function; {(x, 2x) : x \in R} is a set.
  const auto is_argument = [&](const std::string& name) {
    return gold.is_vector ? !gold.is_set && (IsOneOf("xyzn", name) || name == "theta") : IsVariable(name) || !has_variable;
  };
  if (is_declared && std::ranges::any_of(g, is_argument)) {
    return false;
  }
  // What both answers name alike may be given by the question, or be what the answer is a function of.
  const bool are_renamed = Without(g, p).size() == g.size();
  const auto is_derivative = [](const AffineFamily& family) {
    return family.label != nullptr && family.label->text.find('\'') != std::string::npos;
  };
  if (is_declared && !gold.is_vector && !are_renamed && (!both_declare || is_derivative(gold) || is_derivative(pred))) {
    return false;
  }
  const bool are_indexed = g.size() > 1 && (std::ranges::all_of(g, &IsIndexedConstant) || std::ranges::all_of(p, &IsIndexedConstant));
  if (is_line && !is_declared && !are_indexed && !(gold.names_point && pred.names_point)) {
    // (3 + 5t, 2 + 3t) may be the solutions for whole t, or a velocity at the time t.
    gold.may_be_whole = true;
    return are_renamed || (gold.names.size() > 2 && pred.names.size() > 2);
  }
  if (is_declared || is_line) {
    return true;
  }
  const bool has_capitals =
      std::ranges::any_of(givens, [](const std::string& name) { return name.size() == 1 && 'A' <= name[0] && name[0] <= 'Z'; });
  if (!has_variable || has_capitals) {
    return false;
  }
  const bool is_curve = gold.is_equation && HasName(givens, "x") && HasName(givens, "y") && std::ranges::all_of(givens, &IsVariable);
  if (gold.is_equation && !is_curve) {
    return false;
  }
  if (gold.is_vector) {
    return are_indexed;
  }
  // C may be a given number in "C v^2 / 2" and in x = C t^2 / 2; in y = C e^x it is not.
  const auto names = [](const AffineFamily& family, std::string_view name) {
    return family.label != nullptr && family.label->text == name;
  };
  const bool solves_y = (names(gold, "y") || names(pred, "y")) && givens.size() == 1 && IsVariable(givens[0]);
  const bool solves_x = (names(gold, "x") || names(pred, "x")) && std::ranges::all_of(givens, &IsVariable);
  if (!are_renamed) {
    return is_curve || (solves_y && givens[0] == "x");
  }
  const bool is_solution = solves_y || solves_x;
  gold.must_be_term = !are_indexed && !is_solution && !is_curve;
  return true;
}

// The expression with numbers for names; what they make zero is left out, and its domain with it.
Expr Comparer::With(Expr expr, const std::vector<std::string>& names, const std::vector<Expr>& values) {
  if (const auto found = std::ranges::find(names, expr->text); expr->Is(Kind::kSymbol) && found != names.end()) {
    return values[static_cast<size_t>(found - names.begin())];
  }
  if (expr->Is(Kind::kSum)) {  // whose variable may have one of the names
    for (size_t i = 0; i < names.size(); ++i) {
      expr = Substitute(arena_, expr, names[i], values[i]);
    }
    return expr;
  }
  if (expr->kids.empty() || arena_.is_full()) {
    return expr;
  }
  const auto is_number = [](Expr kid, int64_t value) { return kid->Is(Kind::kNumber) && kid->value == Rational(value); };
  std::vector<Expr> kids;
  for (const Expr kid : expr->kids) {
    kids.push_back(With(kid, names, values));
  }
  const bool starts_zero = is_number(kids[0], 0);
  if ((expr->Is(Kind::kMultiply) && std::ranges::any_of(kids, [&](Expr kid) { return is_number(kid, 0); })) ||
      (starts_zero && (expr->Is(Kind::kNegate) || expr->Is(Kind::kDivide)))) {
    return arena_.Number(0);
  }
  if (expr->Is(Kind::kMultiply) || expr->Is(Kind::kAdd)) {
    std::erase_if(kids, [&](Expr kid) { return is_number(kid, expr->Is(Kind::kAdd) ? 0 : 1); });
    if (kids.size() < 2) {
      return kids.empty() ? arena_.Number(expr->Is(Kind::kAdd) ? 0 : 1) : kids[0];
    }
  }
  if (std::ranges::equal(kids, expr->kids)) {
    return expr;
  }
  Node node = *expr;
  node.kids = std::move(kids);
  return arena_.Add(std::move(node));
}

// The point and the basis of a family, after an identity has shown that it is affine in its parameters.
bool Comparer::ResolveAffine(AffineFamily& family) {
  const size_t n = family.parameters.size();
  family.basis.resize(n);
  for (const Expr part : family.parts) {
    std::vector<Expr> fixed;
    std::vector<Expr> moved;
    for (const Expr term : part->Is(Kind::kAdd) ? part->kids : std::vector<Expr>{part}) {
      (Without(family.parameters, FreeSymbols(term)).size() == n ? fixed : moved).push_back(term);
    }
    const Expr sum = arena_.Make(Kind::kAdd, moved);
    const auto at = [&](size_t one) {
      std::vector<Expr> values(n, arena_.Number(0));
      if (one < n) {
        values[one] = arena_.Number(1);
      }
      return moved.empty() ? arena_.Number(0) : With(sum, family.parameters, values);
    };
    const Expr start = at(n);
    fixed.push_back(start);
    family.point.push_back(With(arena_.Make(Kind::kAdd, std::move(fixed)), {}, {}));
    Expr whole = family.point.back();
    for (size_t i = 0; i < n; ++i) {
      family.basis[i].push_back(With(Minus(at(i), start), {}, {}));
      whole = arena_.Make(Kind::kAdd, {whole, arena_.Make(Kind::kMultiply, {arena_.Symbol(family.parameters[i]), family.basis[i].back()})});
    }
    if (!SameValue(part, With(whole, {}, {}), arena_).is_equal()) {
      return false;
    }
  }
  return true;
}

// Places, each a component at values of the variables, at which the basis has an invertible matrix: then it is independent, and what is in
// its span is known by its values there.
bool Comparer::FindPlaces(const AffineFamily& family, const std::vector<std::string>& variables, std::vector<Place>& places) {
  constexpr auto kValues =
      std::to_array<std::pair<int64_t, int64_t>>({{0, 1}, {1, 1}, {1, 2}, {2, 1}, {1, 3}, {3, 1}, {3, 4}, {5, 2}, {-1, 2}});
  const size_t num_points = variables.empty() ? 1 : kValues.size();
  const size_t n = family.basis.size();
  for (size_t point = 0; point < num_points; ++point) {
    for (size_t part = 0; part < family.parts.size() && places.size() < n; ++part) {
      Place place{part, {}};
      for (size_t i = 0; i < variables.size(); ++i) {
        const auto [numerator, denominator] = kValues[(point + 4 * i) % kValues.size()];
        place.values.push_back(arena_.Number(Rational(numerator, denominator)));
      }
      places.push_back(place);
      std::vector<Expr> cells;
      for (const Place& row : places) {
        for (size_t i = 0; i < places.size(); ++i) {
          cells.push_back(ValueAt(row, variables, family.basis[i]));
        }
      }
      const Expr matrix = arena_.Make(Kind::kMatrix, std::move(cells), {}, std::ssize(places));
      if (!IsNonzero(Determinant(matrix), arena_)) {
        places.pop_back();
      }
    }
  }
  return places.size() == n;
}

Expr Comparer::ValueAt(const Place& place, const std::vector<std::string>& variables, const std::vector<Expr>& parts) {
  return With(parts[place.part], variables, place.values);
}

// Whether `parts` are in the span of the family's basis. Their values at the places leave one coefficient for each of its functions, by
// Cramer's rule; a fraction near it is tried first, and an identity decides. `coefficients` are left empty where they are no small
// fractions.
Judgement Comparer::IsInSpan(const std::vector<Expr>& parts, const AffineFamily& family, const std::vector<std::string>& variables,
                             const std::vector<Place>& places, std::vector<Rational>& coefficients) {
  const size_t n = family.basis.size();
  const auto determinant = [&](size_t replaced) {
    std::vector<Expr> cells;
    for (const Place& place : places) {
      for (size_t i = 0; i < n; ++i) {
        cells.push_back(ValueAt(place, variables, i == replaced ? parts : family.basis[i]));
      }
    }
    return Determinant(arena_.Make(Kind::kMatrix, std::move(cells), {}, static_cast<int64_t>(n)));
  };
  const Expr whole = determinant(n);
  std::vector<Expr> exact;
  std::vector<Expr> fractions;
  for (size_t i = 0; i < n; ++i) {
    exact.push_back(arena_.Make(Kind::kDivide, {determinant(i), whole}));
    Ball value;
    if (EvaluateBall(exact[i], Bindings{}, kPrecision, arena_.budget(), value) != EvalStatus::kOk || !value.is_real()) {
      return IsUnknownFor("no_rule");
    }
    if (const std::optional<Rational> fraction = FractionIn(value)) {
      coefficients.push_back(*fraction);
      fractions.push_back(arena_.Number(*fraction));
    }
  }
  const auto is_sum = [&](const std::vector<Expr>& factors) {
    for (size_t k = 0; k < parts.size(); ++k) {
      Expr sum = Times(factors[0], family.basis[0][k]);
      for (size_t i = 1; i < n; ++i) {
        sum = Plus(sum, Times(factors[i], family.basis[i][k]));
      }
      if (const Judgement part = SameValue(parts[k], With(sum, {}, {}), arena_); !part.is_equal()) {
        return part;
      }
    }
    return IsEqualBy("affine");
  };
  if (fractions.size() == n) {
    if (const Judgement tried = is_sum(fractions); tried.is_equal()) {
      return tried;
    }
  }
  coefficients.clear();
  return is_sum(exact);
}

// F = C and G = c for all C and c: G is F times a number, and a number. With F as the one parameter's function this is a family again:
// F and 1 span what G is in.
bool Comparer::AsLevels(AffineFamily& family) {
  const Expr factor = AtTwo(family.basis[0][0], arena_);
  if (!IsNonzero(factor, arena_) || !SameValue(factor, family.basis[0][0], arena_).is_equal()) {
    return false;
  }
  family.basis = {{arena_.Make(Kind::kDivide, {family.point[0], factor})}, {arena_.Number(1)}};
  family.point = {arena_.Number(0)};
  return true;
}

// Whether one basis is the other times a matrix of whole numbers with determinant 1 or -1, and the points are whole steps apart: then the
// families are equal for whole parameters, too. Rows are the coefficients of `basis`, the last one those of the point.
bool Comparer::IsWholeChange(const std::vector<std::vector<Rational>>& rows) {
  std::vector<Expr> cells;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].size() + 1 != rows.size() || !std::ranges::all_of(rows[i], &Rational::is_integer)) {
      return false;
    }
    for (size_t j = 0; i + 1 < rows.size() && j < rows[i].size(); ++j) {
      cells.push_back(arena_.Number(rows[i][j]));
    }
  }
  Rational determinant;
  const Expr matrix = arena_.Make(Kind::kMatrix, std::move(cells), {}, std::ssize(rows) - 1);
  const Expr value = Determinant(matrix);
  return value != nullptr && EvaluateRational(value, arena_.budget(), determinant) == EvalStatus::kOk &&
         (determinant == Rational(1) || determinant == Rational(-1));
}

// "r = .. or r = ..": every part is a line or plane by itself.
bool Comparer::AreListsOfVectors(Expr gold, Expr pred) {
  const auto is_list = [&](Expr expr) {
    return (expr->Is(Kind::kList) || expr->Is(Kind::kSet)) && std::ranges::all_of(expr->kids, [&](Expr kid) {
             return (kid->Is(Kind::kAdd) || kid->Is(Kind::kMultiply)) && MatrixValue(kid) != nullptr;
           });
  };
  return is_list(gold) && is_list(pred);
}

Judgement Comparer::CompareAffine(Expr gold, Expr pred) {
  if (!are_unrestricted_ || is_bounded_ || HasPlusMinus(gold) || HasPlusMinus(pred)) {
    return IsUnknownFor("no_rule");
  }
  AffineFamily g;
  AffineFamily p;
  g.declared = gold_is_arbitrary_ ? gold_constants_ : std::vector<std::string>();
  p.declared = pred_is_arbitrary_ ? pred_constants_ : std::vector<std::string>();
  // What a clause or a set declares and is no real number is a whole one.
  const auto are_real = [](const std::vector<std::string>& names, const std::vector<std::string>& constants, const AffineFamily& family) {
    const auto is_among = [](const std::string& name, const std::vector<std::string>& reals) {
      return std::ranges::any_of(reals, [&](const std::string& real) { return real == name || real.starts_with(name + "_"); });
    };
    return std::ranges::all_of(names,
                               [&](const std::string& name) { return is_among(name, constants) || is_among(name, family.declared); });
  };
  const auto read = [&](Expr expr, bool is_span, AffineFamily& family) {
    return (is_span ? ReadSpan(expr, family) : ReadAffine(expr, family)) &&
           std::ranges::all_of(family.parts, [&](Expr part) { return IsScalar(part) && IsPlainPart(part); });
  };
  if (!read(gold, gold_is_span_, g) || !read(pred, pred_is_span_, p) || !are_real(gold_parameters_, gold_constants_, g) ||
      !are_real(pred_parameters_, pred_constants_, p) || !AlignAffine(g, p) || !ChooseParameters(g, p)) {
    return IsUnknownFor("no_rule");
  }
  const bool resolved = ResolveAffine(g) && ResolveAffine(p);
  if (!resolved || arena_.budget().is_spent() || (g.is_equation && (g.parameters.size() != 1 || !AsLevels(g) || !AsLevels(p)))) {
    return IsUnknownFor("no_rule");
  }
  const auto is_term = [&](const AffineFamily& family) { return SameValue(family.basis[0][0], arena_.Number(1), arena_).is_equal(); };
  if (g.must_be_term && !(g.basis.size() == 1 && is_term(g) && is_term(p))) {
    return IsUnknownFor("no_rule");
  }
  const std::vector<std::string> variables = Without(NamesOf(g.parts), g.parameters);
  std::vector<Place> places;
  std::vector<Place> others;
  std::vector<Expr> offset;
  for (size_t k = 0; k < g.point.size(); ++k) {
    offset.push_back(With(Minus(p.point[k], g.point[k]), {}, {}));
  }
  if (!FindPlaces(g, variables, places) || !FindPlaces(p, variables, others)) {
    return IsUnknownFor("no_rule");
  }
  Judgement judgement = IsEqualBy("affine");
  std::vector<std::vector<Rational>> coefficients(p.basis.size() + 1);
  for (size_t j = 0; j <= p.basis.size() && judgement.is_equal(); ++j) {
    judgement = IsInSpan(j < p.basis.size() ? p.basis[j] : offset, g, variables, places, coefficients[j]);
  }
  if (g.may_be_whole && !(judgement.is_equal() && IsWholeChange(coefficients))) {
    return IsUnknownFor("no_rule");
  }
  if (arena_.budget().is_spent()) {
    return IsUnknownFor("budget_steps");
  }
  // Curves F = C are also those of F^3 = C, so that only points and directions tell families apart.
  const bool is_proof = judgement.equality == Equality::kDifferent && variables.empty();
  return judgement.is_equal() ? judgement : is_proof ? IsDifferentBy("affine") : IsUnknownFor("no_rule");
}

}  // namespace cupel::math
