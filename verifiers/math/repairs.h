#pragma once

#include <cstddef>
#include <vector>

#include "verifiers/math/token.h"

namespace cupel::math {

// Rewrites tokens whose meaning depends on their neighbours into those that the parser knows: "{a \over b}" into \frac{a}{b}, ^{\prime}
// into a prime, the Z of "k \in Z" and \mathbb{Z}^{+} into a set, "(1) 3 (2) 5" into labelled parts; drops "=" and "\approx" in front.
void RepairTokens(std::vector<Token>& tokens);

// +1 for a token that opens a bracket, brace or environment, -1 for one that closes, else 0.
int DepthStep(const Token& token);

// Where the group that opens at `open` closes; tokens.size() when it does not.
size_t MatchingClose(const std::vector<Token>& tokens, size_t open);

}  // namespace cupel::math
