#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifiers/code/judge/value.h"

// Reads plain data and simple assertions as they are written in Python, without running anything. What is not understood is refused, never
// guessed: such tests are run instead (judge/drivers/asserts.py). No exceptions, nesting bounded, linear time.

namespace cupel::code {

enum class Notation { kPython, kJson };

// One literal that makes up the whole text, white space around it aside. Python: numbers (also hexadecimal, octal, binary, with
// underscores, complex), strings and bytes with every prefix but f, implicit concatenation, lists, tuples, sets, dictionaries, set(), a
// sign before a number, True, False, None, parentheses. JSON: RFC 8259, integers of any size. Nullopt for anything else.
std::optional<Value> ParseLiteral(std::string_view text, Notation notation = Notation::kPython);

// What is done to the result of a call before it is compared.
enum class Transform { kNone, kSorted, kSet };
// What the outcome must be.
enum class Expectation { kEqual, kTruthy, kFalsy, kNotNone };

// One assertion about one call: "assert f(1, [2]) == 3".
struct CallAssertion {
  std::string function;  // "f"
  std::string call;      // "f(1, [2])"
  std::vector<Value> args;
  bool has_plain_args = false;  // all arguments are literals without keywords; else only `call` says what they are
  Transform transform = Transform::kNone;
  Expectation expectation = Expectation::kEqual;
  Value expected;
  double absolute_tolerance = 0;  // of abs(f(x) - 1.5) < 1e-6 and math.isclose
  double relative_tolerance = 0;
};

// A statement of the forms: assert CALL == LITERAL (also reversed, `is True|False|None`, sorted(CALL), set(CALL)); assert CALL; assert not
// CALL; assert abs(CALL - LITERAL) < NUMBER; assert math.isclose(CALL, LITERAL, rel_tol=, abs_tol=). A message after a comma is ignored.
// Nullopt for any other statement.
std::optional<CallAssertion> ParseAssertion(std::string_view statement);

// A logical line of a Python text: brackets, strings and backslashes joined, comments and blank lines left out.
struct PythonLine {
  int indent = 0;  // columns of white space before it; a tab goes to the next multiple of 8
  std::string_view text;
};
// Nullopt when a bracket or string never closes.
std::optional<std::vector<PythonLine>> SplitPython(std::string_view text);

}  // namespace cupel::code
