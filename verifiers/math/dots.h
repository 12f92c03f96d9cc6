#pragma once

#include "verifiers/math/ast.h"

namespace cupel::math {

// The expression with what dots stand for: "1 + 2 + ... + 100" and "1 * 3 * ... * (2n - 1)" as a sum and a product with an index, a
// geometric sum by its closed form, "{1, 2, ..., 10}" with all its items. At least two terms before the dots must show the rule, and only
// one rule may fit; everything else stays as it is.
Expr ExpandDots(Expr expr, Arena& arena);

}  // namespace cupel::math
