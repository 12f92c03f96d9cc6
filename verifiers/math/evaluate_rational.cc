#include <algorithm>
#include <flint/fmpz.h>

#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr int64_t kMaxFactorial = 4'000;

class RationalEvaluator {
 public:
  explicit RationalEvaluator(Budget& budget) : budget_(budget) {}

  EvalStatus Evaluate(Expr expr, Rational& value) {
    if (!budget_.Spend(1)) {
      return EvalStatus::kTooBig;
    }
    const EvalStatus status = Dispatch(expr, value);
    if (status == EvalStatus::kOk && value.Bits() > budget_.limits().max_bits) {
      return EvalStatus::kTooBig;
    }
    return status;
  }

  std::vector<std::pair<std::string_view, Rational>> bound;

 private:
  EvalStatus Dispatch(Expr expr, Rational& value) {
    switch (expr->kind) {
      case Kind::kNumber:
        value = expr->value;
        return EvalStatus::kOk;
      case Kind::kSymbol:
        return Symbol(expr, value);
      case Kind::kAdd:
      case Kind::kMultiply:
        return Fold(expr, value);
      case Kind::kDivide:
        return Divide(expr, value);
      case Kind::kNegate:
        return Map(expr, value, [](Rational& v) {
          v = -v;
          return EvalStatus::kOk;
        });
      case Kind::kPercent:
        return Map(expr, value, [](Rational& v) {
          v = v / Rational(100);
          return EvalStatus::kOk;
        });
      case Kind::kPower:
        return Power(expr, value);
      case Kind::kFactorial:
        return Map(expr, value, [&](Rational& v) { return Factorial(v, expr->info); });
      case Kind::kFunction:
        return Function(expr, value);
      case Kind::kSum:
        return Sum(expr, value);
      default:
        return EvalStatus::kNotRational;
    }
  }

  EvalStatus Symbol(Expr expr, Rational& value) {
    for (auto it = bound.rbegin(); it != bound.rend(); ++it) {
      if (it->first == expr->text) {
        value = it->second;
        return EvalStatus::kOk;
      }
    }
    return EvalStatus::kNotRational;
  }

  template <class Change>
  EvalStatus Map(Expr expr, Rational& value, const Change& change) {
    const EvalStatus status = Evaluate(expr->kid(0), value);
    return status == EvalStatus::kOk ? change(value) : status;
  }

  EvalStatus Fold(Expr expr, Rational& value) {
    const bool adds = expr->Is(Kind::kAdd);
    value = Rational(adds ? 0 : 1);
    for (const Expr kid : expr->kids) {
      Rational part;
      if (const EvalStatus status = Evaluate(kid, part); status != EvalStatus::kOk) {
        return status;
      }
      if (!budget_.Spend((value.Bits() + part.Bits()) / 256) || value.Bits() > budget_.limits().max_bits) {
        return EvalStatus::kTooBig;
      }
      value = adds ? value + part : value * part;
    }
    return EvalStatus::kOk;
  }

  EvalStatus Divide(Expr expr, Rational& value) {
    Rational divisor;
    if (const EvalStatus status = Evaluate(expr->kid(0), value); status != EvalStatus::kOk) {
      return status;
    }
    if (const EvalStatus status = Evaluate(expr->kid(1), divisor); status != EvalStatus::kOk) {
      return status;
    }
    if (divisor.is_zero()) {
      return EvalStatus::kUndefined;
    }
    value = value / divisor;
    return EvalStatus::kOk;
  }

  EvalStatus Power(Expr expr, Rational& value) {
    Rational exponent;
    if (const EvalStatus status = Evaluate(expr->kid(0), value); status != EvalStatus::kOk) {
      return status;
    }
    if (const EvalStatus status = Evaluate(expr->kid(1), exponent); status != EvalStatus::kOk) {
      return status;
    }
    int64_t power = 0;
    if (!exponent.ToInt(power)) {
      return exponent.is_integer() ? EvalStatus::kTooBig : EvalStatus::kNotRational;
    }
    if (value.is_zero() && power <= 0) {
      return EvalStatus::kUndefined;
    }
    if (power != 0 && value.Bits() > budget_.limits().max_bits / std::max<int64_t>(1, std::abs(power)) &&
        !(value == Rational(1) || value == Rational(-1))) {
      return EvalStatus::kTooBig;
    }
    if (std::abs(power) > budget_.limits().max_bits) {  // of 1 or -1
      power = power % 2;
    }
    fmpq_pow_si(value.get(), value.get(), power);
    return EvalStatus::kOk;
  }

  EvalStatus Factorial(Rational& value, int64_t step) {
    int64_t n = 0;
    if (!value.is_integer() || value.sign() < 0) {
      return EvalStatus::kUndefined;
    }
    if (!value.ToInt(n) || n > kMaxFactorial) {
      return EvalStatus::kTooBig;
    }
    budget_.Spend(n / 4 + 1);
    if (step == 1) {
      value = Rational(1);
      fmpz_fac_ui(fmpq_numref(value.get()), static_cast<ulong>(n));
      return EvalStatus::kOk;
    }
    value = Rational(1);
    for (int64_t factor = n; factor > 1; factor -= 2) {
      value = value * Rational(factor);
    }
    return EvalStatus::kOk;
  }

