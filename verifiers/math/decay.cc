#include "verifiers/math/decay.h"

namespace cupel::math {
namespace {

constexpr slong kMaxPolynomial = 16;

}  // namespace

bool Decay::Read(Expr expr, bool is_mirrored) {
  const bool ok = Collect(expr, 1) && above_.degree() >= 0 && below_.degree() >= 0;
  if (ok && is_mirrored) {
    above_.Mirror();
    below_.Mirror();
    exponent_.Mirror();
  }
  return ok;
}

// Whether the denominator is away from zero from n on.
bool Decay::IsRegularFrom(slong n) const {
  Ball bound;
  below_.Bound(n, true, bound);
  return arb_is_positive(bound.real()) != 0;
}

// A bound of the integral of |f| from n on: C x^d e^(-cx) <= C n^d e^(-cn) e^(-c(x - n)/2) where c n >= 2 d.
bool Decay::Tail(slong n, Ball& tail) const {
  if (exponent_.degree() < 1 || !IsRegularFrom(n)) {
    return false;
  }
  const slong m = exponent_.degree();
  acb_srcptr lead = exponent_.coefficient(m);
  Ball c;
  exponent_.Bound(n, true, c);
  if (acb_is_real(lead) == 0 || arb_is_negative(acb_realref(lead)) == 0 || arb_is_positive(c.real()) == 0) {
    return false;
  }
  for (slong i = 1; i < m; ++i) {
    arb_mul_si(c.real(), c.real(), n, 64);
  }
  Ball rate;
  arb_mul_si(rate.real(), c.real(), n, 64);
  arb_sub_si(rate.real(), rate.real(), 2 * std::max<slong>(degree(), 0), 64);
  if (arb_is_nonnegative(rate.real()) == 0) {
    return false;
  }
  Ball part;
  above_.Bound(n, false, tail);
  below_.Bound(n, true, part);
  arb_div(tail.real(), tail.real(), part.real(), 64);
  arb_set_si(part.real(), n);
  arb_pow_ui(part.real(), part.real(), static_cast<ulong>(std::abs(degree())), 64);
  (degree() < 0 ? arb_div : arb_mul)(tail.real(), tail.real(), part.real(), 64);
  arb_mul_si(part.real(), c.real(), -n, 64);
  arb_exp(part.real(), part.real(), 64);
  arb_mul(tail.real(), tail.real(), part.real(), 64);
  arb_div(tail.real(), tail.real(), c.real(), 64);
  arb_mul_si(tail.real(), tail.real(), 2, 64);
  return true;
}

bool Decay::IsFree(Expr expr) const {
  return !AnyNode(expr, [&](const Node& node) { return node.IsSymbol(name_); });
}

bool Decay::Constant(Expr expr, Ball& value) const {
  return EvaluateBall(expr, bindings_, 128, budget_, value) == EvalStatus::kOk && value.is_finite();
}

bool Decay::Collect(Expr expr, int64_t power) {
  if (!budget_.Spend(8) || std::abs(power) > kMaxPolynomial) {
    return false;
  }
  if (expr->Is(Kind::kNegate)) {
    if (power % 2 != 0) {
      acb_poly_neg(above_.get(), above_.get());
    }
    return Collect(expr->kid(0), power);
  }
  if (expr->Is(Kind::kMultiply)) {
    return std::ranges::all_of(expr->kids, [&](Expr kid) { return Collect(kid, power); });
  }
  if (expr->Is(Kind::kDivide)) {
    return Collect(expr->kid(0), power) && Collect(expr->kid(1), -power);
  }
  const bool is_wave = expr->Is(Kind::kFunction) && (expr->text == "sin" || expr->text == "cos") && power > 0;
  Polynomial poly;
  if (is_wave && Read(expr->kid(0), poly) && IsRealOnAxis(poly)) {
    has_bounded_ = true;
    return true;
  }
  if (expr->Is(Kind::kFunction) && expr->text == "exp" && Read(expr->kid(0), poly)) {
    return AddExponent(poly, power);
  }
  if (expr->Is(Kind::kPower) && IsFree(expr->kid(0)) && !IsFree(expr->kid(1))) {
    Ball base;
    if (!Constant(expr->kid(0), base) || !base.is_real() || arb_is_positive(base.real()) == 0 || !Read(expr->kid(1), poly)) {
      return false;
    }
    acb_log(base.get(), base.get(), 128);
    acb_poly_scalar_mul(poly.get(), poly.get(), base.get(), 128);
    return AddExponent(poly, power);
  }
  Rational exponent;
  int64_t whole = 0;
  if (expr->Is(Kind::kPower) && EvaluateRational(expr->kid(1), budget_, exponent) == EvalStatus::kOk && exponent.ToInt(whole) &&
      std::abs(whole) <= kMaxPolynomial) {
    return Collect(expr->kid(0), power * whole);
  }
  return Read(expr, poly) && Multiply(power > 0 ? above_ : below_, poly, std::abs(power));
}

bool Decay::IsRealOnAxis(const Polynomial& poly) const {
  for (slong i = 0; i <= poly.degree(); ++i) {
    if (acb_is_real(poly.coefficient(i)) == 0) {
      return false;
    }
  }
  return true;
}

bool Decay::AddExponent(Polynomial& poly, int64_t power) {
  acb_poly_scalar_mul(poly.get(), poly.get(), Ball(power).get(), 128);
  acb_poly_add(exponent_.get(), exponent_.get(), poly.get(), 128);
  return IsRealOnAxis(exponent_);
}

bool Decay::Multiply(Polynomial& product, Polynomial& factor, int64_t power) {
  for (int64_t i = 0; i < power; ++i) {
    acb_poly_mul(product.get(), product.get(), factor.get(), 128);
    if (product.degree() > kMaxPolynomial) {
      return false;
    }
  }
  return true;
}

// `expr` as a polynomial of the variable.
bool Decay::Read(Expr expr, Polynomial& poly) {
  if (!budget_.Spend(8)) {
    return false;
  }
  if (IsFree(expr)) {
    Ball constant;
    const bool ok = Constant(expr, constant);
    acb_poly_set_acb(poly.get(), constant.get());
    return ok;
  }
  if (expr->Is(Kind::kSymbol)) {
    acb_poly_set_coeff_si(poly.get(), 1, 1);
    return true;
  }
  if (expr->Is(Kind::kNegate)) {
    const bool ok = Read(expr->kid(0), poly);
    acb_poly_neg(poly.get(), poly.get());
    return ok;
  }
  if (expr->Is(Kind::kAdd) || expr->Is(Kind::kMultiply)) {
    acb_poly_set_si(poly.get(), expr->Is(Kind::kAdd) ? 0 : 1);
    for (const Expr kid : expr->kids) {
      Polynomial part;
      if (!Read(kid, part)) {
        return false;
      }
      (expr->Is(Kind::kAdd) ? acb_poly_add : acb_poly_mul)(poly.get(), poly.get(), part.get(), 128);
    }
    return poly.degree() <= kMaxPolynomial;
  }
  if (expr->Is(Kind::kDivide) && IsFree(expr->kid(1))) {
    Ball divisor;
    if (!Constant(expr->kid(1), divisor) || divisor.ContainsZero() || !Read(expr->kid(0), poly)) {
      return false;
    }
    acb_poly_scalar_div(poly.get(), poly.get(), divisor.get(), 128);
    return true;
  }
  Rational exponent;
  int64_t whole = 0;
  Polynomial base;
  if (!expr->Is(Kind::kPower) || EvaluateRational(expr->kid(1), budget_, exponent) != EvalStatus::kOk || !exponent.ToInt(whole) ||
      whole < 0 || whole > kMaxPolynomial || !Read(expr->kid(0), base) || base.degree() * whole > kMaxPolynomial) {
    return false;
  }
  acb_poly_pow_ui(poly.get(), base.get(), static_cast<ulong>(whole), 128);
  return true;
}
}  // namespace cupel::math
