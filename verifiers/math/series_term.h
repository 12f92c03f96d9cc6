#pragma once

#include <flint/fmpz_poly_q.h>
#include <string_view>
#include <vector>

#include "verifiers/math/evaluate.h"

namespace cupel::math {

// A quotient of polynomials with whole coefficients. Owns FLINT's fmpz_poly_q.
class Quotient {
 public:
  Quotient() { fmpz_poly_q_init(value_); }
  Quotient(const Quotient&) = delete;
  Quotient& operator=(const Quotient&) = delete;
  ~Quotient() { fmpz_poly_q_clear(value_); }
  fmpz_poly_q_struct* get() { return value_; }
  fmpz_poly_struct* numerator() { return fmpz_poly_q_numref(value_); }
  fmpz_poly_struct* denominator() { return fmpz_poly_q_denref(value_); }
  bool IsSmall() {
    return fmpz_poly_degree(numerator()) <= 12 && fmpz_poly_degree(denominator()) <= 12 &&
           std::abs(fmpz_poly_max_bits(numerator())) <= 512 && std::abs(fmpz_poly_max_bits(denominator())) <= 512;
  }
  void Set(const fmpz_poly_t poly) {
    fmpz_poly_q_one(value_);
    fmpz_poly_set(numerator(), poly);
  }
  // a k + b
  void SetLine(int64_t a, int64_t b) {
    fmpz_poly_q_one(value_);
    fmpz_poly_zero(numerator());
    fmpz_poly_set_coeff_si(numerator(), 1, a);
    fmpz_poly_set_coeff_si(numerator(), 0, b);
  }
  // The quotient at a k + b.
  void Compose(int64_t a, int64_t b, Quotient& result) {
    fmpz_poly_t line;
    fmpz_poly_t above;
    fmpz_poly_t below;
    fmpz_poly_init(line);
    fmpz_poly_init(above);
    fmpz_poly_init(below);
    fmpz_poly_set_coeff_si(line, 0, b);
    fmpz_poly_set_coeff_si(line, 1, a);
    fmpz_poly_compose(above, numerator(), line);
    fmpz_poly_compose(below, denominator(), line);
    result.Set(above);
    Quotient divisor;
    divisor.Set(below);
    fmpz_poly_q_div(result.get(), result.get(), divisor.get());
    fmpz_poly_clear(below);
    fmpz_poly_clear(above);
    fmpz_poly_clear(line);
  }

 private:
  fmpz_poly_q_t value_;
};

// The term of a series: factor * rational(k) * ratio^k * prod (slope k + offset)!^power.
class SeriesTerm {
 public:
  struct Factorial {
    int64_t slope;
    int64_t offset;
    int64_t power;
  };

  SeriesTerm(std::string_view name, const Bindings& bindings, slong precision, Budget& budget)
      : name_(name), bindings_(bindings), precision_(precision), budget_(budget) {
    fmpz_poly_q_one(rational.get());
    acb_one(factor.get());
    acb_one(ratio.get());
  }

  // The factor `expr`^power; false where it is of another form.
  bool Collect(Expr expr, int64_t power);

  Quotient rational;
  Ball factor;
  Ball ratio;
  std::vector<Factorial> factorials;

 private:
  bool IsFree(Expr expr) const;
  bool Constant(Expr expr, Ball& value) const;
  bool CollectPower(Expr expr, int64_t power);
  bool CollectFactorial(Expr argument, int64_t power);
  bool CollectRational(Expr expr, int64_t power);
  bool Linear(Expr expr, int64_t& slope, int64_t& offset);
  bool ReadQuotient(Expr expr, Quotient& q);
  bool FoldQuotient(Expr expr, Quotient& q);

  std::string_view name_;
  const Bindings& bindings_;
  slong precision_;
  Budget& budget_;
};

}  // namespace cupel::math
