// Infinite sums. A term is taken apart into c R(k) r^k prod (a k + b)!^n with a rational function R. Where |r| = 1 and there is no
// factorial, partial fractions give digamma and Hurwitz zeta values; else the ratio of neighbouring terms bounds the tail. What is of no
// such form, or converges too slowly, is not decided.

#include <acb_poly.h>
#include <algorithm>
#include <arb_fmpz_poly.h>
#include <flint/fmpz_poly_factor.h>

#include "verifiers/math/series_term.h"

namespace cupel::math {
namespace {

constexpr slong kMaxPrecision = 256;
constexpr slong kMaxDegree = 12;
constexpr int64_t kMaxTerms = 1'500;
constexpr int64_t kMaxStart = 1'000'000;

class Series {
 public:
  Series(Expr expr, const Bindings& bindings, slong precision, Budget& budget)
      : expr_(expr),
        bindings_(bindings),
        precision_(std::min(precision, kMaxPrecision)),
        budget_(budget),
        term_(expr->name, bindings, precision_, budget) {}

  EvalStatus Evaluate(Ball& value) {
    Rational first;
    int64_t start = 0;
    if (EvaluateRational(expr_->kid(1), budget_, first) != EvalStatus::kOk || !first.ToInt(start) || std::abs(start) > kMaxStart ||
        !term_.Collect(expr_->kid(0), 1) || !term_.rational.IsSmall() || !term_.ratio.is_finite() || !term_.factor.is_finite() ||
        !budget_.Spend(500)) {
      return EvalStatus::kUnsupported;
    }
    if (fmpz_poly_q_is_zero(term_.rational.get()) != 0) {
      value = Ball(0);
      return EvalStatus::kOk;
    }
    const bool alternates = acb_equal_si(term_.ratio.get(), -1) != 0;
    if (term_.factorials.empty() && (alternates || acb_is_one(term_.ratio.get()) != 0)) {
      return SumOfFractions(start, alternates, value);
    }
    return SumByRatio(start, value);
  }

 private:
  // sum over j >= 0 of R(j + start), or of R(2j + start) - R(2j + start + 1) where the sign alternates.
  EvalStatus SumOfFractions(int64_t start, bool alternates, Ball& value) {
    Quotient terms;
    term_.rational.Compose(alternates ? 2 : 1, start, terms);
    if (alternates) {
      Quotient odd;
      term_.rational.Compose(2, start + 1, odd);
      fmpz_poly_q_sub(terms.get(), terms.get(), odd.get());
      if (start % 2 != 0) {
        fmpz_poly_q_neg(terms.get(), terms.get());
      }
      if (fmpz_poly_degree(term_.rational.numerator()) >= fmpz_poly_degree(term_.rational.denominator())) {
        return EvalStatus::kUndefined;  // the terms do not vanish
      }
    }
    value = Ball(0);
    if (fmpz_poly_q_is_zero(terms.get()) == 0) {
      if (fmpz_poly_degree(terms.numerator()) > fmpz_poly_degree(terms.denominator()) - 2) {
        return EvalStatus::kUndefined;  // diverges
      }
      AddPartialFractions(terms, value);
    }
    acb_mul(value.get(), value.get(), term_.factor.get(), precision_);
    return RealOrUndefined(value);
  }

  // The value is real where the factor is; the roots come in conjugate pairs.
  EvalStatus RealOrUndefined(Ball& value) const {
    if (!value.is_finite()) {
      return EvalStatus::kUndefined;  // a pole among the terms
    }
    if (term_.factor.is_real() && value.MayBeReal()) {
      arb_zero(value.imag());
    }
    return EvalStatus::kOk;
  }

  void AddPartialFractions(Quotient& terms, Ball& value) {
    fmpz_poly_factor_t factors;
    fmpz_poly_factor_init(factors);
    fmpz_poly_factor(factors, terms.denominator());
    const slong precision = precision_ + 64;
    for (slong i = 0; i < factors->num; ++i) {
      const slong degree = fmpz_poly_degree(factors->p + i);
      acb_ptr roots = _acb_vec_init(degree);
      arb_fmpz_poly_complex_roots(roots, factors->p + i, 0, precision);
      for (slong j = 0; j < degree; ++j) {
        AddPole(terms, roots + j, factors->exp[i], precision, value);
      }
      _acb_vec_clear(roots, degree);
    }
    fmpz_poly_factor_clear(factors);
  }

  // The parts e_s / (x - r)^s of one root, summed over x = 0, 1, ..: e_s zeta(s, -r), and -e_1 psi(-r), as all e_1 together are zero.
  static void AddPole(Quotient& terms, acb_srcptr root, slong order, slong precision, Ball& value) {
    acb_poly_t above;
    acb_poly_t below;
    acb_poly_init(above);
    acb_poly_init(below);
    acb_poly_set_fmpz_poly(above, terms.numerator(), precision);
    acb_poly_set_fmpz_poly(below, terms.denominator(), precision);
    acb_poly_taylor_shift(above, above, root, precision);
    acb_poly_taylor_shift(below, below, root, precision);
    acb_poly_shift_right(below, below, order);
    acb_poly_div_series(above, above, below, order, precision);
    Ball minus_root;
    acb_neg(minus_root.get(), root);
    for (slong s = 1; s <= order; ++s) {
      Ball part;
      Ball coefficient;
      acb_poly_get_coeff_acb(coefficient.get(), above, order - s);
      if (s == 1) {
        acb_digamma(part.get(), minus_root.get(), precision);
        acb_neg(part.get(), part.get());
      } else {
        acb_hurwitz_zeta(part.get(), Ball(s).get(), minus_root.get(), precision);
      }
      acb_addmul(value.get(), part.get(), coefficient.get(), precision);
    }
    acb_poly_clear(below);
    acb_poly_clear(above);
  }

