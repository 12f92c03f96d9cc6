#pragma once

#include "verifiers/math/ast.h"

namespace cupel::math {

// Whether letters may stand for matrices or elements of a group, and their products come in another order in `b` than in `a`: A^{-1}B and
// BA^{-1}, P^{-1}AP and A, AB - BA and 0. Then numbers in place of the letters prove a difference and no equality.
bool MayDifferByOrder(Expr a, Expr b);

}  // namespace cupel::math
