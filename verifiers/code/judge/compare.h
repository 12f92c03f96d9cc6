#pragma once

#include <string>
#include <string_view>

#include "verifiers/code/judge/value.h"

// Whether what a program gave is what was expected. Both sides are plain data outside the sandbox, so nothing that a program defines takes
// part. NaN equals nothing, integers are never compared with a tolerance, and a truth value never stands for a number.

namespace cupel::code {

struct ValueRules {
  bool int_for_float = true;      // 2 where 2.0 is expected
  bool float_for_int = false;     // 2.0 where 2 is expected, as Python's == has it
  bool int_for_bool = false;      // 1 where True is expected, as Python's == has it
  bool sequences_alike = false;   // a tuple where a list is expected and the reverse: JSON has only lists
  bool keys_as_text = false;      // dictionary keys by what JSON would write: 1 and "1" are one key
  bool is_unordered = false;      // the outermost list or tuple counts as a multiset
  bool ignores_case = false;      // ASCII letters of texts
  double absolute_tolerance = 0;  // for floats: |a - b| <= max(absolute, relative * |expected|)
  double relative_tolerance = 0;
};

// The rules of an assertion "f(x) == literal" in Python, truth values for numbers excepted.
ValueRules PythonEquality();
// The rules for expected values that were published as JSON.
ValueRules JsonEquality();

// On false, `why` says where and how they differ. Dictionaries compare without order, sets as sets.
bool IsEqual(const Value& expected, const Value& actual, const ValueRules& rules, std::string& why);

enum class TextMode {
  kTrailing,  // line by line; white space at the ends of lines and blank lines at the end of the text do not count
  kExact,     // byte for byte
  kTokens,    // line by line, each as a row of tokens; leading and trailing blank lines do not count
  kDecimal,   // like kTokens; tokens that are decimal numbers compare by value: "1.0" and "1", exactly
};

struct TextRules {
  TextMode mode = TextMode::kTrailing;
  bool ignores_case = false;
  bool is_unordered = false;      // lines in any order
  double absolute_tolerance = 0;  // for tokens that are numbers, one of them not an integer; any mode but kExact
  double relative_tolerance = 0;
};

enum class Match { kEqual, kPresentation, kDifferent };

// kPresentation: the same but for white space or the case of letters. On anything but kEqual, `why` says where they differ. Linear time
// (n log n without order).
Match CompareText(std::string_view expected, std::string_view actual, const TextRules& rules, std::string& why);

// The value of a decimal numeral ("-1.50", "2e3") in one canonical spelling, so that equal numbers are equal texts; empty when the text is
// none, or its exponent has more than six digits.
std::string CanonicalDecimal(std::string_view text);

}  // namespace cupel::code
