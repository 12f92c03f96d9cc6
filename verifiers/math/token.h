#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/budget.h"

// LaTeX, Unicode mathematics, ASCII mathematics and words as one set of tokens.

namespace cupel::math {

enum class Tok : uint8_t {
  kEnd,
  kNumber,    // text: "12", "3.25", "1/2" (vulgar), "1.5e3", "0.1(6)" with a repeating block
  kLetter,    // a variable: "x", "alpha"
  kWord,      // two or more letters that are no function: a product of letters, a unit, or prose
  kFunction,  // "sin", "log", "sqrt" written without backslash too
  kConstant,  // "pi", "inf"
  kPlus,
  kMinus,
  kTimes,
  kDivide,
  kSlash,
  kPlusMinus,  // text "+-" or "-+"
  kCaret,
  kUnder,
  kBang,
  kPercent,
  kDegree,
  kPrime,  // also minutes of arc; text "'" or "''"
  kOpen,   // text: "(", "[", "{", "<" (angle), "floor", "ceil"
  kClose,  // text: ")", "]", "}", ">", "floor", "ceil"
  kBrace,  // TeX's invisible braces
  kBraceClose,
  kBar,  // text "|" or "||"; also \mid
  kComma,
  kSemicolon,
  kColon,
  kRelation,  // text: "=", "<", "<=", ">", ">=", "!=", "~" (approximately), "in", "notin", "sub", "==" (congruent), "->"
  kCup,
  kCap,
  kSetMinus,
  kAnd,
  kOr,
  kFraction,  // \frac
  kRoot,      // \sqrt; text holds "3" and "4" for the signs of the cube and fourth root
  kBinomial,
  kBegin,  // text: name of the environment
  kFinish,
  kAmpersand,
  kRow,  // two backslashes
  kBig,  // text: "sum", "prod", "int", "lim", "bigcup", "bigcap"
  kDots,
  kCurrency,  // text: "$", "EUR", ...
  kSet,       // text: "R", "Z", "N", "Q", "C", "Z+", ...
  kEmptySet,
  kMod,
  kAccent,  // text: "vec", "hat", "overline", ...
  kQuantifier,
  kGap,  // \quad and wider
};

struct Token {
  Tok kind = Tok::kEnd;
  std::string text;
  bool space_before = false;
  bool is_prose = false;    // inside \text{} or a similar command
  bool is_upright = false;  // inside \mathrm{}
};

struct LexResult {
  std::vector<Token> tokens;       // ends with kEnd
  std::string_view problem;        // why there are none; empty when all is well
  bool has_comma_groups = false;   // a comma between digits was read as a thousands separator: "1,234" may also be a list
  bool has_decimal_comma = false;  // "2,74": a list, or a number written the European way
};

struct LexOptions {
  bool comma_groups = true;
  bool decimal_comma = false;
};

// Any bytes at all. Linear time; at most Limits::max_tokens tokens.
LexResult Lex(std::string_view text, const LexOptions& options, Budget& budget);

// One text for tokens that mean the same whatever the dialect: equal texts are equal answers.
std::string CanonicalText(const std::vector<Token>& tokens);

bool IsFunctionName(std::string_view name);

}  // namespace cupel::math
