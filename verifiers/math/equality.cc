#include "verifiers/math/equality.h"

#include "verifiers/math/evaluate.h"
#include "verifiers/math/sample_points.h"

namespace cupel::math {
namespace {

constexpr int kPoints = 30;
constexpr int kMostPoints = 90;
constexpr int kEnoughPoints = 12;
constexpr slong kSamplePrecision = 200;

bool HasLog(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kFunction && node.text == "log" && node.kids.size() == 1; });
}

enum class Meeting : uint8_t { kOverlap, kApart, kUndefined, kUnsupported, kTooBig, kVague, kHuge };

bool HasRadiusBelow(const Ball& ball, slong exponent) {
  return mag_cmp_2exp_si(arb_radref(ball.real()), exponent) < 0 && mag_cmp_2exp_si(arb_radref(ball.imag()), exponent) < 0;
}

// Zero has no relative accuracy; an absolute one of many bits is as good.
bool IsSharp(const Ball& ball) {
  return ball.is_finite() && (ball.Accuracy() >= 48 || acb_is_zero(ball.get()) != 0 || (ball.ContainsZero() && HasRadiusBelow(ball, -60)));
}

// How two expressions compare at one point, which `at` gives to a precision, at rising precision until their balls are apart or small.
template <class At>
Meeting Meet(Expr a, Expr b, const At& at, slong precision, slong ceiling, Budget& budget) {
  bool is_finite = true;
  bool is_huge = false;
  for (; precision <= ceiling; precision *= 4) {
    const Bindings bindings = at(precision);
    Ball left;
    Ball right;
    const EvalStatus first = EvaluateBall(a, bindings, precision, budget, left);
    const EvalStatus second = first == EvalStatus::kOk ? EvaluateBall(b, bindings, precision, budget, right) : first;
    if (second == EvalStatus::kUndefined) {
      return Meeting::kUndefined;
    }
    if (second != EvalStatus::kOk) {
      return second == EvalStatus::kTooBig ? Meeting::kTooBig : Meeting::kUnsupported;
    }
    if (!left.Overlaps(right)) {
      return Meeting::kApart;
    }
    is_finite = left.is_finite() && right.is_finite();
    is_huge = is_finite && left.Accuracy() >= 8 && right.Accuracy() >= 8;
    // So many digits before the point hide what follows it: 10^100 and 10^100 + 1.
    if (IsSharp(left) && IsSharp(right) && HasRadiusBelow(left, -20) && HasRadiusBelow(right, -20)) {
      return Meeting::kOverlap;
    }
  }
  if (is_huge) {
    return Meeting::kHuge;
  }
  // A pole or the end of a domain has no finite ball at any precision.
  return is_finite ? Meeting::kVague : Meeting::kUndefined;
}

Judgement Different(std::string_view rule) { return {Equality::kDifferent, rule, {}}; }
Judgement Equal(std::string_view rule) { return {Equality::kEqual, rule, {}}; }
Judgement Unknown(std::string_view problem) { return {Equality::kUnknown, {}, problem}; }

// Constants: apart at some precision is a proof; together at the ceiling is left to exact arithmetic, or taken for equality.
Judgement SameConstant(Expr a, Expr b, bool log_is_natural, Arena& arena, const ValueOptions& options) {
  const SamplePoints points(a, b);
  Budget& budget = arena.budget();
  const auto at = [&](slong precision) { return points.At(0, log_is_natural, precision); };
  const Meeting meeting = Meet(a, b, at, 64, 1024, budget);
  switch (meeting) {
    case Meeting::kApart:
      return Different("numeric");
    case Meeting::kUndefined:
      return Unknown("undefined");
    case Meeting::kUnsupported:
      return Unknown("no_rule");
    case Meeting::kTooBig:
      return Unknown("budget_bits");
    default:
      break;
  }
  if (const Equality exact = SameInPi(a, b, budget); exact != Equality::kUnknown) {
    return {exact, "normal_form", {}};
  }
  if (const Equality exact = SameAlgebraic(a, b, budget); exact != Equality::kUnknown) {
    return {exact, "algebraic", {}};
  }
  const slong ceiling = budget.limits().max_precision;
  const Meeting last = Meet(a, b, at, ceiling, ceiling, budget);
  if (budget.is_spent()) {
    return Unknown("budget_steps");
  }
  if (last == Meeting::kApart) {
    return Different("numeric");
  }
  return last == Meeting::kOverlap && options.numeric_constants ? Equal("numeric") : Unknown("budget_precision");
}

Judgement SameFunction(Expr a, Expr b, bool log_is_natural, bool may_be_complex, Arena& arena) {
  SamplePoints points(a, b, may_be_complex);
  Budget& budget = arena.budget();
  int met = 0;
  int vague = 0;
  // More points where few of the first ones lie in the domain: artanh is real on (-1, 1) only.
  for (int point = 0; point < (met < kEnoughPoints / 2 ? kMostPoints : kPoints) && met < 2 * kEnoughPoints; ++point) {
    if (budget.is_spent()) {
      return Unknown("budget_steps");
    }
    const auto at = [&](slong precision) { return points.At(point, log_is_natural, precision); };
    switch (Meet(a, b, at, kSamplePrecision, 4 * kSamplePrecision, budget)) {
      case Meeting::kOverlap:
        ++met;
        break;
      case Meeting::kApart:
        return Different("identity_test");
      case Meeting::kUnsupported:
        return Unknown("no_rule");
      case Meeting::kVague:
        ++vague;
        break;
      default:
        break;
    }
  }
  if (met < kEnoughPoints / 2 || vague > 0) {
    return Unknown("no_rule");
  }
  points.AddBreaks(a, b, arena);
  for (int index = 0; index < points.num_breaks(); ++index) {
    const auto at = [&](slong precision) { return points.AtBreak(index, log_is_natural, precision); };
    if (Meet(a, b, at, kSamplePrecision, kSamplePrecision, budget) == Meeting::kApart) {
      return Different("identity_test");
    }
    if (budget.is_spent()) {
      return Unknown("budget_steps");
    }
  }
  return Equal("identity_test");
}

