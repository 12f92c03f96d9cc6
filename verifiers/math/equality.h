#pragma once

#include <string_view>

#include "verifiers/math/ast.h"

namespace cupel::math {

enum class Equality : uint8_t { kEqual, kDifferent, kUnknown };

// Whether two things are equal, by which rule that was shown, and why it could not be.
struct Judgement {
  Equality equality = Equality::kUnknown;
  std::string_view rule;     // "rational", "normal_form", "algebraic", "identity_test", "numeric", ...
  std::string_view problem;  // of kUnknown: "no_rule", "budget_steps", "budget_precision", "budget_bits"

  bool is_equal() const { return equality == Equality::kEqual; }
};

struct ValueOptions {
  bool numeric_constants =
      true;  // constants that agree to the last bit of the highest precision, and that no exact test decides, are equal
};

// Two expressions as numbers or as functions of their variables. kDifferent is a proof: two exact values, or two balls that do not overlap.
// Functions are compared where both are defined; names stand for themselves.
Judgement SameValue(Expr a, Expr b, Arena& arena, const ValueOptions& options = {});

// Whether `expr` has a real value at every sample point.
bool HasValueEverywhere(Expr expr, Arena& arena);

// Whether `expr` is zero for all values of its variables.
Judgement IsZero(Expr expr, Arena& arena);

// Whether a / b is one constant for all values of the variables, and its sign (0 where it is not known to be real).
Judgement IsConstantRatio(Expr a, Expr b, Arena& arena, int& sign);

// The exact equality of two constants by calcium's fields; kUnknown where it does not decide.
Equality SameAlgebraic(Expr a, Expr b, Budget& budget);

// The exact equality of two rational functions of pi over the rationals, for pi is transcendental; kUnknown for all others.
Equality SameInPi(Expr a, Expr b, Budget& budget);

// Whether two equations a = 0 and b = 0 have the same numerators up to a constant, as rational functions over the rationals. kUnknown when
// one is no rational function or too large.
Equality SameNumerator(Expr a, Expr b, Budget& budget);

}  // namespace cupel::math
