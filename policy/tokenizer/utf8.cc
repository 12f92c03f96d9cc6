#include "policy/tokenizer/utf8.h"

#include <string>

#include "policy/tokenizer.h"

namespace cupel {
namespace {

// What a lead byte announces. The second byte has a range of its own, which rules out overlong forms, surrogates and values above U+10FFFF.
struct Lead {
  int length;  // 0: no sequence begins with this byte
  unsigned char second_low = 0x80;
  unsigned char second_high = 0xBF;
};

Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1};
  if (byte < 0xC2) return {0};
  if (byte < 0xE0) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

}  // namespace

Utf8Char DecodeUtf8(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const Lead lead = LeadOf(first);
  if (lead.length == 0) return {};
  if (lead.length == 1) return {first, 1, true, false};
  char32_t code_point = first & (0xFFu >> (lead.length + 1));
  for (int i = 1; i < lead.length; ++i) {
    if (static_cast<size_t>(i) == text.size()) return {0xFFFD, i, false, true};
    const auto byte = static_cast<unsigned char>(text[static_cast<size_t>(i)]);
    const unsigned char low = i == 1 ? lead.second_low : 0x80;
    const unsigned char high = i == 1 ? lead.second_high : 0xBF;
    if (byte < low || byte > high) return {0xFFFD, i, false, false};
    code_point = code_point << 6 | (byte & 0x3Fu);
  }
  return {code_point, lead.length, true, false};
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    if (!c.is_valid) return false;
    text.remove_prefix(static_cast<size_t>(c.length));
  }
  return true;
}

int LastUtf8Length(std::string_view text) {
  int length = 1;
  while (static_cast<size_t>(length) < text.size() &&
         (static_cast<unsigned char>(text[text.size() - static_cast<size_t>(length)]) & 0xC0) == 0x80) {
    ++length;
  }
  return length;
}

bool IsUnicodeSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    const auto length = static_cast<size_t>(c.length);
    result.append(c.is_valid ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD"));
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace cupel
