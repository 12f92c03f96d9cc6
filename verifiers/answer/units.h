#pragma once

#include <string_view>

namespace cupel {

// Whether `tail`, the text directly behind a number, is no more than a unit or a remark without numbers. The rules are at
// ReadDecoratedNumber.
bool IsUnit(std::string_view tail);

}  // namespace cupel
