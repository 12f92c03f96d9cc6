// Parameters of an answer: what they are called and from which set they are, and that one of them is the same number wherever it stands.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "verifiers/math/comparer.h"

namespace cupel::math {

// Names that stand in more than one part and are one number in all of them, whatever it is called: declared parameters, constants of
// integration, and k beside pi.
std::vector<std::string> Comparer::SharedParameters(const std::vector<Expr>& parts) {
  const auto is_declared = [&](const std::string& name) {
    return std::ranges::any_of(std::to_array({&gold_parameters_, &pred_parameters_, &gold_reals_, &pred_reals_}),
                               [&](const auto* names) { return HasName(*names, name); });
  };
  std::map<std::string, int> uses;
  for (const Expr part : parts) {
    for (const std::string& name : FreeSymbols(part)) {
      const bool is_constant = name == "C" || IsIndexedConstant(name);
      const bool is_silent = name.size() == 1 && std::string_view("klmnpq").find(name[0]) != std::string_view::npos && IsPeriodic(part);
      uses[name] += is_declared(name) || is_constant || is_silent ? 1 : 0;
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, count] : uses) {
    if (count > 1) {
      names.push_back(name);
    }
  }
  return names;
}

// The shared parameters; where none is declared, what stands in more than one part and nowhere in the other answer.
std::vector<std::string> Comparer::JoiningNames(const std::vector<Expr>& parts, const std::vector<Expr>& others) {
  std::vector<std::string> names = SharedParameters(parts);
  if (!names.empty()) {
    return names;
  }
  std::map<std::string, int> uses;
  for (const Expr part : parts) {
    for (const std::string& name : FreeSymbols(part)) {
      ++uses[name];
    }
  }
  for (const auto& [name, count] : uses) {
    const auto uses_it = [&](Expr other) { return HasName(FreeSymbols(other), name); };
    if (count > 1 && std::ranges::none_of(others, uses_it)) {
      names.push_back(name);
    }
  }
  return names;
}

// Parts that are equal one by one and share a parameter: (k, k + 1) is (n - 1, n), and not (k + 1, k). What the first part that is linear
// in it says of the parameters holds for all parts.
Judgement Comparer::CompareJoined(const std::vector<Expr>& gold, const std::vector<Expr>& pred) {
  Judgement judgement = CompareParts(gold, pred);
  const std::vector<std::string> gold_names = JoiningNames(gold, pred);
  const std::vector<std::string> pred_names = JoiningNames(pred, gold);
  const auto is_real = [](const std::map<std::string, char>& sets, const std::string& name) {
    const auto found = sets.find(name);
    return found != sets.end() && found->second == 'R';
  };
  for (size_t i = 0; !judgement.is_equal() && i < gold.size() && gold_names.size() == 1 && pred_names.size() == 1; ++i) {
    std::vector<Progression> g;
    std::vector<Progression> p;
    int64_t sign = 0;
    int64_t shift = 0;
    int64_t denominator = 0;
    if (!AddProgressions(gold[i], gold_names, false, g) || !AddProgressions(pred[i], pred_names, false, p) || g.size() != 1 ||
        p.size() != 1) {
      continue;
    }
    const Expr offset = Minus(g[0].start, p[0].start);
    const bool stays = IsZero(offset, arena_).is_equal();
    const Expr name = arena_.Symbol(gold_names[0]);
    Expr value = nullptr;  // of the answer's parameter
    if (is_real(gold_sets_, gold_names[0]) || is_real(pred_sets_, pred_names[0])) {
      value = arena_.Make(Kind::kDivide, {arena_.Make(Kind::kAdd, {offset, arena_.Make(Kind::kMultiply, {g[0].step, name})}), p[0].step});
    } else if (SmallRatio(g[0].step, p[0].step, sign, denominator) && denominator == 1 && std::abs(sign) == 1 &&
               (stays || (SmallRatio(offset, p[0].step, shift, denominator) && denominator == 1))) {
      value = arena_.Make(Kind::kAdd, {arena_.Number(shift), arena_.Make(Kind::kMultiply, {arena_.Number(sign), name})});
    } else {
      break;
    }
    std::vector<Expr> moved;
    std::ranges::transform(pred, std::back_inserter(moved), [&](Expr part) { return Substitute(arena_, part, pred_names[0], value); });
    judgement = CompareParts(gold, moved);
    if (judgement.is_equal()) {  // of parameters moved by a step, "k >= 0" says something else
      const bool is_moved = !stays || !SameValue(g[0].step, p[0].step, arena_).is_equal();
      const auto is_part = [](const auto& entry) { return entry.second == '+'; };
      const bool has_part = std::ranges::any_of(gold_sets_, is_part) || std::ranges::any_of(pred_sets_, is_part);
      return is_moved && (is_bounded_ || has_part) ? IsUnknownFor("no_rule") : IsEqualBy(is_moved ? "families" : "parts");
    }
    // One parameter belongs to the other in one way only, so parts that differ are a proof.
    const auto has_one = [](const std::map<std::string, char>& sets) { return sets.size() <= 1; };
    return has_one(gold_sets_) && has_one(pred_sets_) ? judgement : IsUnknownFor("no_rule");
  }
  return judgement.is_equal() ? judgement : IsUnknownFor("no_rule");
}

bool Comparer::DeclareOtherwise(Expr gold, Expr pred) const {
  const auto sets = [](Expr expr, const std::map<std::string, char>& declared) {
    const Expr statement = expr->Is(Kind::kList) && !expr->kids.empty() ? expr->kid(0) : expr;
    std::multiset<char> result;
    for (const auto& [name, set] : declared) {
      const auto names_it = [&](const Node& node) { return node.IsSymbol(name); };
      if (!statement->Is(Kind::kRelation) || !AnyNode(statement->kid(0), names_it)) {
        result.insert(set);
      }
    }
    return result;
  };
  const std::multiset<char> of_gold = sets(gold, gold_sets_);
  const std::multiset<char> of_pred = sets(pred, pred_sets_);
  return of_gold.size() == of_pred.size() && of_gold != of_pred;
}

// f(n) = n + 1 is a function of n, and a_n = n + 1 a sequence: no set of values.
bool Comparer::IsFunctionOfParameter(Expr expr) const {
  const auto depends = [](const Node& node, const std::vector<std::string>& names) {
    return std::ranges::any_of(names, [&](const std::string& name) {
      return (node.kind == Kind::kApply && std::ranges::any_of(node.kids, [&](Expr kid) { return kid->IsSymbol(name); })) ||
             (node.kind == Kind::kSymbol && node.text.ends_with("_" + name));
    });
  };
  return expr->Is(Kind::kRelation) && AnyNode(expr->kid(0), [&](const Node& node) {
           return depends(node, gold_parameters_) || depends(node, pred_parameters_) || depends(node, gold_reals_) ||
                  depends(node, pred_reals_);
         });
}

// Both are, or one is and the other is a bare value: "x_n = pi + 2 n pi" and "x = pi + 2 k pi" are one family.
bool Comparer::AreFunctionsOfParameters(Expr gold, Expr pred) const {
  const bool gold_is = IsFunctionOfParameter(gold);
  const bool pred_is = IsFunctionOfParameter(pred);
  return (gold_is && pred_is) || (gold_is && !pred->Is(Kind::kRelation)) || (pred_is && !gold->Is(Kind::kRelation));
}

// Two antiderivatives of one variable, both with the constant of integration as a term and nowhere else.
bool Comparer::DifferByConstant(Expr gold, Expr pred) {
  std::vector<Expr> sums;
  for (const Expr side : {gold, pred}) {
    if (!side->Is(Kind::kAdd)) {
      return false;
    }
    std::vector<Expr> terms = side->kids;
    if (std::erase_if(terms, [](Expr term) { return term->IsSymbol("C"); }) != 1 || terms.empty()) {
      return false;
    }
    sums.push_back(terms.size() == 1 ? terms[0] : arena_.Make(Kind::kAdd, std::move(terms)));
  }
  const Expr difference = Minus(sums[0], sums[1]);
  const std::vector<std::string> names = FreeSymbols(difference);
  const bool has_variable = names.size() == 1 && std::string_view("x t u v s z theta").find(names[0]) != std::string_view::npos;
  return has_variable && SameValue(difference, Substitute(arena_, difference, names[0], arena_.Number(Rational(1, 3))), arena_).is_equal();
}

// The same expression with the answer's parameters under the gold's names, in every way to pair them. Parameters are what a clause declares
// and constants of integration, which may be called C, K or by any letter that the gold does not use.
Judgement Comparer::CompareRenamed(Expr gold, Expr pred) {
  const std::vector<std::string> gold_names = FreeSymbols(gold);
  const std::vector<std::string> pred_names = FreeSymbols(pred);
  const auto is_free = [](const std::string& name) { return name == "C" || IsIndexedConstant(name); };
  const auto is_constant = [&](const std::string& name) { return is_free(name) || name == "c"; };
  const auto is_letter = [](const std::string& name) {
    return name.size() == 1 && std::string_view("ABDEKMabkmc").find(name[0]) != std::string_view::npos;
  };
  if (options_.imaginary_j && HasName(pred_names, "j") && pred_names.size() == gold_names.size() + 1 &&
      AnyNode(gold, [](const Node& node) { return node.IsSymbol("i"); })) {
    return CompareByType(gold, Substitute(arena_, pred, "j", arena_.Symbol("i")));
  }
  // A constant of integration may be missing from the answer.
  if (options_.antiderivative_constant && HasName(gold_names, "C") && gold_names.size() == pred_names.size() + 1 && gold->Is(Kind::kAdd) &&
      std::ranges::any_of(gold->kids, [](Expr kid) { return kid->IsSymbol("C"); })) {
    return CompareByType(Substitute(arena_, gold, "C", arena_.Number(0)), pred);
  }
  // Beside other capitals C is a point or an angle.
  const bool has_capitals = std::ranges::any_of(
      gold_names, [&](const std::string& name) { return name.size() == 1 && 'A' <= name[0] && name[0] <= 'Z' && !is_free(name); });
  if (options_.antiderivative_constant && DifferByConstant(gold, pred)) {
    return IsEqualBy("identity_test");
  }
  // c and C are constants of integration beside a variable only.
  const bool has_variable = std::ranges::any_of(gold_names, [&](const std::string& name) {
    return name == "theta" || (name.size() == 1 && std::string_view("xtuvszrn").find(name[0]) != std::string_view::npos);
  });
  const auto is_capital = [](const std::string& name) {
    return name.size() == 1 && std::string_view("ABDK").find(name[0]) != std::string_view::npos;
  };
  const auto may_pair = [&](const std::string& g, const std::string& p) {
    return HasName(gold_parameters_, g) || HasName(pred_parameters_, p) || HasName(gold_reals_, g) || HasName(pred_reals_, p) ||
           (is_constant(g) && is_constant(p) && has_variable) || (is_free(g) && is_letter(p) && !has_capitals && has_variable) ||
           (is_free(p) && p != "C" && is_capital(g) && has_variable);
  };
  std::vector<std::string> g;
  std::vector<std::string> p;
  std::ranges::copy_if(gold_names, std::back_inserter(g), [&](const std::string& name) {
    return !HasName(pred_names, name) || is_constant(name) || HasName(gold_parameters_, name) || HasName(gold_reals_, name);
  });
  std::ranges::copy_if(pred_names, std::back_inserter(p),
                       [&](const std::string& name) { return !HasName(gold_names, name) || HasName(g, name); });
  constexpr size_t kMaxRenamed = 3;
  if (g.size() != p.size() || g.empty() || g.size() > kMaxRenamed) {
    return {};
  }
  Judgement best;
  do {
    bool fits = g != p;
    for (size_t i = 0; fits && i < g.size(); ++i) {
      fits = g[i] == p[i] || may_pair(g[i], p[i]);
    }
    if (!fits) {
      continue;
    }
    Expr renamed = pred;  // through names that no answer holds, since a letter may be on both sides
    for (size_t i = 0; i < g.size(); ++i) {
      renamed = Substitute(arena_, renamed, p[i], arena_.Symbol("parameter " + std::to_string(i)));
    }
    for (size_t i = 0; i < g.size(); ++i) {
      renamed = Substitute(arena_, renamed, "parameter " + std::to_string(i), arena_.Symbol(g[i]));
    }
    best = CompareByType(gold, renamed);
  } while (!best.is_equal() && std::ranges::next_permutation(p).found);
  return best;
}

}  // namespace cupel::math