  // t(k + 1) / t(k) without the ratio.
  bool StepQuotient(Quotient& step) {
    term_.rational.Compose(1, 1, step);
    fmpz_poly_q_div(step.get(), step.get(), term_.rational.get());
    for (const SeriesTerm::Factorial& factorial : term_.factorials) {
      Quotient line;
      for (int64_t i = 1; i <= factorial.slope; ++i) {
        line.SetLine(factorial.slope, factorial.offset + i);
        for (int64_t n = 0; n < std::abs(factorial.power); ++n) {
          (factorial.power > 0 ? fmpz_poly_q_mul : fmpz_poly_q_div)(step.get(), step.get(), line.get());
        }
      }
    }
    return fmpz_poly_degree(step.numerator()) <= 4 * kMaxDegree && fmpz_poly_degree(step.denominator()) <= 4 * kMaxDegree;
  }

  // sum of |a_i| k^(i - degree), with the sign of all but the leading one: bounds a polynomial over k^degree from k on.
  static void Bound(const fmpz_poly_struct* poly, int64_t k, bool from_below, arb_t bound) {
    const slong degree = fmpz_poly_degree(poly);
    Ball scale(1);
    Ball part;
    fmpz_t coefficient;
    fmpz_init(coefficient);
    arb_zero(bound);
    for (slong i = degree; i >= 0; --i) {
      fmpz_poly_get_coeff_fmpz(coefficient, poly, i);
      fmpz_abs(coefficient, coefficient);
      arb_mul_fmpz(part.real(), scale.real(), coefficient, 64);
      (from_below && i < degree ? arb_sub : arb_add)(bound, bound, part.real(), 64);
      arb_div_si(scale.real(), scale.real(), k, 64);
    }
    fmpz_clear(coefficient);
  }

  // An upper bound of |t(j + 1) / t(j)| for all j >= k; false where there is none below one.
  bool RatioBound(Quotient& step, int64_t k, arb_t bound) const {
    Ball below;
    Bound(step.numerator(), k, false, bound);
    Bound(step.denominator(), k, true, below.real());
    if (arb_is_positive(below.real()) == 0) {
      return false;
    }
    arb_div(bound, bound, below.real(), 64);
    Ball size;
    acb_abs(size.real(), term_.ratio.get(), 64);
    arb_mul(bound, bound, size.real(), 64);
    const slong excess = fmpz_poly_degree(step.denominator()) - fmpz_poly_degree(step.numerator());
    for (slong i = 0; i < excess; ++i) {
      arb_div_si(bound, bound, k, 64);
    }
    arb_sub_si(size.real(), bound, 1, 64);
    return arb_is_negative(size.real()) != 0;
  }

  // Whether the ratio of neighbours tends to more than one, so that the sum diverges.
  bool Grows(Quotient& step) const {
    const slong excess = fmpz_poly_degree(step.numerator()) - fmpz_poly_degree(step.denominator());
    Ball limit;
    acb_abs(limit.real(), term_.ratio.get(), 64);
    arb_mul_fmpz(limit.real(), limit.real(), fmpz_poly_lead(step.numerator()), 64);
    arb_div_fmpz(limit.real(), limit.real(), fmpz_poly_lead(step.denominator()), 64);
    arb_abs(limit.real(), limit.real());
    arb_sub_si(limit.real(), limit.real(), 1, 64);
    return excess > 0 || (excess == 0 && arb_is_nonpositive(limit.real()) == 0);
  }

  EvalStatus SumByRatio(int64_t start, Ball& value) {
    Quotient step;
    if (!StepQuotient(step)) {
      return EvalStatus::kUnsupported;
    }
    if (Grows(step)) {
      return EvalStatus::kUndefined;
    }
    Bindings inner = bindings_;
    inner.values.emplace_back(expr_->name, Ball());
    value = Ball(0);
    for (int64_t k = start; k < start + kMaxTerms; ++k) {
      Ball term;
      inner.values.back().second = Ball(k);
      if (const EvalStatus status = EvaluateBall(expr_->kid(0), inner, precision_ + 16, budget_, term); status != EvalStatus::kOk) {
        return status;
      }
      acb_add(value.get(), value.get(), term.get(), precision_ + 16);
      if (k < 1 || (k - start) % 8 != 7) {
        continue;
      }
      if (AddTail(step, k, term, value)) {
        return EvalStatus::kOk;
      }
    }
    return EvalStatus::kUnsupported;
  }

  // Adds what follows term k as an error, once that is small enough.
  bool AddTail(Quotient& step, int64_t k, const Ball& term, Ball& value) const {
    Ball bound;
    if (!RatioBound(step, k, bound.real())) {
      return false;
    }
    Ball rest;
    arb_sub_si(rest.real(), bound.real(), 1, 64);
    arb_neg(rest.real(), rest.real());
    arb_div(bound.real(), bound.real(), rest.real(), 64);
    acb_abs(rest.real(), term.get(), 64);
    arb_mul(bound.real(), bound.real(), rest.real(), 64);
    mag_t tail;
    mag_init(tail);
    arb_get_mag(tail, bound.real());
    const bool small = mag_cmp_2exp_si(tail, -precision_) < 0;
    if (small) {
      arb_add_error_mag(value.real(), tail);
      if (!value.is_real()) {
        arb_add_error_mag(value.imag(), tail);
      }
    }
    mag_clear(tail);
    return small;
  }

  Expr expr_;
  const Bindings& bindings_;
  slong precision_;
  Budget& budget_;
  SeriesTerm term_;
};

}  // namespace

EvalStatus EvaluateSeries(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value) {
  return Series(expr, bindings, precision, budget).Evaluate(value);
}

}  // namespace cupel::math
