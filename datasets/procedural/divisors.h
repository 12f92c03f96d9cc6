#pragma once

#include <cstdint>
#include <vector>

namespace cupel {

// The divisors of n > 0 in the order in which trial division up to the root finds them, each followed by its partner: of 12: 1, 12, 2, 6,
// 3,
// 4. By factoring (trial division, then Pollard's rho), so that numbers of 62 bits take milliseconds.
std::vector<int64_t> DivisorsInPairs(int64_t n);

}  // namespace cupel
