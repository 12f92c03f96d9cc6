#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Exact numbers as models and data sets write them. No floating point and no fixed width: numbers are digit strings, so that a million
// digits are compared as exactly as two.

namespace cupel {

// (-1)^is_negative * numerator / denominator * 10^exponent, in normal form: digit strings without leading or trailing zeros (zero is "0" /
// "1", not negative, exponent 0). The fraction itself is not reduced.
struct Number {
  bool is_negative = false;
  std::string numerator;    // decimal digits
  std::string denominator;  // decimal digits; "1" unless written as a fraction
  int64_t exponent = 0;
  bool is_percent = false;  // a percent sign or word stood behind it; not yet part of the value

  Number PercentAsFraction() const;  // the value with the percent sign taken as 1/100
};

// What a piece of text says: a number, or why it is none.
struct NumberReading {
  std::optional<Number> number;
  std::string_view problem;      // "not a number", "more than one number", ...; empty with a number
  bool is_beyond_limit = false;  // a number, but its exponent has more than 15 digits
};

// Reads all of `text`, white space at the ends aside, as one number:
//   [sign] digits [.digits] [e exponent]     -1,234.50   .5   6.02e23     sign: + - or U+2212
//   [sign] digits / digits                   3/4
//   [sign] \frac{digits}{digits}             \dfrac and \tfrac too
//   then optionally %, \%, "percent"
// Thousands may be grouped by "," or "{,}", then all of them: "1,234,567", never "12,34" or "0,123".
NumberReading ReadNumber(std::string_view text);

// The same with what people put around a number, and nothing else; whatever holds a second number is refused:
//   emphasis, code quotes, dollar signs, \( \), \[ \], \text{ }, braces and sentence marks around the whole;
//   a currency sign before it;
//   behind it a unit, at most 128 bytes: words separated from the number or inside \text{} ("apples", "km/h", "cm^2", "dollars per day", a
//   degree sign), or directly behind it one of a short list ("cm", "kg", "mph"). Words that change the number or hedge ("million", "half",
//   "squared", "or", "not", number words ...) and single letters, which may be variables, are refused.
NumberReading ReadDecoratedNumber(std::string_view text);

// Whether two numbers have the same value; the percent signs play no part. Fractions are multiplied crosswise; nullopt when that takes more
// than 2^22 steps and the lengths alone do not tell. Adds the steps taken to `cost`.
std::optional<bool> EqualNumbers(const Number& a, const Number& b, int64_t& cost);

// Length of a currency sign, a TeX fraction of two whole numbers, or a TeX degree sign ("^\circ") at the front of `text`; 0 when there is
// none.
size_t CurrencyLength(std::string_view text);
size_t TexFractionLength(std::string_view text);
size_t DegreeLength(std::string_view text);

// `text` without white space, emphasis, quotes, dollar signs, \( \), \[ \], \text{ }, braces and sentence marks around it.
std::string_view StripDecoration(std::string_view text);

}  // namespace cupel
