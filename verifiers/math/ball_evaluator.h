#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "verifiers/math/evaluate.h"

namespace cupel::math {

// What EvaluateBall does, with its state. Arithmetic, powers and names are in evaluate_ball.cc, functions in evaluate_functions.cc, sums
// and cases in evaluate_sums.cc.
class BallEvaluator {
 public:
  BallEvaluator(const Bindings& bindings, slong precision, Budget& budget) : bindings_(bindings), precision_(precision), budget_(budget) {}

  EvalStatus Evaluate(Expr expr, Ball& value);

 private:
  using AcbFunction = void (*)(acb_t, const acb_t, slong);
  static constexpr slong kNoExponent = slong{1} << 40;
  EvalStatus Dispatch(Expr expr, Ball& value);
  EvalStatus Symbol(Expr expr, Ball& value);
  const Ball* Find(std::string_view name) const;

  template <class Change>
  EvalStatus Map(Expr expr, Ball& value, const Change& change) {
    const EvalStatus status = Evaluate(expr->kid(0), value);
    if (status == EvalStatus::kOk) {
      change(value);
    }
    return status;
  }

  EvalStatus Fold(Expr expr, Ball& value);
  void AddTo(Ball& sum, const Ball& part) const;
  static slong Exponent(const Ball& ball);
  EvalStatus Divide(Expr expr, Ball& value);

  bool IsNegativeReal(const Ball& value) const { return value.is_real() && arb_is_negative(value.real()) != 0; }

  EvalStatus Real(const Ball& argument, const Ball& value) const;
  EvalStatus Power(Expr base, Expr exponent, Ball& value);
  // Whether the exponent is p/q as written, in lowest terms, with small parts.
  bool SmallFraction(Expr expr, int64_t& p, int64_t& q) const;
  EvalStatus IntegerPower(int64_t p, Ball& value);
  EvalStatus FractionPower(int64_t p, int64_t q, Ball& value);
  EvalStatus Factorial(Expr expr, Ball& value);
  static bool IsNatural(const Ball& value);
  EvalStatus Function(Expr expr, Ball& value);
  EvalStatus Root(Expr index, Ball& value);
  EvalStatus Named(AcbFunction function, std::string_view name, Ball& value);
  static bool IsSmall(const Ball& argument);
  EvalStatus Logarithm(Expr expr, Ball& value);
  EvalStatus Round(bool down, Ball& value);
  EvalStatus Several(Expr expr, std::string_view name, Ball& value);
  EvalStatus WholeNumbers(std::string_view name, const Ball& second, Ball& value);
  EvalStatus Remainder(const Ball& divisor, Ball& value);
  EvalStatus Choose(bool ordered, const Ball& k, Ball& value);
  void DivideByFactorial(const Ball& n, Ball& value) const;
  void GammaOfNext(const Ball& argument, Ball& value) const;
  EvalStatus Extreme(Expr expr, bool greatest, Ball& value);
  EvalStatus Apply(Expr expr, Ball& value);
  static bool IsLimit(Expr expr);
  EvalStatus Analysis(Expr expr, Ball& value);
  EvalStatus Cases(Expr expr, Ball& value);
  EvalStatus Holds(Expr condition, bool& holds);
  EvalStatus Congruent(Expr condition, bool& holds);
  EvalStatus Sum(Expr expr, Ball& value);

  const Bindings& bindings_;
  slong precision_;
  Budget& budget_;
  std::vector<std::pair<std::string_view, Ball>> bound_;
};

}  // namespace cupel::math
