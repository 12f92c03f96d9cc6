#pragma once

#include <string>
#include <string_view>

#include "verifiers/math/token.h"

namespace cupel::math {

// The number that begins at `position`, which moves behind it, as kNumber's text: thousands separators gone, a repeating block in
// brackets, an exponent behind "e". Sets the flags of `result` where the number has another reading.
std::string ReadNumber(std::string_view text, size_t& position, const LexOptions& options, LexResult& result);

}  // namespace cupel::math