bool HasOpaqueSum(Expr a, Expr b) { return AnyNode(a, &IsOpaqueSum) || AnyNode(b, &IsOpaqueSum); }

}  // namespace

Judgement SameValue(Expr a, Expr b, Arena& arena, const ValueOptions& options) {
  if (SameTree(a, b) && !a->Is(Kind::kText)) {
    return Equal("same_form");
  }
  Rational left;
  Rational right;
  const EvalStatus first = EvaluateRational(a, arena.budget(), left);
  const EvalStatus second = EvaluateRational(b, arena.budget(), right);
  if (first == EvalStatus::kOk && second == EvalStatus::kOk) {
    return left == right ? Equal("rational") : Different("rational");
  }
  if (first == EvalStatus::kUndefined || second == EvalStatus::kUndefined) {
    return Unknown("undefined");
  }
  const SamplePoints points(a, b);
  const bool is_constant = !points.has_variables();
  Judgement judgement;
  // "log" means the natural logarithm to some and the decimal one to others.
  for (const bool log_is_natural : {true, false}) {
    judgement = is_constant ? SameConstant(a, b, log_is_natural, arena, options) : SameFunction(a, b, log_is_natural, true, arena);
    // What differs off the real line only may be meant on it.
    if (judgement.equality == Equality::kDifferent && points.has_complex_names()) {
      const Judgement real = SameFunction(a, b, log_is_natural, false, arena);
      judgement = real.is_equal() ? Unknown("no_rule") : real;
    }
    if (judgement.is_equal() || (!HasLog(a) && !HasLog(b))) {
      break;
    }
  }
  // Integrals over an unknown function in another order may be equal.
  return judgement.equality == Equality::kDifferent && HasOpaqueSum(a, b) ? Unknown("no_rule") : judgement;
}

bool HasValueEverywhere(Expr expr, Arena& arena) {
  const SamplePoints points(expr, expr);
  for (int point = 0; point < kPoints; ++point) {
    Ball value;
    if (EvaluateBall(expr, points.At(point, true, kSamplePrecision), kSamplePrecision, arena.budget(), value) != EvalStatus::kOk ||
        !value.is_finite()) {
      return false;
    }
  }
  return true;
}

Judgement IsZero(Expr expr, Arena& arena) { return SameValue(expr, arena.Number(0), arena); }

Judgement IsConstantRatio(Expr a, Expr b, Arena& arena, int& sign) {
  if (HasOpaqueSum(a, b)) {
    return Unknown("no_rule");
  }
  SamplePoints points(a, b);
  Budget& budget = arena.budget();
  sign = 0;
  Ball ratio;
  int met = 0;
  for (int point = 0; point < kPoints && met < kEnoughPoints; ++point) {
    const Bindings bindings = points.At(point, true, kSamplePrecision);
    Ball left;
    Ball right;
    const EvalStatus first = EvaluateBall(a, bindings, kSamplePrecision, budget, left);
    const EvalStatus second = first == EvalStatus::kOk ? EvaluateBall(b, bindings, kSamplePrecision, budget, right) : first;
    if (second == EvalStatus::kUndefined) {
      continue;
    }
    if (second != EvalStatus::kOk || !left.is_finite() || !right.is_finite()) {
      return Unknown("no_rule");
    }
    if (left.ContainsZero() != right.ContainsZero()) {
      return Different("identity_test");
    }
    if (right.ContainsZero()) {
      continue;
    }
    acb_div(left.get(), left.get(), right.get(), kSamplePrecision);
    if (met > 0 && !left.Overlaps(ratio)) {
      return Different("identity_test");
    }
    ratio = left;
    ++met;
  }
  if (met < kEnoughPoints / 2) {
    return Unknown("no_rule");
  }
  points.AddBreaks(a, b, arena);
  for (int index = 0; index < points.num_breaks(); ++index) {
    const Bindings bindings = points.AtBreak(index, true, kSamplePrecision);
    Ball left;
    Ball right;
    const bool has_values = EvaluateBall(a, bindings, kSamplePrecision, budget, left) == EvalStatus::kOk && left.is_finite() &&
                            EvaluateBall(b, bindings, kSamplePrecision, budget, right) == EvalStatus::kOk && right.is_finite();
    if (budget.is_spent()) {
      return Unknown("budget_steps");
    }
    acb_mul(right.get(), right.get(), ratio.get(), kSamplePrecision);
    if (has_values && !left.Overlaps(right)) {
      return Different("identity_test");
    }
  }
  sign = !ratio.is_real() ? 0 : arb_is_positive(ratio.real()) != 0 ? 1 : arb_is_negative(ratio.real()) != 0 ? -1 : 0;
  return Equal("identity_test");
}

}  // namespace cupel::math
