#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verifiers/math/rational.h"

namespace cupel::math {

// A unit by its dimension, as exponents of base quantities: L length, M mass, T time, and the names of others.
struct Unit {
  std::string_view dimension;  // "L", "M", "T", "$", "byte", ...; empty for words such as "units"
  int power = 1;               // litre: L to the 3
  Rational size;               // in metres, grams, seconds, ...
};

// A unit by name or abbreviation: "km", "kilometres", "mph". nullopt for every other word.
std::optional<Unit> FindUnit(std::string_view word);

// Whether the word may stand behind a number without saying anything about its value. Words that change a value, compare or hedge do not:
// "million", "half", "or", "not", "about", "least".
bool IsHarmlessWord(std::string_view lower_case);

// A product of units, written as names with exponents ("L1 T-1 L1 "), in its one form ("L2 T-1").
std::string NormalDimension(std::string_view product);

// "apples" and "apple" as one.
std::string Stem(std::string_view lower_case);

}  // namespace cupel::math
