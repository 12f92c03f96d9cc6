#pragma once

#include <string_view>

namespace cupel {

// What stands at the beginning of a byte string.
struct Utf8Char {
  char32_t code_point = 0xFFFD;  // U+FFFD unless is_valid
  int length = 1;                // bytes of the character, or of the maximal invalid part (Unicode 15, section 3.9)
  bool is_valid = false;
  bool is_cut_off = false;  // the text ends inside a sequence that more bytes could still complete
};

// Decodes the first character of a text that is not empty.
Utf8Char DecodeUtf8(std::string_view text);

bool IsValidUtf8(std::string_view text);

// Length in bytes of the last character of a valid, non-empty text.
int LastUtf8Length(std::string_view text);

// Unicode's White_Space property, which is what \s means in the regular expressions of tokenizers.
bool IsUnicodeSpace(char32_t c);

}  // namespace cupel
