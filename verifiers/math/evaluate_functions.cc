#include <algorithm>
#include <array>

#include "verifiers/math/ball_evaluator.h"

namespace cupel::math {
namespace {

using AcbFunction = void (*)(acb_t, const acb_t, slong);

void Cis(acb_t value, const acb_t angle, slong precision) {
  acb_mul_onei(value, angle);
  acb_exp(value, value, precision);
}

// On the real line without the imaginary error that the complex function leaves there.
void Artanh(acb_t value, const acb_t x, slong precision) {
  if (acb_is_real(x) != 0) {
    arb_atanh(acb_realref(value), acb_realref(x), precision);
    arb_zero(acb_imagref(value));
  } else {
    acb_atanh(value, x, precision);
  }
}

// pi / 2 - arctan x, continuous on the real line.
void Arccot(acb_t value, const acb_t x, slong precision) {
  Ball half_pi;
  acb_const_pi(half_pi.get(), precision);
  acb_mul_2exp_si(half_pi.get(), half_pi.get(), -1);
  acb_atan(value, x, precision);
  acb_sub(value, half_pi.get(), value, precision);
}

void Arcsec(acb_t value, const acb_t x, slong precision) {
  acb_inv(value, x, precision);
  acb_acos(value, value, precision);
}

void Arccsc(acb_t value, const acb_t x, slong precision) {
  acb_inv(value, x, precision);
  acb_asin(value, value, precision);
}

// Far from the real axis or to many bits it takes too long, and nothing can interrupt it.
void Zeta(acb_t value, const acb_t s, slong precision) {
  mag_t size;
  mag_init(size);
  acb_get_mag(size, s);
  if (mag_cmp_2exp_si(size, 8) > 0) {
    acb_indeterminate(value);
  } else {
    acb_zeta(value, s, std::min<slong>(precision, 256));
  }
  mag_clear(size);
}

struct NamedFunction {
  std::string_view name;
  AcbFunction function;
};

constexpr auto kFunctions = std::to_array<NamedFunction>({
    {"sin", &acb_sin},      {"cos", &acb_cos},      {"tan", &acb_tan},     {"cot", &acb_cot},       {"sec", &acb_sec},
    {"csc", &acb_csc},      {"sinh", &acb_sinh},    {"cosh", &acb_cosh},   {"tanh", &acb_tanh},     {"coth", &acb_coth},
    {"sech", &acb_sech},    {"csch", &acb_csch},    {"arcsin", &acb_asin}, {"arccos", &acb_acos},   {"arctan", &acb_atan},
    {"arsinh", &acb_asinh}, {"arcosh", &acb_acosh}, {"artanh", &Artanh},   {"arcsinh", &acb_asinh}, {"arccosh", &acb_acosh},
    {"arctanh", &Artanh},   {"exp", &acb_exp},      {"ln", &acb_log},      {"cis", &Cis},           {"arccot", &Arccot},
    {"Gamma", &acb_gamma},  {"zeta", &Zeta},        {"arcsec", &Arcsec},   {"arccsc", &Arccsc},
});

}  // namespace

EvalStatus BallEvaluator::Factorial(Expr expr, Ball& value) {
  Rational exact;
  if (EvaluateRational(expr, budget_, exact) == EvalStatus::kOk) {
    acb_set_fmpq(value.get(), exact.get(), precision_);
    return EvalStatus::kOk;
  }
  if (const EvalStatus status = Evaluate(expr->kid(0), value); status != EvalStatus::kOk) {
    return status;
  }
  if (!IsNatural(value) || expr->info != 1) {
    return EvalStatus::kUndefined;
  }
  acb_add_si(value.get(), value.get(), 1, precision_);
  acb_gamma(value.get(), value.get(), precision_);
  return EvalStatus::kOk;
}

bool BallEvaluator::IsNatural(const Ball& value) {
  return value.is_real() && arb_is_int(value.real()) != 0 && arb_is_negative(value.real()) == 0;
}

EvalStatus BallEvaluator::Function(Expr expr, Ball& value) {
  const std::string& name = expr->text;
  if (expr->kids.empty()) {
    return EvalStatus::kUnsupported;
  }
  if (name == "det") {
    return EvalStatus::kUnsupported;
  }
  if (const EvalStatus status = Evaluate(expr->kid(0), value); status != EvalStatus::kOk) {
    return status;
  }
  if (const auto found = std::ranges::find(kFunctions, name, &NamedFunction::name); found != kFunctions.end()) {
    return expr->kids.size() == 1 ? Named(found->function, name, value) : EvalStatus::kUnsupported;
  }
  if (name == "sqrt" && expr->kids.size() == 1) {
    return FractionPower(1, 2, value);
  }
  if (name == "root") {
    return Root(expr->kid(1), value);
  }
  if (name == "log" || name == "lg") {
    return Logarithm(expr, value);
  }
  if (name == "abs") {
    const Ball argument = value;
    if (bindings_.is_analytic) {
      acb_real_abs(value.get(), argument.get(), 1, precision_);
      return EvalStatus::kOk;
    }
    acb_zero(value.get());
    acb_abs(value.real(), argument.get(), precision_);
    return EvalStatus::kOk;
  }
  if (bindings_.is_analytic && name != "binom" && name != "perm") {
    return EvalStatus::kUnsupported;
  }
  if (name == "floor" || name == "ceil") {
    return Round(name == "floor", value);
  }
  return Several(expr, name, value);
}

EvalStatus BallEvaluator::Root(Expr index, Ball& value) {
  int64_t p = 0;
  int64_t q = 0;
  if (SmallFraction(index, p, q) && p > 0) {
    return FractionPower(q, p, value);
  }
  Ball power;
  if (const EvalStatus status = Evaluate(index, power); status != EvalStatus::kOk) {
    return status;
  }
  if (power.ContainsZero()) {
    return EvalStatus::kUndefined;
  }
  const Ball argument = value;
  acb_inv(power.get(), power.get(), precision_);
  acb_pow_analytic(value.get(), argument.get(), power.get(), bindings_.is_analytic ? 1 : 0, precision_);
  return Real(argument, value);
}

EvalStatus BallEvaluator::Named(AcbFunction function, std::string_view name, Ball& value) {
  const Ball argument = value;
  if (name == "ln" && acb_is_zero(argument.get()) != 0) {
    return EvalStatus::kUndefined;
  }
  if (bindings_.is_analytic && !argument.is_real() && name == "ln") {
    acb_log_analytic(value.get(), argument.get(), 1, precision_);
    return EvalStatus::kOk;
  }
  const bool cut_inside = name == "arcosh" || name == "arcsec" || name == "arccsc";
  if (bindings_.is_analytic && !argument.is_real() && name.starts_with("ar") && (cut_inside || !IsSmall(argument))) {
    acb_indeterminate(value.get());
    return EvalStatus::kOk;
  }
  function(value.get(), argument.get(), precision_);
  return Real(argument, value);
}

// Inside the unit circle, where inverse functions have no branch cut but arcosh, arcsec and arccsc.
bool BallEvaluator::IsSmall(const Ball& argument) {
  mag_t bound;
  mag_init(bound);
  acb_get_mag(bound, argument.get());
  const bool small = mag_cmp_2exp_si(bound, 0) < 0;
  mag_clear(bound);
  return small;
}

EvalStatus BallEvaluator::Logarithm(Expr expr, Ball& value) {
  if (const EvalStatus status = Named(&acb_log, "ln", value); status != EvalStatus::kOk) {
    return status;
  }
  Ball base(10);
  if (expr->kids.size() == 2) {
    if (const EvalStatus status = Evaluate(expr->kid(1), base); status != EvalStatus::kOk) {
      return status;
    }
  } else if (expr->text == "log" && bindings_.log_is_natural) {
    return EvalStatus::kOk;
  }
  if (const EvalStatus status = Named(&acb_log, "ln", base); status != EvalStatus::kOk) {
    return status;
  }
  if (acb_is_zero(base.get()) != 0) {
    return EvalStatus::kUndefined;
  }
  acb_div(value.get(), value.get(), base.get(), precision_);
  return EvalStatus::kOk;
}

EvalStatus BallEvaluator::Round(bool down, Ball& value) {
  if (!value.is_real()) {
    return EvalStatus::kUndefined;
  }
  (down ? arb_floor : arb_ceil)(value.real(), value.real(), precision_);
  if (arb_is_int(value.real()) == 0) {
    acb_indeterminate(value.get());
  }
  return EvalStatus::kOk;
}

EvalStatus BallEvaluator::Several(Expr expr, std::string_view name, Ball& value) {
  if (expr->kids.size() != 2) {
    if (expr->kids.size() > 2 && (name == "max" || name == "min")) {
      return Extreme(expr, name == "max", value);
    }
    return EvalStatus::kUnsupported;
  }
  Ball second;
  if (const EvalStatus status = Evaluate(expr->kid(1), second); status != EvalStatus::kOk) {
    return status;
  }
  if (name == "max" || name == "min") {
    return Extreme(expr, name == "max", value);
  }
  if (name == "mod" || name == "gcd" || name == "lcm") {
    const EvalStatus status = WholeNumbers(name, second, value);
    return status == EvalStatus::kUndefined && name == "mod" ? Remainder(second, value) : status;
  }
  if (name != "binom" && name != "perm") {
    return EvalStatus::kUnsupported;
  }
  return Choose(name == "perm", second, value);
}

EvalStatus BallEvaluator::WholeNumbers(std::string_view name, const Ball& second, Ball& value) {
  Rational a;
  Rational b;
  Rational result;
  if (!value.is_real() || !second.is_real() || !value.HasUniqueInteger(fmpq_numref(a.get())) ||
      !second.HasUniqueInteger(fmpq_numref(b.get())) || b.is_zero() || a.Bits() > 4096 || b.Bits() > 4096) {
    return EvalStatus::kUndefined;
  }
  (name == "mod" ? fmpz_mod : name == "gcd" ? fmpz_gcd : fmpz_lcm)(fmpq_numref(result.get()), a.numerator(), b.numerator());
  acb_set_fmpq(value.get(), result.get(), precision_);
  return EvalStatus::kOk;
}

// a - b floor(a / b), for a positive b.
EvalStatus BallEvaluator::Remainder(const Ball& divisor, Ball& value) {
  if (!value.is_real() || !divisor.is_real() || !value.IsModest() || arb_is_positive(divisor.real()) == 0) {
    return EvalStatus::kUndefined;
  }
  Ball whole;
  arb_div(whole.real(), value.real(), divisor.real(), precision_);
  arb_floor(whole.real(), whole.real(), precision_);
  if (arb_is_int(whole.real()) == 0) {
    return EvalStatus::kUndefined;
  }
  arb_submul(value.real(), whole.real(), divisor.real(), precision_);
  return EvalStatus::kOk;
}

// n! / k! / (n - k)! through the gamma function, for natural numbers.
EvalStatus BallEvaluator::Choose(bool ordered, const Ball& k, Ball& value) {
  Ball rest;
  acb_sub(rest.get(), value.get(), k.get(), precision_);
  if (!IsNatural(value) || !IsNatural(k)) {
    return EvalStatus::kUndefined;
  }
  if (arb_is_negative(rest.real()) != 0) {
    acb_zero(value.get());
    return EvalStatus::kOk;
  }
  const Ball n = value;
  GammaOfNext(n, value);
  DivideByFactorial(rest, value);
  if (!ordered) {
    DivideByFactorial(k, value);
  }
  return EvalStatus::kOk;
}

void BallEvaluator::DivideByFactorial(const Ball& n, Ball& value) const {
  Ball divisor;
  GammaOfNext(n, divisor);
  acb_div(value.get(), value.get(), divisor.get(), precision_);
}

void BallEvaluator::GammaOfNext(const Ball& argument, Ball& value) const {
  acb_add_si(value.get(), argument.get(), 1, precision_);
  acb_gamma(value.get(), value.get(), precision_);
}

EvalStatus BallEvaluator::Extreme(Expr expr, bool greatest, Ball& value) {
  for (const Expr kid : expr->kids) {
    Ball other;
    if (const EvalStatus status = Evaluate(kid, other); status != EvalStatus::kOk) {
      return status;
    }
    if (!other.is_real() || !value.is_real()) {
      return EvalStatus::kUndefined;
    }
    (greatest ? arb_max : arb_min)(value.real(), value.real(), other.real(), precision_);
  }
  return EvalStatus::kOk;
}

}  // namespace cupel::math