  EvalStatus Function(Expr expr, Rational& value) {
    const std::string& name = expr->text;
    const bool known = name == "abs" || name == "floor" || name == "ceil" || name == "max" || name == "min" || name == "gcd" ||
                       name == "lcm" || name == "mod" || name == "binom" || name == "perm" || name == "sgn" || name == "sqrt";
    if (!known || expr->kids.empty()) {
      return EvalStatus::kNotRational;
    }
    std::vector<Rational> arguments(expr->kids.size());
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (const EvalStatus status = Evaluate(expr->kid(i), arguments[i]); status != EvalStatus::kOk) {
        return status;
      }
    }
    if (arguments.size() == 1) {
      return Unary(name, arguments[0], value);
    }
    if (name == "binom" || name == "perm") {
      return arguments.size() == 2 ? Choose(name == "perm", arguments[0], arguments[1], value) : EvalStatus::kUnsupported;
    }
    if (name == "mod") {
      return arguments.size() == 2 ? Modulo(arguments[0], arguments[1], value) : EvalStatus::kUnsupported;
    }
    return Many(name, arguments, value);
  }

  static EvalStatus Unary(std::string_view name, const Rational& argument, Rational& value) {
    value = argument;
    if (name == "abs") {
      fmpq_abs(value.get(), value.get());
    } else if (name == "sgn") {
      value = Rational(argument.sign());
    } else if (name == "floor" || name == "ceil") {
      Rational whole;
      (name == "floor" ? fmpz_fdiv_q : fmpz_cdiv_q)(fmpq_numref(whole.get()), argument.numerator(), argument.denominator());
      value = whole;
    } else if (name == "sqrt") {
      if (argument.sign() < 0 || fmpz_is_square(argument.numerator()) == 0 || fmpz_is_square(argument.denominator()) == 0) {
        return EvalStatus::kNotRational;
      }
      fmpz_sqrt(fmpq_numref(value.get()), argument.numerator());
      fmpz_sqrt(fmpq_denref(value.get()), argument.denominator());
    } else if (name != "max" && name != "min" && name != "gcd" && name != "lcm") {
      return EvalStatus::kUnsupported;
    }
    return EvalStatus::kOk;
  }

  static EvalStatus Many(std::string_view name, const std::vector<Rational>& arguments, Rational& value) {
    value = arguments[0];
    for (const Rational& argument : arguments) {
      if (name == "max" || name == "min") {
        value = (name == "max") == (value < argument) ? argument : value;
        continue;
      }
      if (name != "gcd" && name != "lcm") {
        return EvalStatus::kUnsupported;
      }
      Rational common;  // of fractions: what goes into both a whole number of times
      fmpq_gcd(common.get(), value.get(), argument.get());
      if (name == "lcm" && !common.is_zero()) {
        common = value * argument / common;
        fmpq_abs(common.get(), common.get());
      }
      value = common;
    }
    return EvalStatus::kOk;
  }

  static EvalStatus Modulo(const Rational& a, const Rational& n, Rational& value) {
    if (n.sign() <= 0) {  // remainders by a negative number are of either sign
      return EvalStatus::kUndefined;
    }
    const Rational quotient = a / n;
    Rational whole;
    fmpz_fdiv_q(fmpq_numref(whole.get()), quotient.numerator(), quotient.denominator());
    value = a - whole * n;
    return EvalStatus::kOk;
  }

  EvalStatus Choose(bool ordered, const Rational& n, const Rational& k, Rational& value) {
    int64_t size = 0;
    int64_t part = 0;
    if (!n.is_integer() || !k.is_integer()) {
      return EvalStatus::kUndefined;
    }
    if (!n.ToInt(size) || !k.ToInt(part) || size > 2'000'000'000 || size < 0) {
      return EvalStatus::kTooBig;
    }
    if (part < 0 || part > size) {
      value = Rational(0);
      return EvalStatus::kOk;
    }
    const int64_t factors = ordered ? part : std::min(part, size - part);
    if (factors > kMaxFactorial || !budget_.Spend(factors / 2 + 1)) {
      return EvalStatus::kTooBig;
    }
    value = Rational(1);
    fmpz_bin_uiui(fmpq_numref(value.get()), static_cast<ulong>(size), static_cast<ulong>(part));
    if (ordered) {
      Rational orders(1);
      fmpz_fac_ui(fmpq_numref(orders.get()), static_cast<ulong>(part));
      value = value * orders;
    }
    return EvalStatus::kOk;
  }

  EvalStatus Sum(Expr expr, Rational& value) {
    if (expr->text == "int" || expr->text == "lim" || expr->kid(2)->Is(Kind::kConstant)) {
      return EvalStatus::kNotRational;
    }
    Rational low;
    Rational high;
    int64_t first = 0;
    int64_t last = 0;
    if (const EvalStatus status = Evaluate(expr->kid(1), low); status != EvalStatus::kOk) {
      return status;
    }
    if (const EvalStatus status = Evaluate(expr->kid(2), high); status != EvalStatus::kOk) {
      return status;
    }
    if (!low.ToInt(first) || !high.ToInt(last)) {
      return EvalStatus::kUndefined;
    }
    if (!HasFewTerms(first, last)) {
      return EvalStatus::kTooBig;
    }
    const bool adds = expr->text == "sum";
    value = Rational(adds ? 0 : 1);
    for (int64_t i = first; i <= last; ++i) {
      Rational term;
      bound.emplace_back(expr->name, Rational(i));
      const EvalStatus status = Evaluate(expr->kid(0), term);
      bound.pop_back();
      if (status != EvalStatus::kOk) {
        return status;
      }
      value = adds ? value + term : value * term;
      if (value.Bits() > budget_.limits().max_bits || !budget_.Spend(value.Bits() / 64 + 1)) {
        return EvalStatus::kTooBig;
      }
    }
    return EvalStatus::kOk;
  }

  Budget& budget_;
};

}  // namespace

EvalStatus EvaluateRational(Expr expr, Budget& budget, Rational& value) { return RationalEvaluator(budget).Evaluate(expr, value); }

}  // namespace cupel::math
