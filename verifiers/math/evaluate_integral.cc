// Definite integrals by rigorous quadrature (Johansson, "Numerical integration in arbitrary-precision ball arithmetic", 2018). An end at
// infinity is cut off where the rest is bounded: by |f(x)| <= C x^d e^(-c x), or, of a rational function, by quadrature in 1/x.

#include <acb_calc.h>
#include <algorithm>

#include "verifiers/math/decay.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr slong kMaxEvaluations = 1'000;
constexpr slong kMaxDegree = 80;     // of the Gauss-Legendre rules, whose nodes cost more than the integrand
constexpr slong kMaxPrecision = 96;  // quadrature to more bits takes too long
constexpr slong kMaxIntervals = 48;

struct Integrand {
  Expr body;
  Bindings bindings;
  slong precision;
  Budget& budget;
  bool is_mirrored = false;  // f(-x)
};

// Arb's callback. Where `order` is 1 the value may only be finite if the integrand has no branch cut or corner inside the ball.
int Evaluate(acb_ptr out, const acb_t z, void* parameter, slong order, slong) {
  auto& integrand = *static_cast<Integrand*>(parameter);
  Ball& variable = integrand.bindings.values.back().second;
  variable = Ball();
  acb_set(variable.get(), z);
  if (integrand.is_mirrored) {
    acb_neg(variable.get(), variable.get());
  }
  integrand.bindings.is_analytic = order != 0;
  Ball value;
  if (EvaluateBall(integrand.body, integrand.bindings, integrand.precision, integrand.budget, value) == EvalStatus::kOk) {
    acb_set(out, value.get());
  } else {
    acb_indeterminate(out);
  }
  return 0;
}

void Integrate(acb_calc_func_t function, void* parameter, const Ball& low, const Ball& high, slong bits, Ball& value) {
  acb_calc_integrate_opt_t options;
  acb_calc_integrate_opt_init(options);
  options->eval_limit = kMaxEvaluations;
  options->deg_limit = kMaxDegree;
  options->depth_limit = kMaxIntervals;
  mag_t tolerance;
  mag_init(tolerance);
  mag_set_ui_2exp_si(tolerance, 1, -bits);
  acb_calc_integrate(value.get(), function, parameter, low.get(), high.get(), bits, tolerance, options, bits);
  mag_clear(tolerance);
}

// A rational function in u = 1/x with the du of it: above(1/u) / below(1/u) / u^2, numerator and denominator reversed.
struct ReversedQuotient {
  Polynomial above;
  Polynomial below;
  slong shift = 0;  // a power of u before it
};

int EvaluateReversed(acb_ptr out, const acb_t u, void* parameter, slong, slong precision) {
  auto& quotient = *static_cast<ReversedQuotient*>(parameter);
  Ball divisor;
  acb_poly_evaluate(out, quotient.above.get(), u, precision);
  acb_poly_evaluate(divisor.get(), quotient.below.get(), u, precision);
  acb_div(out, out, divisor.get(), precision);
  acb_pow_ui(divisor.get(), u, static_cast<ulong>(quotient.shift), precision);
  acb_mul(out, out, divisor.get(), precision);
  return 0;
}

bool RationalTail(Decay& decay, slong n, slong bits, Ball& tail) {
  if (!decay.is_rational() || decay.degree() > -2 || !decay.IsRegularFrom(n)) {
    return false;
  }
  ReversedQuotient quotient;
  decay.above().Reverse(quotient.above);
  decay.below().Reverse(quotient.below);
  quotient.shift = -decay.degree() - 2;
  Ball end(1);
  acb_div_si(end.get(), end.get(), n, bits + 8);
  Integrate(&EvaluateReversed, &quotient, Ball(0), end, bits, tail);
  return tail.is_finite();
}

bool IsInfinite(Expr expr) { return expr->Is(Kind::kConstant) && expr->text == "inf"; }
bool IsMinusInfinite(Expr expr) { return expr->Is(Kind::kNegate) && IsInfinite(expr->kid(0)); }

