#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Plain data that crosses the wall of the sandbox, in either direction: a tree of exact types without behaviour. A program that is judged
// can make its objects answer anything; here they have become bytes, and bytes answer nothing.
//
// Encoding: one tag byte, then (lengths and counts: 4 bytes little-endian)
//   N                      None, null, undefined
//   B 0|1                  truth value
//   I length digits        integer in canonical decimal: no leading zero, no plus sign, no "-0"
//   F 8 bytes              IEEE 754 bits, little-endian
//   C 16 bytes             complex number: real and imaginary part
//   S length bytes         text, UTF-8 (lone surrogates as three bytes, as Python's surrogatepass)
//   Y length bytes         bytes
//   L count items          list          T count items   tuple
//   E count items          set           D count pairs   dictionary, in the order of the program
//   O length name          an object of the judged program, known by the name of its type only

namespace cupel::code {

enum class Kind : char {
  kNone = 'N',
  kBool = 'B',
  kInt = 'I',
  kFloat = 'F',
  kComplex = 'C',
  kString = 'S',
  kBytes = 'Y',
  kList = 'L',
  kTuple = 'T',
  kSet = 'E',
  kDict = 'D',
  kObject = 'O',
};

struct Value {
  Kind kind = Kind::kNone;
  bool truth = false;        // kBool
  double number = 0;         // kFloat, and the real part of kComplex
  double imaginary = 0;      // kComplex
  std::string text;          // kInt: digits; kString, kBytes: the bytes; kObject: the name of its type
  std::vector<Value> items;  // kList, kTuple, kSet; kDict: key, value, key, value

  static Value None() { return {}; }
  static Value Bool(bool truth);
  static Value Int(int64_t number);
  static Value BigInt(std::string digits);  // canonical decimal
  static Value Float(double number);
  static Value Complex(double real, double imaginary);
  static Value String(std::string text);
  static Value Bytes(std::string bytes);
  static Value Sequence(Kind kind, std::vector<Value> items);  // kList, kTuple, kSet, kDict
  bool is_text() const { return kind == Kind::kString || kind == Kind::kBytes; }
};

struct ValueLimits {
  size_t max_bytes = size_t{1} << 20;
  size_t max_nodes = size_t{1} << 18;
  int max_depth = 64;
};

// Appends the encoding of a value to `out`.
void AppendEncoding(const Value& value, std::string& out);
std::string Encode(const Value& value);

// Reads exactly one value from all of `bytes`. Anything else (unknown tag, wrong length, digits that are not canonical, nesting or size
// over the limit, bytes left over) gives nullopt and says why in `problem`. Never throws, whatever the bytes; work and memory are linear in
// them.
std::optional<Value> Decode(std::string_view bytes, std::string& problem, const ValueLimits& limits = {});

// The value as Python would write it, cut to about `max_bytes`. For messages.
std::string Describe(const Value& value, size_t max_bytes = 80);

// "int", "list", "float" ..
std::string_view KindName(Kind kind);

// Whether a text is an integer in canonical decimal.
bool IsCanonicalInteger(std::string_view digits);

}  // namespace cupel::code
