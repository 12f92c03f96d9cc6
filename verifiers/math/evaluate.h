#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "verifiers/math/ast.h"
#include "verifiers/math/ball.h"

namespace cupel::math {

enum class EvalStatus : uint8_t {
  kOk,
  kNotRational,  // exact evaluation only: a root, a variable, pi
  kUndefined,    // division by zero, a logarithm of zero, a real function outside its domain
  kUnsupported,  // no meaning as a number: a text, a set, an unknown function
  kTooBig,       // beyond the limits
};

// What names stand for while an expression is evaluated. Values are borrowed.
struct Bindings {
  std::vector<std::pair<std::string_view, Ball>> values;
  bool log_is_natural = true;  // "log" without a base
  bool is_integrand = false;   // inside an integral: a finite ball is wanted at a branch point too
  bool is_analytic = false;    // inside an integral: not finite on balls with a branch cut or corner
  bool is_complex = false;     // whether values off the real line are meant; else a root or logarithm of a negative number is undefined

  const Ball* Find(std::string_view name) const;
};

// Whether a sum or product from first to last is short enough to be computed term by term. The bounds come before the difference, which
// could leave 64 bits.
inline bool HasFewTerms(int64_t first, int64_t last) {
  constexpr int64_t kMaxTerms = 2'000;
  constexpr int64_t kMaxBound = 1'000'000'000;
  return first >= -kMaxBound && last <= kMaxBound && (last < first || last - first <= kMaxTerms);
}

// Exact value of an expression built from integers by rational operations, factorials, binomials, floors and their kind. Sizes are
// estimated before each operation.
EvalStatus EvaluateRational(Expr expr, Budget& budget, Rational& value);

// The integral of kids[0] from kids[1] to kids[2] over `name`, as a ball of at most 96 bits.
EvalStatus EvaluateIntegral(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value);

// The sum of kids[0] from kids[1] to infinity over `name`, as a ball of at most 256 bits. kUndefined where it diverges.
EvalStatus EvaluateSeries(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value);

// The limit of kids[0] as `name` tends to kids[1], a number or an infinity. kUndefined where it is infinite.
EvalStatus EvaluateLimit(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value);

// A ball that holds the value, at `precision` bits. Not finite when the precision does not suffice.
EvalStatus EvaluateBall(Expr expr, const Bindings& bindings, slong precision, Budget& budget, Ball& value);

}  // namespace cupel::math
