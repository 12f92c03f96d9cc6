#pragma once

#include <source_location>
#include <string_view>

namespace cupel {

// Prints "FILE:LINE: check failed in FUNCTION: WHAT" to standard error and aborts.
[[noreturn]] void CheckFailed(std::string_view what, const std::source_location& where);

// States what must hold if our own code is right; on in every build type. A failed check is a bug of ours, never the user's
// mistake, a broken file (absl::Status) or something a model wrote (a value).
inline void Check(bool condition, std::string_view what, const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]] {
    CheckFailed(what, where);
  }
}

}  // namespace cupel
