#pragma once

#include <algorithm>
#include <string>
#include <string_view>

// Classes of bytes that do not depend on the locale.

namespace cupel {

inline constexpr std::string_view kMinusSign = "\xE2\x88\x92";  // U+2212

inline bool IsDigit(char c) { return '0' <= c && c <= '9'; }
inline bool IsLetter(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); }
inline bool IsSpace(char c) { return c == ' ' || ('\t' <= c && c <= '\r'); }
inline bool IsOneOf(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
inline char LowerCase(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string LowerCaseText(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), LowerCase);
  return lower;
}

// The character at `position`, or NUL past the end.
inline char CharAt(std::string_view text, size_t position) { return position < text.size() ? text[position] : '\0'; }

inline std::string_view TrimSpace(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && IsSpace(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace cupel
