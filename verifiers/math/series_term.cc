#include "verifiers/math/series_term.h"

#include <algorithm>

namespace cupel::math {
namespace {

constexpr int64_t kMaxDegree = 12;

}  // namespace

bool SeriesTerm::IsFree(Expr expr) const {
  return !AnyNode(expr, [&](const Node& node) { return node.IsSymbol(name_); });
}

bool SeriesTerm::Constant(Expr expr, Ball& value) const {
  return EvaluateBall(expr, bindings_, precision_ + 32, budget_, value) == EvalStatus::kOk && value.is_finite();
}

// The factor `expr`^power.
bool SeriesTerm::Collect(Expr expr, int64_t power) {
  if (!budget_.Spend(4) || std::abs(power) > kMaxDegree) {
    return false;
  }
  if (IsFree(expr)) {
    Ball constant;
    if (!Constant(expr, constant)) {
      return false;
    }
    acb_pow_si(constant.get(), constant.get(), power, precision_ + 32);
    acb_mul(factor.get(), factor.get(), constant.get(), precision_ + 32);
    return true;
  }
  switch (expr->kind) {
    case Kind::kNegate:
      acb_mul_si(factor.get(), factor.get(), power % 2 == 0 ? 1 : -1, precision_);
      return Collect(expr->kid(0), power);
    case Kind::kMultiply:
      return std::ranges::all_of(expr->kids, [&](Expr kid) { return Collect(kid, power); });
    case Kind::kDivide:
      return Collect(expr->kid(0), power) && Collect(expr->kid(1), -power);
    case Kind::kPower:
      return CollectPower(expr, power);
    case Kind::kFactorial:
      return expr->info == 1 && CollectFactorial(expr->kid(0), power);
    default:
      return CollectRational(expr, power);
  }
}

bool SeriesTerm::CollectPower(Expr expr, int64_t power) {
  Rational exponent;
  int64_t whole = 0;
  if (EvaluateRational(expr->kid(1), budget_, exponent) == EvalStatus::kOk) {
    return exponent.ToInt(whole) && std::abs(whole) <= kMaxDegree && Collect(expr->kid(0), power * whole);
  }
  int64_t slope = 0;
  int64_t offset = 0;
  Ball base;
  if (!IsFree(expr->kid(0)) || !Linear(expr->kid(1), slope, offset) || !Constant(expr->kid(0), base)) {
    return false;
  }
  Ball part;
  acb_pow_si(part.get(), base.get(), slope * power, precision_ + 32);
  acb_mul(ratio.get(), ratio.get(), part.get(), precision_ + 32);
  acb_pow_si(part.get(), base.get(), offset * power, precision_ + 32);
  acb_mul(factor.get(), factor.get(), part.get(), precision_ + 32);
  return true;
}

bool SeriesTerm::CollectFactorial(Expr argument, int64_t power) {
  Factorial factorial{0, 0, power};
  if (!Linear(argument, factorial.slope, factorial.offset) || factorial.slope < 1 || factorial.slope > 4 || std::abs(power) > 4) {
    return false;
  }
  factorials.push_back(factorial);
  return true;
}

bool SeriesTerm::CollectRational(Expr expr, int64_t power) {
  Quotient q;
  if (!ReadQuotient(expr, q) || (power < 0 && fmpz_poly_q_is_zero(q.get()) != 0)) {
    return false;
  }
  fmpz_poly_q_pow(q.get(), q.get(), static_cast<ulong>(std::abs(power)));
  (power > 0 ? fmpz_poly_q_mul : fmpz_poly_q_div)(rational.get(), rational.get(), q.get());
  return rational.IsSmall();
}

bool SeriesTerm::Linear(Expr expr, int64_t& slope, int64_t& offset) {
  Quotient q;
  if (!ReadQuotient(expr, q) || fmpz_poly_is_one(q.denominator()) == 0 || fmpz_poly_degree(q.numerator()) > 1 ||
      fmpz_poly_max_bits(q.numerator()) > 16 || fmpz_poly_max_bits(q.numerator()) < -16) {
    return false;
  }
  slope = fmpz_poly_get_coeff_si(q.numerator(), 1);
  offset = fmpz_poly_get_coeff_si(q.numerator(), 0);
  return true;
}

// A rational function of the index with rational coefficients.
bool SeriesTerm::ReadQuotient(Expr expr, Quotient& q) {
  if (!budget_.Spend(8)) {
    return false;
  }
  switch (expr->kind) {
    case Kind::kSymbol:
      q.SetLine(1, 0);
      return expr->text == name_;
    case Kind::kNumber: {
      if (expr->value.Bits() > 256) {
        return false;
      }
      Quotient below;
      fmpz_poly_set_fmpz(below.numerator(), expr->value.denominator());
      fmpz_poly_q_zero(q.get());
      fmpz_poly_set_fmpz(q.numerator(), expr->value.numerator());
      fmpz_poly_q_div(q.get(), q.get(), below.get());
      return true;
    }
    case Kind::kNegate:
      return ReadQuotient(expr->kid(0), q) && (fmpz_poly_q_neg(q.get(), q.get()), true);
    case Kind::kAdd:
    case Kind::kMultiply:
    case Kind::kDivide:
      return FoldQuotient(expr, q);
    case Kind::kPower: {
      Rational exponent;
      int64_t power = 0;
      if (EvaluateRational(expr->kid(1), budget_, exponent) != EvalStatus::kOk || !exponent.ToInt(power) || std::abs(power) > kMaxDegree ||
          !ReadQuotient(expr->kid(0), q) || (power < 0 && fmpz_poly_q_is_zero(q.get()) != 0)) {
        return false;
      }
      if (power < 0) {
        fmpz_poly_q_inv(q.get(), q.get());
      }
      fmpz_poly_q_pow(q.get(), q.get(), static_cast<ulong>(std::abs(power)));
      return q.IsSmall();
    }
    default:
      return false;
  }
}

bool SeriesTerm::FoldQuotient(Expr expr, Quotient& q) {
  if (!ReadQuotient(expr->kid(0), q)) {
    return false;
  }
  for (size_t i = 1; i < expr->kids.size(); ++i) {
    Quotient part;
    if (!ReadQuotient(expr->kid(i), part) || (expr->Is(Kind::kDivide) && fmpz_poly_q_is_zero(part.get()) != 0)) {
      return false;
    }
    (expr->Is(Kind::kAdd) ? fmpz_poly_q_add : expr->Is(Kind::kMultiply) ? fmpz_poly_q_mul : fmpz_poly_q_div)(q.get(), q.get(), part.get());
    if (!q.IsSmall()) {
      return false;
    }
  }
  return true;
}

}  // namespace cupel::math
