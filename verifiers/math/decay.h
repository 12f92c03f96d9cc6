#pragma once

#include <acb_poly.h>
#include <algorithm>
#include <string_view>

#include "verifiers/math/evaluate.h"

namespace cupel::math {

// A polynomial whose coefficients are balls. Owns Arb's acb_poly.
class Polynomial {
 public:
  Polynomial() { acb_poly_init(value_); }
  Polynomial(const Polynomial&) = delete;
  Polynomial& operator=(const Polynomial&) = delete;
  ~Polynomial() { acb_poly_clear(value_); }
  acb_poly_struct* get() { return value_; }
  slong degree() const { return acb_poly_degree(value_); }
  acb_srcptr coefficient(slong i) const { return value_->coeffs + i; }

  // f(-x)
  void Mirror() {
    for (slong i = 1; i <= degree(); i += 2) {
      acb_neg(value_->coeffs + i, value_->coeffs + i);
    }
  }

  // x^degree f(1/x)
  void Reverse(Polynomial& result) const {
    for (slong i = 0; i <= degree(); ++i) {
      acb_poly_set_coeff_acb(result.get(), degree() - i, coefficient(i));
    }
  }

  // |p(x)| x^-degree for all x >= n: |a_d| plus, or from below minus, the sum of |a_i| n^(i - d).
  void Bound(slong n, bool from_below, Ball& bound) const {
    Ball scale(1);
    Ball part;
    bound = Ball(0);
    for (slong i = degree(); i >= 0; --i) {
      acb_abs(part.real(), coefficient(i), 64);
      arb_mul(part.real(), part.real(), scale.real(), 64);
      (from_below && i < degree() ? arb_sub : arb_add)(bound.real(), bound.real(), part.real(), 64);
      arb_div_si(scale.real(), scale.real(), n, 64);
    }
  }

 private:
  acb_poly_t value_;
};

// How fast an integrand falls: it is `above` / `below` times e^`exponent`, and perhaps a factor of size one at most.
class Decay {
 public:
  Decay(std::string_view name, const Bindings& bindings, Budget& budget) : name_(name), bindings_(bindings), budget_(budget) {
    acb_poly_one(above_.get());
    acb_poly_one(below_.get());
  }

  // Takes the integrand apart, f(-x) where it is mirrored. False where it is of another form.
  bool Read(Expr expr, bool is_mirrored);

  bool is_rational() const { return exponent_.degree() < 0 && !has_bounded_; }
  Polynomial& above() { return above_; }
  Polynomial& below() { return below_; }
  slong degree() const { return above_.degree() - below_.degree(); }

  // Whether the denominator is away from zero from n on.
  bool IsRegularFrom(slong n) const;
  // A bound of the integral of |f| from n to infinity; false where there is none.
  bool Tail(slong n, Ball& tail) const;

 private:
  bool IsFree(Expr expr) const;

  bool Constant(Expr expr, Ball& value) const;

  bool Collect(Expr expr, int64_t power);

  bool IsRealOnAxis(const Polynomial& poly) const;

  bool AddExponent(Polynomial& poly, int64_t power);

  static bool Multiply(Polynomial& product, Polynomial& factor, int64_t power);

  bool Read(Expr expr, Polynomial& poly);

  std::string_view name_;
  const Bindings& bindings_;
  Budget& budget_;
  Polynomial above_;
  Polynomial below_;
  Polynomial exponent_;
  bool has_bounded_ = false;
};

}  // namespace cupel::math
