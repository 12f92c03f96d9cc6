// Limits. Where the expression has a value at a finite point it is taken there; else both sides of every operation are expanded in powers
// of t with exact rational coefficients, where x = a + t, or 1/t at infinity. Other limits are not decided.

#include <algorithm>
#include <flint/fmpq_poly.h>

#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr slong kTerms = 16;
constexpr int64_t kMaxPower = 12;

// t^valuation (c_0 + c_1 t + ..) up to `known` terms, c_0 not zero; without terms it is O(t^valuation).
class Laurent {
 public:
  Laurent() { fmpq_poly_init(series_); }
  explicit Laurent(const Rational& value) : Laurent() {
    fmpq_poly_set_fmpq(series_, value.get());
    is_zero = value.is_zero();
  }
  Laurent(const Laurent& other) : valuation(other.valuation), known(other.known), is_zero(other.is_zero) {
    fmpq_poly_init(series_);
    fmpq_poly_set(series_, other.series_);
  }
  Laurent& operator=(const Laurent& other) {
    valuation = other.valuation;
    known = other.known;
    is_zero = other.is_zero;
    fmpq_poly_set(series_, other.series_);
    return *this;
  }
  ~Laurent() { fmpq_poly_clear(series_); }
  fmpq_poly_struct* get() { return series_; }
  const fmpq_poly_struct* get() const { return series_; }

  // Takes leading zeros into the valuation. False when nothing is left that is known.
  bool Normalize() {
    slong zeros = 0;
    Rational coefficient;
    while (zeros < known) {
      fmpq_poly_get_coeff_fmpq(coefficient.get(), series_, zeros);
      if (!coefficient.is_zero()) {
        break;
      }
      ++zeros;
    }
    fmpq_poly_shift_right(series_, series_, zeros);
    valuation += zeros;
    known -= zeros;
    fmpq_poly_truncate(series_, std::max<slong>(known, 0));
    return known > 0;
  }

  Rational Leading() const {
    Rational coefficient;
    fmpq_poly_get_coeff_fmpq(coefficient.get(), series_, 0);
    return coefficient;
  }

  slong valuation = 0;
  slong known = kTerms;
  bool is_zero = false;  // exactly

 private:
  fmpq_poly_t series_;
};

class Expansion {
 public:
  Expansion(std::string_view name, const Laurent& point, bool is_one_sided, Budget& budget)
      : name_(name), point_(point), is_one_sided_(is_one_sided), budget_(budget) {}

  bool Expand(Expr expr, Laurent& result) {
    if (!budget_.Spend(20)) {
      return false;
    }
    Rational constant;
    if (EvaluateRational(expr, budget_, constant) == EvalStatus::kOk) {
      result = Laurent(constant);
      return constant.Bits() <= 256;
    }
    if (!Dispatch(expr, result)) {
      return false;
    }
    return result.is_zero || (result.Normalize() && std::abs(result.valuation) <= kTerms && IsSmall(result));
  }

 private:
  static bool IsSmall(const Laurent& value) {
    return fmpz_bits(fmpq_poly_denref(value.get())) <= 4096 &&
           std::abs(_fmpz_vec_max_bits(value.get()->coeffs, value.get()->length)) <= 4096;
  }

  bool Dispatch(Expr expr, Laurent& result) {
    switch (expr->kind) {
      case Kind::kSymbol:
        result = point_;
        return expr->text == name_;
      case Kind::kNegate:
        if (!Expand(expr->kid(0), result)) {
          return false;
        }
        fmpq_poly_neg(result.get(), result.get());
        return true;
      case Kind::kAdd:
        return Sum(expr, result);
      case Kind::kMultiply:
        result = Laurent(Rational(1));
        return std::ranges::all_of(expr->kids, [&](Expr kid) {
          Laurent part;
          return Expand(kid, part) && (Multiply(result, part), true);
        });
      case Kind::kDivide: {
        Laurent divisor;
        return Expand(expr->kid(0), result) && Expand(expr->kid(1), divisor) && Invert(divisor) && (Multiply(result, divisor), true);
      }
      case Kind::kPower:
        return Power(expr, result);
      case Kind::kFunction:
        return Function(expr, result);
      default:
        return false;
    }
  }

  static void Multiply(Laurent& result, const Laurent& part) {
    result.is_zero = result.is_zero || part.is_zero;
    result.known = std::min(result.known, part.known);
    result.valuation += part.valuation;
    fmpq_poly_mullow(result.get(), result.get(), part.get(), result.known);
  }

  static bool Invert(Laurent& value) {
    if (value.is_zero) {
      return false;
    }
    fmpq_poly_inv_series(value.get(), value.get(), value.known);
    value.valuation = -value.valuation;
    return true;
  }

  bool Sum(Expr expr, Laurent& result) {
    result = Laurent(Rational(0));
    for (const Expr kid : expr->kids) {
      Laurent part;
      if (!Expand(kid, part)) {
        return false;
      }
      Add(result, part);
    }
    return true;
  }

