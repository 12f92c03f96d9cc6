#include <algorithm>

#include "verifiers/math/ball_evaluator.h"

namespace cupel::math {

EvalStatus BallEvaluator::Evaluate(Expr expr, Ball& value) {
  if (!budget_.Spend(4 + precision_ / 32)) {
    return EvalStatus::kTooBig;
  }
  return Dispatch(expr, value);
}

EvalStatus BallEvaluator::Dispatch(Expr expr, Ball& value) {
  switch (expr->kind) {
    case Kind::kNumber:
      acb_set_fmpq(value.get(), expr->value.get(), precision_);
      return EvalStatus::kOk;
    case Kind::kSymbol:
      return Symbol(expr, value);
    case Kind::kConstant:
      if (expr->text != "pi") {
        return EvalStatus::kUnsupported;
      }
      acb_const_pi(value.get(), precision_);
      return EvalStatus::kOk;
    case Kind::kAdd:
    case Kind::kMultiply:
      return Fold(expr, value);
    case Kind::kDivide:
      return Divide(expr, value);
    case Kind::kNegate:
      return Map(expr, value, [](Ball& v) { acb_neg(v.get(), v.get()); });
    case Kind::kPercent:
      return Map(expr, value, [this](Ball& v) { acb_div_si(v.get(), v.get(), 100, precision_); });
    case Kind::kDegree:
      return Map(expr, value, [this](Ball& v) {
        Ball pi;
        acb_const_pi(pi.get(), precision_);
        acb_mul(v.get(), v.get(), pi.get(), precision_);
        acb_div_si(v.get(), v.get(), 180, precision_);
      });
    case Kind::kPower:
      return Power(expr->kid(0), expr->kid(1), value);
    case Kind::kFactorial:
      return Factorial(expr, value);
    case Kind::kFunction:
      return Function(expr, value);
    case Kind::kApply:
      return Apply(expr, value);
    case Kind::kSum:
      return IsOpaqueSum(*expr) ? Apply(expr, value) : IsLimit(expr) ? Analysis(expr, value) : Sum(expr, value);
    case Kind::kCases:
      return Cases(expr, value);
    default:
      return EvalStatus::kUnsupported;
  }
}

EvalStatus BallEvaluator::Symbol(Expr expr, Ball& value) {
  if (const Ball* found = Find(expr->text)) {
    value = *found;
    return EvalStatus::kOk;
  }
  if (expr->text == "e") {
    Ball one(1);
    acb_exp(value.get(), one.get(), precision_);
    return EvalStatus::kOk;
  }
  if (expr->text == "i") {
    acb_onei(value.get());
    return EvalStatus::kOk;
  }
  return EvalStatus::kUnsupported;
}

const Ball* BallEvaluator::Find(std::string_view name) const {
  for (auto it = bound_.rbegin(); it != bound_.rend(); ++it) {
    if (it->first == name) {
      return &it->second;
    }
  }
  return bindings_.Find(name);
}

EvalStatus BallEvaluator::Fold(Expr expr, Ball& value) {
  const bool adds = expr->Is(Kind::kAdd);
  value = Ball(adds ? 0 : 1);
  for (const Expr kid : expr->kids) {
    Ball part;
    if (const EvalStatus status = Evaluate(kid, part); status != EvalStatus::kOk) {
      return status;
    }
    if (adds) {
      AddTo(value, part);
    } else {
      acb_mul(value.get(), value.get(), part.get(), precision_);
    }
  }
  return EvalStatus::kOk;
}

// A summand below the last bit of the other would vanish without a trace, and 1 + e^-10000 would be 1: the sum then says that it knows
// few bits, so that the precision rises or nothing is decided.
void BallEvaluator::AddTo(Ball& sum, const Ball& part) const {
  const slong above = Exponent(sum);
  const slong below = Exponent(part);
  acb_add(sum.get(), sum.get(), part.get(), precision_);
  if (above != kNoExponent && below != kNoExponent && std::abs(above - below) > precision_) {
    mag_t doubt;
    mag_init(doubt);
    mag_set_ui_2exp_si(doubt, 1, std::max(above, below) - 16);
    arb_add_error_mag(sum.real(), doubt);
    if (!sum.is_real()) {
      arb_add_error_mag(sum.imag(), doubt);
    }
    mag_clear(doubt);
  }
}

// About log2 of the size, where the ball is away from zero and that is a small number.
slong BallEvaluator::Exponent(const Ball& ball) {
  if (!ball.is_finite() || ball.ContainsZero()) {
    return kNoExponent;
  }
  const slong real = arf_abs_bound_lt_2exp_si(arb_midref(ball.real()));
  const slong imaginary = arf_abs_bound_lt_2exp_si(arb_midref(ball.imag()));
  const slong larger = std::max(real, imaginary);
  return std::abs(larger) < kNoExponent ? larger : kNoExponent;
}

EvalStatus BallEvaluator::Divide(Expr expr, Ball& value) {
  Ball divisor;
  if (const EvalStatus status = Evaluate(expr->kid(0), value); status != EvalStatus::kOk) {
    return status;
  }
  if (const EvalStatus status = Evaluate(expr->kid(1), divisor); status != EvalStatus::kOk) {
    return status;
  }
  if (acb_is_zero(divisor.get()) != 0) {
    return EvalStatus::kUndefined;
  }
  acb_div(value.get(), value.get(), divisor.get(), precision_);
  return EvalStatus::kOk;
}

// The result of a function whose branch leaves the real line only where the answer is about real numbers.
EvalStatus BallEvaluator::Real(const Ball& argument, const Ball& value) const {
  return !bindings_.is_complex && argument.is_real() && !value.is_real() && value.is_finite() ? EvalStatus::kUndefined : EvalStatus::kOk;
}

EvalStatus BallEvaluator::Power(Expr base, Expr exponent, Ball& value) {
  if (const EvalStatus status = Evaluate(base, value); status != EvalStatus::kOk) {
    return status;
  }
  int64_t p = 0;
  int64_t q = 0;
  if (SmallFraction(exponent, p, q)) {
    if (acb_is_zero(value.get()) != 0 && p < 0) {
      return EvalStatus::kUndefined;
    }
    return q == 1 ? IntegerPower(p, value) : FractionPower(p, q, value);
  }
  Ball power;
  if (const EvalStatus status = Evaluate(exponent, power); status != EvalStatus::kOk) {
    return status;
  }
  const Ball argument = value;
  acb_pow_analytic(value.get(), argument.get(), power.get(), bindings_.is_analytic ? 1 : 0, precision_);
  const bool whole = power.is_real() && arb_is_int(power.real()) != 0;
  return argument.is_real() && power.is_real() && !whole ? Real(argument, value) : EvalStatus::kOk;
}

bool BallEvaluator::SmallFraction(Expr expr, int64_t& p, int64_t& q) const {
  Rational value;
  if (EvaluateRational(expr, budget_, value) != EvalStatus::kOk || fmpz_fits_si(value.numerator()) == 0 ||
      fmpz_fits_si(value.denominator()) == 0) {
    return false;
  }
  p = fmpz_get_si(value.numerator());
  q = fmpz_get_si(value.denominator());
  return true;
}

EvalStatus BallEvaluator::IntegerPower(int64_t p, Ball& value) {
  acb_pow_si(value.get(), value.get(), p, precision_);
  return EvalStatus::kOk;
}

// Odd roots of negative numbers are the real ones.
EvalStatus BallEvaluator::FractionPower(int64_t p, int64_t q, Ball& value) {
  const bool ends_in_branch = bindings_.is_integrand && acb_contains_zero(value.get()) != 0;
  if (!value.is_real() || q > 10'000 || ends_in_branch) {
    Ball power;
    acb_set_si(power.get(), p);
    acb_div_si(power.get(), power.get(), q, precision_);
    acb_pow_analytic(value.get(), value.get(), power.get(), bindings_.is_analytic ? 1 : 0, precision_);
    return EvalStatus::kOk;
  }
  if (IsNegativeReal(value)) {
    if (q % 2 == 0 && !bindings_.is_complex) {
      return EvalStatus::kUndefined;
    }
    if (q % 2 == 0) {
      acb_root_ui(value.get(), value.get(), static_cast<ulong>(q), precision_);
      return IntegerPower(p, value);
    }
    arb_neg(value.real(), value.real());
    arb_root_ui(value.real(), value.real(), static_cast<ulong>(q), precision_);
    arb_neg(value.real(), value.real());
  } else if (arb_contains_negative(value.real()) != 0 && arb_is_zero(value.real()) == 0) {
    acb_indeterminate(value.get());
  } else {
    arb_root_ui(value.real(), value.real(), static_cast<ulong>(q), precision_);
  }
  return IntegerPower(p, value);
}

// A function that only has a name: its value is a number that depends on the name and the argument's text.
EvalStatus BallEvaluator::Apply(Expr expr, Ball& value) {
  const std::string text = ToText(expr, kMostOpaqueText);
  const Ball* found = text.size() > kMostOpaqueText ? nullptr : Find(text);  // a text that was cut is no name
  if (found == nullptr) {
    return EvalStatus::kUnsupported;
  }
  value = *found;
  return EvalStatus::kOk;
}

const Ball* Bindings::Find(std::string_view name) const {
  for (auto it = values.rbegin(); it != values.rend(); ++it) {
    if (it->first == name) {
      return &it->second;
    }
  }
  return nullptr;
}

EvalStatus EvaluateBall(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value) {
  return BallEvaluator(bindings, precision, budget).Evaluate(expr, value);
}

}  // namespace cupel::math
