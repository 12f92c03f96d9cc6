#include <algorithm>
#include <array>

#include "verifiers/math/evaluate.h"

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
    {"arcsec", &Arcsec},    {"arccsc", &Arccsc},
});

// Whether the exponent is p/q as written, in lowest terms, with small parts.
bool SmallFraction(Expr expr, Budget& budget, int64_t& p, int64_t& q) {
  Rational value;
  if (EvaluateRational(expr, budget, value) != EvalStatus::kOk || fmpz_fits_si(value.numerator()) == 0 ||
      fmpz_fits_si(value.denominator()) == 0) {
    return false;
  }
  p = fmpz_get_si(value.numerator());
  q = fmpz_get_si(value.denominator());
  return true;
}

class BallEvaluator {
 public:
  BallEvaluator(const Bindings& bindings, slong precision, Budget& budget) : bindings_(bindings), precision_(precision), budget_(budget) {}

  EvalStatus Evaluate(Expr expr, Ball& value) {
    if (!budget_.Spend(4 + precision_ / 32)) {
      return EvalStatus::kTooBig;
    }
    return Dispatch(expr, value);
  }

 private:
  static constexpr slong kNoExponent = slong{1} << 40;

  EvalStatus Dispatch(Expr expr, Ball& value) {
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
        return expr->text == "int" ? Integral(expr, value) : Sum(expr, value);
      case Kind::kCases:
        return Cases(expr, value);
      default:
        return EvalStatus::kUnsupported;
    }
  }

  EvalStatus Symbol(Expr expr, Ball& value) {
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

  const Ball* Find(std::string_view name) const {
    for (auto it = bound_.rbegin(); it != bound_.rend(); ++it) {
      if (it->first == name) {
        return &it->second;
      }
    }
    return bindings_.Find(name);
  }

  template <class Change>
  EvalStatus Map(Expr expr, Ball& value, const Change& change) {
    const EvalStatus status = Evaluate(expr->kid(0), value);
    if (status == EvalStatus::kOk) {
      change(value);
    }
    return status;
  }

  EvalStatus Fold(Expr expr, Ball& value) {
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
  void AddTo(Ball& sum, const Ball& part) const {
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
  static slong Exponent(const Ball& ball) {
    if (!ball.is_finite() || ball.ContainsZero()) {
      return kNoExponent;
    }
    const slong real = arf_abs_bound_lt_2exp_si(arb_midref(ball.real()));
    const slong imaginary = arf_abs_bound_lt_2exp_si(arb_midref(ball.imag()));
    const slong larger = std::max(real, imaginary);
    return std::abs(larger) < kNoExponent ? larger : kNoExponent;
  }

  EvalStatus Divide(Expr expr, Ball& value) {
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

  bool IsNegativeReal(const Ball& value) const { return value.is_real() && arb_is_negative(value.real()) != 0; }

  // The result of a function whose branch leaves the real line only where the answer is about real numbers.
  EvalStatus Real(const Ball& argument, const Ball& value) const {
    return !bindings_.is_complex && argument.is_real() && !value.is_real() && value.is_finite() ? EvalStatus::kUndefined : EvalStatus::kOk;
  }

  EvalStatus Power(Expr base, Expr exponent, Ball& value) {
    if (const EvalStatus status = Evaluate(base, value); status != EvalStatus::kOk) {
      return status;
    }
    int64_t p = 0;
    int64_t q = 0;
    if (SmallFraction(exponent, budget_, p, q)) {
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

  EvalStatus IntegerPower(int64_t p, Ball& value) {
    acb_pow_si(value.get(), value.get(), p, precision_);
    return EvalStatus::kOk;
  }

  // Odd roots of negative numbers are the real ones.
  EvalStatus FractionPower(int64_t p, int64_t q, Ball& value) {
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

  EvalStatus Factorial(Expr expr, Ball& value) {
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

  static bool IsNatural(const Ball& value) {
    return value.is_real() && arb_is_int(value.real()) != 0 && arb_is_negative(value.real()) == 0;
  }

  EvalStatus Function(Expr expr, Ball& value) {
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

  EvalStatus Root(Expr index, Ball& value) {
    int64_t p = 0;
    int64_t q = 0;
    if (SmallFraction(index, budget_, p, q) && p > 0) {
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

  EvalStatus Named(AcbFunction function, std::string_view name, Ball& value) {
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
  static bool IsSmall(const Ball& argument) {
    mag_t bound;
    mag_init(bound);
    acb_get_mag(bound, argument.get());
    const bool small = mag_cmp_2exp_si(bound, 0) < 0;
    mag_clear(bound);
    return small;
  }

  EvalStatus Logarithm(Expr expr, Ball& value) {
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

  EvalStatus Round(bool down, Ball& value) {
    if (!value.is_real()) {
      return EvalStatus::kUndefined;
    }
    (down ? arb_floor : arb_ceil)(value.real(), value.real(), precision_);
    if (arb_is_int(value.real()) == 0) {
      acb_indeterminate(value.get());
    }
    return EvalStatus::kOk;
  }

  EvalStatus Several(Expr expr, std::string_view name, Ball& value) {
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
      return WholeNumbers(name, second, value);
    }
    if (name != "binom" && name != "perm") {
      return EvalStatus::kUnsupported;
    }
    return Choose(name == "perm", second, value);
  }

  EvalStatus WholeNumbers(std::string_view name, const Ball& second, Ball& value) {
    Rational a;
    Rational b;
    Rational result;
    if (!value.is_real() || !second.is_real() || arb_get_unique_fmpz(fmpq_numref(a.get()), value.real()) == 0 ||
        arb_get_unique_fmpz(fmpq_numref(b.get()), second.real()) == 0 || b.is_zero() || a.Bits() > 4096 || b.Bits() > 4096) {
      return EvalStatus::kUndefined;
    }
    (name == "mod" ? fmpz_mod : name == "gcd" ? fmpz_gcd : fmpz_lcm)(fmpq_numref(result.get()), a.numerator(), b.numerator());
    acb_set_fmpq(value.get(), result.get(), precision_);
    return EvalStatus::kOk;
  }

  // n! / k! / (n - k)! through the gamma function, for natural numbers.
  EvalStatus Choose(bool ordered, const Ball& k, Ball& value) {
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

  void DivideByFactorial(const Ball& n, Ball& value) const {
    Ball divisor;
    GammaOfNext(n, divisor);
    acb_div(value.get(), value.get(), divisor.get(), precision_);
  }

  void GammaOfNext(const Ball& argument, Ball& value) const {
    acb_add_si(value.get(), argument.get(), 1, precision_);
    acb_gamma(value.get(), value.get(), precision_);
  }

  EvalStatus Extreme(Expr expr, bool greatest, Ball& value) {
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

  // A function that only has a name: its value is a number that depends on the name and the argument's text.
  EvalStatus Apply(Expr expr, Ball& value) {
    const Ball* found = Find(ToText(expr, 200));
    if (found == nullptr) {
      return EvalStatus::kUnsupported;
    }
    value = *found;
    return EvalStatus::kOk;
  }

  EvalStatus Integral(Expr expr, Ball& value) {
    Bindings inner = bindings_;
    inner.values.insert(inner.values.end(), bound_.begin(), bound_.end());
    return EvaluateIntegral(expr, inner, precision_, budget_, value);
  }

  // The value of the first condition that holds.
  EvalStatus Cases(Expr expr, Ball& value) {
    for (size_t i = 0; i + 1 < expr->kids.size(); i += 2) {
      bool holds = false;
      if (const EvalStatus status = Holds(expr->kid(i + 1), holds); status != EvalStatus::kOk) {
        return status;
      }
      if (holds) {
        return Evaluate(expr->kid(i), value);
      }
    }
    return EvalStatus::kUndefined;
  }

  // A chain of real comparisons or a congruence of whole numbers. Undefined where the balls do not decide.
  EvalStatus Holds(Expr condition, bool& holds) {
    if (condition->Is(Kind::kText)) {
      holds = condition->text == "otherwise";
      return holds ? EvalStatus::kOk : EvalStatus::kUnsupported;
    }
    if (condition->Is(Kind::kModular)) {
      return Congruent(condition, holds);
    }
    if (!condition->Is(Kind::kRelation) || condition->text.find_first_not_of("<>lg=!") != std::string::npos) {
      return EvalStatus::kUnsupported;
    }
    holds = true;
    for (size_t i = 0; i < condition->text.size(); ++i) {
      Ball left;
      Ball right;
      if (const EvalStatus status = Evaluate(condition->kid(i), left); status != EvalStatus::kOk) {
        return status;
      }
      if (const EvalStatus status = Evaluate(condition->kid(i + 1), right); status != EvalStatus::kOk) {
        return status;
      }
      acb_sub(left.get(), left.get(), right.get(), precision_);
      const bool zero = acb_is_zero(left.get()) != 0;
      if (!left.is_real() || (!zero && left.ContainsZero())) {
        return EvalStatus::kUndefined;
      }
      const bool positive = arb_is_positive(left.real()) != 0;
      switch (condition->text[i]) {
        case '<':
          holds = holds && !positive && !zero;
          break;
        case 'l':
          holds = holds && !positive;
          break;
        case '>':
          holds = holds && positive;
          break;
        case 'g':
          holds = holds && (positive || zero);
          break;
        default:
          holds = holds && zero == (condition->text[i] == '=');
      }
    }
    return EvalStatus::kOk;
  }

  EvalStatus Congruent(Expr condition, bool& holds) {
    const Expr relation = condition->kid(0);
    if (!relation->Is(Kind::kRelation) || relation->kids.size() != 2) {
      return EvalStatus::kUnsupported;
    }
    Ball left;
    Ball right;
    Ball modulus;
    for (const auto& [ball, part] :
         {std::pair{&left, relation->kid(0)}, std::pair{&right, relation->kid(1)}, std::pair{&modulus, condition->kid(1)}}) {
      if (const EvalStatus status = Evaluate(part, *ball); status != EvalStatus::kOk) {
        return status;
      }
    }
    acb_sub(left.get(), left.get(), right.get(), precision_);
    const EvalStatus status = WholeNumbers("mod", modulus, left);
    holds = acb_is_zero(left.get()) != 0;
    return status;
  }

  EvalStatus Sum(Expr expr, Ball& value) {
    Ball low;
    Ball high;
    if (const EvalStatus status = Evaluate(expr->kid(1), low); status != EvalStatus::kOk) {
      return status;
    }
    if (const EvalStatus status = Evaluate(expr->kid(2), high); status != EvalStatus::kOk) {
      return status;
    }
    Rational first;
    Rational last;
    int64_t begin = 0;
    int64_t end = 0;
    if (arb_get_unique_fmpz(fmpq_numref(first.get()), low.real()) == 0 || arb_get_unique_fmpz(fmpq_numref(last.get()), high.real()) == 0) {
      return EvalStatus::kUndefined;
    }
    if (!first.ToInt(begin) || !last.ToInt(end) || !HasFewTerms(begin, end)) {
      return EvalStatus::kTooBig;
    }
    const bool adds = expr->text == "sum";
    value = Ball(adds ? 0 : 1);
    for (int64_t i = begin; i <= end; ++i) {
      Ball term;
      bound_.emplace_back(expr->name, Ball(i));
      const EvalStatus status = Evaluate(expr->kid(0), term);
      bound_.pop_back();
      if (status != EvalStatus::kOk) {
        return status;
      }
      (adds ? acb_add : acb_mul)(value.get(), value.get(), term.get(), precision_);
    }
    return EvalStatus::kOk;
  }

  const Bindings& bindings_;
  slong precision_;
  Budget& budget_;
  std::vector<std::pair<std::string_view, Ball>> bound_;
};

}  // namespace

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