  static void Add(Laurent& sum, Laurent part) {
    if (part.is_zero) {
      return;
    }
    if (sum.is_zero) {
      sum = part;
      return;
    }
    const slong low = std::min(sum.valuation, part.valuation);
    for (Laurent* value : {&sum, &part}) {
      fmpq_poly_shift_left(value->get(), value->get(), value->valuation - low);
      value->known += value->valuation - low;
      value->valuation = low;
    }
    fmpq_poly_add(sum.get(), sum.get(), part.get());
    sum.known = std::min(sum.known, part.known);
    fmpq_poly_truncate(sum.get(), sum.known);
  }

  bool Power(Expr expr, Laurent& result) {
    Rational exponent;
    int64_t power = 0;
    if (expr->kid(0)->IsSymbol("e")) {
      return Expand(expr->kid(1), result) && Exponential(result);
    }
    if (EvaluateRational(expr->kid(1), budget_, exponent) != EvalStatus::kOk || !Expand(expr->kid(0), result)) {
      return false;
    }
    if (exponent == Rational(1, uint64_t{2})) {
      return SquareRoot(result);
    }
    if (!exponent.ToInt(power) || std::abs(power) > kMaxPower || (power <= 0 && (result.is_zero || !Invert(result)))) {
      return false;
    }
    const Laurent factor = result;
    result = Laurent(Rational(1));
    for (int64_t i = 0; i < std::abs(power); ++i) {
      Multiply(result, factor);
    }
    return true;
  }

  // Of a square with positive leading coefficient; on both sides of a point t^2 has the root |t|, which is no series.
  bool SquareRoot(Laurent& value) const {
    Rational lead = value.Leading();
    if (value.is_zero || value.valuation % 2 != 0 || (value.valuation != 0 && !is_one_sided_) || lead.sign() <= 0 ||
        fmpz_is_square(lead.numerator()) == 0 || fmpz_is_square(lead.denominator()) == 0) {
      return value.is_zero;
    }
    fmpq_poly_scalar_div_fmpq(value.get(), value.get(), lead.get());
    fmpq_poly_sqrt_series(value.get(), value.get(), value.known);
    fmpz_sqrt(fmpq_numref(lead.get()), lead.numerator());
    fmpz_sqrt(fmpq_denref(lead.get()), lead.denominator());
    fmpq_poly_scalar_mul_fmpq(value.get(), value.get(), lead.get());
    value.valuation /= 2;
    return true;
  }

  // The argument as a plain series without constant term.
  static bool ToSeries(Laurent& value) {
    if (value.is_zero || value.valuation < 1) {
      return false;
    }
    fmpq_poly_shift_left(value.get(), value.get(), value.valuation);
    value.known = std::min(value.known + value.valuation, kTerms);
    fmpq_poly_truncate(value.get(), value.known);
    value.valuation = 0;
    return true;
  }

  static bool Exponential(Laurent& value) {
    if (value.is_zero) {
      value = Laurent(Rational(1));
      return true;
    }
    if (!ToSeries(value)) {
      return false;
    }
    fmpq_poly_exp_series(value.get(), value.get(), value.known);
    return true;
  }

  bool Function(Expr expr, Laurent& result) {
    using SeriesFunction = void (*)(fmpq_poly_t, const fmpq_poly_t, slong);
    constexpr std::pair<std::string_view, SeriesFunction> kFunctions[] = {
        {"sin", &fmpq_poly_sin_series},      {"cos", &fmpq_poly_cos_series},     {"tan", &fmpq_poly_tan_series},
        {"arcsin", &fmpq_poly_asin_series},  {"arctan", &fmpq_poly_atan_series}, {"sinh", &fmpq_poly_sinh_series},
        {"cosh", &fmpq_poly_cosh_series},    {"tanh", &fmpq_poly_tanh_series},   {"arsinh", &fmpq_poly_asinh_series},
        {"artanh", &fmpq_poly_atanh_series}, {"exp", &fmpq_poly_exp_series}};
    if (expr->kids.size() != 1 || !Expand(expr->kid(0), result)) {
      return false;
    }
    if (expr->text == "sqrt") {
      return SquareRoot(result);
    }
    if (expr->text == "ln") {
      if (result.is_zero || result.valuation != 0 || !(result.Leading() == Rational(1))) {
        return false;
      }
      fmpq_poly_log_series(result.get(), result.get(), result.known);
      return true;
    }
    const auto* const found = std::ranges::find(kFunctions, expr->text, &std::pair<std::string_view, SeriesFunction>::first);
    if (found == std::end(kFunctions) || !ToSeries(result)) {
      return false;
    }
    found->second(result.get(), result.get(), result.known);
    return true;
  }

  std::string_view name_;
  const Laurent& point_;
  bool is_one_sided_;
  Budget& budget_;
};

bool HasSymbol(Expr expr, std::string_view name) {
  return AnyNode(expr, [&](const Node& node) { return node.IsSymbol(name); });
}

