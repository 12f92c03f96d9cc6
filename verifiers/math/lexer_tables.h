#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "verifiers/math/token.h"

namespace cupel::math {

struct Symbolic {
  Tok kind;
  std::string_view text;
};

// A TeX command (without backslash) that stands for one token; nullopt when it does not.
std::optional<Symbolic> CommandToken(std::string_view name);

// TeX commands without meaning: spacing, sizes, styles.
bool IsIgnoredCommand(std::string_view name);

// The TeX command that a Unicode character stands for ("le" for U+2264), or empty.
std::string_view CommandOfCharacter(uint32_t code);

// The ASCII text that a Unicode character stands for: full-width forms, mathematical alphanumerics, circled and other digits. Empty when it
// stands for none. The view holds until the next call in the same thread of a buffer of at least four bytes.
std::string_view AsciiOfCharacter(uint32_t code, char (&buffer)[8]);

// "1/2" for U+00BD and its kin, or empty.
std::string_view VulgarFraction(uint32_t code);

// The character that a superscript or subscript form stands for, or NUL.
char SuperscriptOf(uint32_t code);
char SubscriptOf(uint32_t code);

}  // namespace cupel::math
