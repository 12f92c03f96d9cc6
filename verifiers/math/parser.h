#pragma once

#include <string_view>
#include <vector>

#include "verifiers/math/ast.h"
#include "verifiers/math/token.h"

namespace cupel::math {

struct ParseResult {
  Expr expr = nullptr;       // null when the tokens are no answer
  std::string_view problem;  // why; static text
};

// A Pratt parser over tokens: the whole of them is one answer or none of it is. Depth is bounded by Limits::max_depth, and a sum or product
// of any length is one node, so that what walks the tree may recurse.
//
//   answer    := item { (, | ; | and | or | row) item }
//   item      := relation [: item]                     "x: 5" is a label, "3:4" a ratio
//   relation  := union { (= | < | in | ...) union }
//   union     := sum { (cup | cap | setminus) sum }
//   sum       := term { (+ | - | +-) term }
//   term      := factor { [* | /] factor }             juxtaposition multiplies; words behind a number are its unit
//   factor    := [+ | - | +-] atom { ^ | _ | ! | % | degree | ' }
//
// Repairs, as people write: \frac12, \sqrt3, missing closing braces at the end, `)` for `]` (half-open intervals).
ParseResult Parse(const std::vector<Token>& tokens, Arena& arena);

}  // namespace cupel::math