bool IsContinuous(Expr expr) {
  return !AnyNode(expr, [](const Node& node) {
    return node.kind == Kind::kCases || node.kind == Kind::kSum || node.kind == Kind::kApply || node.kind == Kind::kFactorial ||
           (node.kind == Kind::kFunction && (node.text == "floor" || node.text == "ceil" || node.text == "mod" || node.text == "gcd" ||
                                             node.text == "lcm" || node.text == "binom" || node.text == "perm" || node.text == "sgn"));
  });
}

class Limit {
 public:
  Limit(Expr expr, const Bindings& bindings, slong precision, Budget& budget)
      : name_(expr->name), to_(expr->kid(1)), bindings_(bindings), precision_(precision), budget_(budget) {}

  EvalStatus Evaluate(Expr body, Ball& value) {
    const bool is_infinite = IsInfinity(to_) || (to_->Is(Kind::kNegate) && IsInfinity(to_->kid(0)));
    if (!is_infinite && IsContinuous(body)) {
      Bindings inner = bindings_;
      inner.values.emplace_back(name_, Ball());
      if (EvaluateBall(to_, bindings_, precision_, budget_, inner.values.back().second) == EvalStatus::kOk &&
          EvaluateBall(body, inner, precision_, budget_, value) == EvalStatus::kOk && value.is_finite()) {
        return EvalStatus::kOk;
      }
    }
    Laurent point;
    Rational at(1);
    if (is_infinite) {
      at = Rational(to_->Is(Kind::kNegate) ? -1 : 1);
      point = Laurent(at);
      point.valuation = -1;
    } else {
      if (EvaluateRational(to_, budget_, at) != EvalStatus::kOk || at.Bits() > 64) {
        return EvalStatus::kUnsupported;
      }
      point = Laurent(at);
      fmpq_poly_set_coeff_si(point.get(), 1, 1);
      point.is_zero = false;
      point.Normalize();
    }
    point_ = point;
    is_one_sided_ = is_infinite;
    return Product(body, value);
  }

 private:
  static bool IsInfinity(Expr expr) { return expr->Is(Kind::kConstant) && expr->text == "inf"; }

  // Factors without the variable are taken as they are.
  EvalStatus Product(Expr expr, Ball& value) {
    value = Ball(1);
    Laurent rest{Rational(1)};
    Expansion expansion(name_, point_, is_one_sided_, budget_);
    const std::vector<Expr> factors = expr->Is(Kind::kMultiply) ? expr->kids : std::vector<Expr>{expr};
    for (const Expr factor : factors) {
      if (!HasSymbol(factor, name_)) {
        Ball constant;
        if (const EvalStatus status = EvaluateBall(factor, bindings_, precision_, budget_, constant); status != EvalStatus::kOk) {
          return status;
        }
        acb_mul(value.get(), value.get(), constant.get(), precision_);
      } else if (factor->Is(Kind::kPower) && HasSymbol(factor->kid(1), name_) && !factor->kid(0)->IsSymbol("e")) {
        if (!RaisedToMoving(factor, expansion, value)) {
          return EvalStatus::kUnsupported;
        }
      } else {
        Laurent part;
        if (!expansion.Expand(factor, part) || part.is_zero) {
          return EvalStatus::kUnsupported;
        }
        rest.valuation += part.valuation;
        Rational lead = rest.Leading() * part.Leading();
        const slong valuation = rest.valuation;
        rest = Laurent(lead);
        rest.valuation = valuation;
      }
    }
    if (rest.valuation < 0) {
      return EvalStatus::kUndefined;  // infinite
    }
    Ball lead;
    acb_set_fmpq(lead.get(), (rest.valuation == 0 ? rest.Leading() : Rational(0)).get(), precision_);
    acb_mul(value.get(), value.get(), lead.get(), precision_);
    return value.is_finite() ? EvalStatus::kOk : EvalStatus::kUnsupported;
  }

  // f^g with f -> 1: e to the limit of g ln f.
  bool RaisedToMoving(Expr power, Expansion& expansion, Ball& value) const {
    Laurent base;
    Laurent exponent;
    if (!expansion.Expand(power->kid(0), base) || !expansion.Expand(power->kid(1), exponent) || base.is_zero || exponent.is_zero ||
        base.valuation != 0 || !(base.Leading() == Rational(1))) {
      return false;
    }
    fmpq_poly_log_series(base.get(), base.get(), base.known);
    if (!base.Normalize() || base.valuation + exponent.valuation < 0) {
      return false;
    }
    Ball limit;
    if (base.valuation + exponent.valuation == 0) {
      acb_set_fmpq(limit.get(), (base.Leading() * exponent.Leading()).get(), precision_);
    }
    acb_exp(limit.get(), limit.get(), precision_);
    acb_mul(value.get(), value.get(), limit.get(), precision_);
    return true;
  }

  std::string_view name_;
  Expr to_;
  const Bindings& bindings_;
  slong precision_;
  Budget& budget_;
  Laurent point_;
  bool is_one_sided_ = false;
};

}  // namespace

EvalStatus EvaluateLimit(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value) {
  return Limit(expr, bindings, precision, budget).Evaluate(expr->kid(0), value);
}

}  // namespace cupel::math
