#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// Python and C++ cut into tokens, as far as mutations need it.

namespace cupel::repair {

struct CodeToken {
  enum class Kind : uint8_t { kWord, kNumber, kOperator, kText };
  Kind kind = Kind::kOperator;
  size_t begin = 0;
  size_t end = 0;

  std::string_view In(std::string_view text) const { return text.substr(begin, end - begin); }
};

// Comments, white space and lines of the preprocessor are left out. A string is one token.
std::vector<CodeToken> TokensOf(std::string_view text, bool is_cpp);

// One line of a text.
struct CodeLine {
  size_t begin = 0;
  size_t end = 0;         // without the newline
  size_t indent = 0;      // spaces before its first other character
  std::string_view rest;  // from there on
};
std::vector<CodeLine> LinesOf(std::string_view text);

}  // namespace cupel::repair