// From `low` to infinity of f(x), or of f(-x).
EvalStatus ToInfinity(Expr expr, const Ball& low, Integrand& integrand, Ball& value) {
  Bindings plain = integrand.bindings;
  plain.values.pop_back();
  plain.is_integrand = false;
  Decay decay(expr->name, plain, integrand.budget);
  constexpr slong kFarthest = 1 << 12;
  if (!low.is_real() || !decay.Read(expr->kid(0), integrand.is_mirrored)) {
    return EvalStatus::kUnsupported;
  }
  if (decay.is_rational() && decay.degree() > -2) {
    return EvalStatus::kUndefined;  // diverges
  }
  for (slong n = 4; n <= kFarthest; n *= 2) {
    Ball distance;
    arb_sub_si(distance.real(), low.real(), n, 64);
    if (arb_is_negative(distance.real()) == 0) {
      continue;
    }
    Ball tail;
    if (!RationalTail(decay, n, integrand.precision, tail)) {
      Ball bound;
      mag_t size;
      mag_init(size);
      const bool bounded = decay.Tail(n, bound);
      arb_get_mag(size, bound.real());
      const bool small = bounded && mag_cmp_2exp_si(size, -integrand.precision) < 0;
      tail = Ball(0);
      arb_add_error_mag(tail.real(), size);
      mag_clear(size);
      if (!small) {
        continue;
      }
    }
    Integrate(&Evaluate, &integrand, low, Ball(n), integrand.precision, value);
    acb_add(value.get(), value.get(), tail.get(), integrand.precision);
    return EvalStatus::kOk;
  }
  return EvalStatus::kUnsupported;
}

// Both ends in turn, where they are infinite; the whole line is cut at zero.
EvalStatus Improper(Expr expr, const Ball& low, const Ball& high, Integrand& integrand, Ball& value) {
  value = Ball(0);
  if (IsMinusInfinite(expr->kid(1))) {
    Ball from;
    if (!IsInfinite(expr->kid(2))) {
      acb_neg(from.get(), high.get());
    }
    integrand.is_mirrored = true;
    if (const EvalStatus status = ToInfinity(expr, from, integrand, value); status != EvalStatus::kOk) {
      return status;
    }
    integrand.is_mirrored = false;
    if (!IsInfinite(expr->kid(2))) {
      return EvalStatus::kOk;
    }
  }
  Ball rest;
  const EvalStatus status = ToInfinity(expr, IsMinusInfinite(expr->kid(1)) ? Ball(0) : low, integrand, rest);
  acb_add(value.get(), value.get(), rest.get(), integrand.precision);
  return status;
}

}  // namespace

EvalStatus EvaluateIntegral(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value) {
  Ball low;
  Ball high;
  const bool is_improper = IsMinusInfinite(expr->kid(1)) || IsInfinite(expr->kid(2));
  for (const auto& [bound, end] : {std::pair{&low, expr->kid(1)}, std::pair{&high, expr->kid(2)}}) {
    if (IsInfinite(end) || IsMinusInfinite(end)) {
      continue;
    }
    if (const EvalStatus status = EvaluateBall(end, bindings, precision, budget, *bound); status != EvalStatus::kOk) {
      return status;
    }
  }
  if (!low.is_finite() || !high.is_finite() || IsInfinite(expr->kid(1)) || IsMinusInfinite(expr->kid(2))) {
    return EvalStatus::kUnsupported;
  }
  const slong bits = std::min(precision, kMaxPrecision);
  Integrand integrand{expr->kid(0), bindings, bits, budget, false};
  integrand.bindings.is_complex = true;
  integrand.bindings.is_integrand = true;
  // The innermost name is found first.
  integrand.bindings.values.emplace_back(expr->name, Ball());
  if (is_improper) {
    if (const EvalStatus status = Improper(expr, low, high, integrand, value); status != EvalStatus::kOk) {
      return status;
    }
  } else {
    Integrate(&Evaluate, &integrand, low, high, bits, value);
  }
  if (budget.is_spent()) {
    return EvalStatus::kTooBig;
  }
  return value.is_finite() ? EvalStatus::kOk : EvalStatus::kUnsupported;
}

}  // namespace cupel::math
