#pragma once

#include <cstdint>
#include <string>

namespace cupel {

// `value` >= 0 written in a base from 2 to 36, digits above nine as small letters.
inline std::string DigitsInBase(int64_t value, int64_t base) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[value % base]);
    value /= base;
  } while (value > 0);
  return digits;
}

}  // namespace cupel
