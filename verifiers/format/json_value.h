#pragma once

#include <string>

#include "base/json.h"

// JSON values as JSON Schema compares them: numbers by value, members of objects in any order.

namespace cupel {

bool IsWholeNumber(const Json& value);             // 1, 1.0 and 1e3
int CompareNumbers(const Json& a, const Json& b);  // -1, 0 or 1; exact for whole numbers of 64 bits

// Text that two values share exactly when they are equal: members sorted, 1.0 written as 1.
std::string CanonicalJson(const Json& value);

}  // namespace cupel
