// Definite integrals by rigorous quadrature (Johansson, "Numerical integration in arbitrary-precision ball arithmetic", 2018).

#include <acb_calc.h>

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
};

// Arb's callback. Where `order` is 1 the value may only be finite if the integrand has no branch cut or corner inside the ball.
int Evaluate(acb_ptr out, const acb_t z, void* parameter, slong order, slong) {
  auto& integrand = *static_cast<Integrand*>(parameter);
  integrand.bindings.values.back().second = Ball();
  acb_set(integrand.bindings.values.back().second.get(), z);
  integrand.bindings.is_analytic = order != 0;
  Ball value;
  if (EvaluateBall(integrand.body, integrand.bindings, integrand.precision, integrand.budget, value) == EvalStatus::kOk) {
    acb_set(out, value.get());
  } else {
    acb_indeterminate(out);
  }
  return 0;
}

}  // namespace

EvalStatus EvaluateIntegral(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value) {
  Ball low;
  Ball high;
  for (const auto& [bound, end] : {std::pair{&low, expr->kid(1)}, std::pair{&high, expr->kid(2)}}) {
    if (const EvalStatus status = EvaluateBall(end, bindings, precision, budget, *bound); status != EvalStatus::kOk) {
      return status;
    }
  }
  if (!low.is_finite() || !high.is_finite()) {
    return EvalStatus::kUnsupported;
  }
  const slong bits = std::min(precision, kMaxPrecision);
  Integrand integrand{expr->kid(0), bindings, bits, budget};
  integrand.bindings.is_complex = true;
  integrand.bindings.is_integrand = true;
  // The innermost name is found first.
  integrand.bindings.values.emplace_back(expr->name, Ball());
  acb_calc_integrate_opt_t options;
  acb_calc_integrate_opt_init(options);
  options->eval_limit = kMaxEvaluations;
  options->deg_limit = kMaxDegree;
  options->depth_limit = kMaxIntervals;
  mag_t tolerance;
  mag_init(tolerance);
  mag_set_ui_2exp_si(tolerance, 1, -bits);
  acb_calc_integrate(value.get(), &Evaluate, &integrand, low.get(), high.get(), bits, tolerance, options, bits);
  mag_clear(tolerance);
  if (budget.is_spent()) {
    return EvalStatus::kTooBig;
  }
  return value.is_finite() ? EvalStatus::kOk : EvalStatus::kUnsupported;
}

}  // namespace cupel::math
