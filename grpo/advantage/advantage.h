#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cupel {

// Group-relative advantages (Shao et al., DeepSeekMath, arXiv 2402.03300, section 4.1):
//
//   A_i = (r_i - mean r) / (std r + eps)
//
// over the members of one group that are scored; the others (a verdict of error or undecided) get 0 and do not touch mean or std. `scale`:
// "sample" (std with n - 1, as torch computes it), "population" (n) or "none" (Dr. GRPO, arXiv 2503.20783: no division). All in double. A
// group whose scored rewards are all equal, or with fewer than two scored members, gets exact zeros. Returns whether the group carries a
// signal. Spans have equal length.
bool GroupAdvantages(std::span<const double> rewards, std::span<const uint8_t> is_scored, std::string_view scale, double eps,
                     std::span<double> advantages);

}  // namespace cupel
