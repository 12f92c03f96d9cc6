#include "verifiers/code/judge/python_scanner.h"

#include <algorithm>
#include <cstdint>

namespace cupel::code {
namespace {

int HexDigit(char c) {
  if ('0' <= c && c <= '9') {
    return c - '0';
  }
  if ('a' <= c && c <= 'f') {
    return c - 'a' + 10;
  }
  return 'A' <= c && c <= 'F' ? c - 'A' + 10 : -1;
}

// Reads exactly `count` hexadecimal digits at `at`.
bool ReadHex(std::string_view text, size_t at, size_t count, uint32_t& value) {
  value = 0;
  if (at + count > text.size()) {
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    const int digit = HexDigit(text[at + i]);
    if (digit < 0) {
      return false;
    }
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return true;
}

// The one-letter escapes; '\0' for none.
char SimpleEscape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case '\\':
    case '\'':
    case '"':
      return c;
    default:
      return '\0';
  }
}

size_t ReadOctal(std::string_view text, size_t at, uint32_t& value) {
  size_t count = 0;
  value = 0;
  while (count < 3 && at + count < text.size() && '0' <= text[at + count] && text[at + count] <= '7') {
    value = value * 8 + static_cast<uint32_t>(text[at + count] - '0');
    ++count;
  }
  return count;
}

}  // namespace

bool IsNameStart(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool IsNameByte(char c) { return IsNameStart(c) || ('0' <= c && c <= '9'); }

void AppendUtf8(uint32_t code_point, std::string& out) {
  const auto byte = [&](uint32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code_point < 0x80) {
    byte(code_point);
  } else if (code_point < 0x800) {
    byte(0xC0 | (code_point >> 6));
    byte(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    byte(0xE0 | (code_point >> 12));
    byte(0x80 | ((code_point >> 6) & 0x3F));
    byte(0x80 | (code_point & 0x3F));
  } else {
    byte(0xF0 | (code_point >> 18));
    byte(0x80 | ((code_point >> 12) & 0x3F));
    byte(0x80 | ((code_point >> 6) & 0x3F));
    byte(0x80 | (code_point & 0x3F));
  }
}

size_t EndOfPythonString(std::string_view text, size_t begin) {
  const char quote = text[begin];
  const bool is_triple = text.substr(begin, 3) == std::string(3, quote);
  for (size_t i = begin + (is_triple ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote && !is_triple) {
      return i + 1;
    } else if (text[i] == quote && text.substr(i, 3) == std::string(3, quote)) {
      return i + 3;
    } else if (text[i] == '\n' && !is_triple) {
      return std::string_view::npos;
    }
  }
  return std::string_view::npos;
}

size_t EndOfBrackets(std::string_view text, size_t begin) {
  std::string open;
  for (size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      const size_t end = EndOfPythonString(text, i);
      if (end == std::string_view::npos) {
        return end;
      }
      i = end - 1;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '(' || c == '[' || c == '{') {
      open += c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
      if (open.empty() || open.back() != c) {
        return std::string_view::npos;
      }
      open.pop_back();
      if (open.empty()) {
        return i + 1;
      }
    }
  }
  return std::string_view::npos;
}

bool UnescapePython(std::string_view inside, bool is_bytes, std::string& out) {
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\' || i + 1 == inside.size()) {
      out += inside[i];
      continue;
    }
    const char c = inside[++i];
    uint32_t value = 0;
    if (c == '\n') {
      continue;
    }
    if (const size_t count = ReadOctal(inside, i, value); count > 0) {
      i += count - 1;
    } else if (c == 'x' || ((c == 'u' || c == 'U') && !is_bytes)) {
      const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      if (!ReadHex(inside, i + 1, digits, value) || value > 0x10FFFF) {
        return false;
      }
      i += digits;
    } else if (c == 'a' || c == 'v') {
      value = c == 'a' ? '\a' : '\v';
    } else if (const char simple = SimpleEscape(c); simple != '\0') {
      value = static_cast<unsigned char>(simple);
    } else if (c == 'N' && !is_bytes) {
      return false;
    } else {
      out += '\\';
      out += c;
      continue;
    }
    if (is_bytes) {
      out += static_cast<char>(static_cast<unsigned char>(value));
    } else {
      AppendUtf8(value, out);
    }
  }
  return true;
}

bool UnescapeJson(std::string_view inside, std::string& out) {
  for (size_t i = 0; i < inside.size(); ++i) {
    const char c = inside[i];
    if (static_cast<unsigned char>(c) < 0x20) {
      return false;
    }
    if (c != '\\') {
      out += c;
      continue;
    }
    if (++i == inside.size()) {
      return false;
    }
    uint32_t value = 0;
    if (inside[i] == 'u') {
      uint32_t low = 0;
      if (!ReadHex(inside, i + 1, 4, value)) {
        return false;
      }
      i += 4;
      const bool is_pair = 0xD800 <= value && value < 0xDC00 && inside.substr(i + 1, 2) == "\\u" && ReadHex(inside, i + 3, 4, low) &&
                           0xDC00 <= low && low < 0xE000;
      if (is_pair) {
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        i += 6;
      }
      AppendUtf8(value, out);
    } else if (inside[i] == '/' || (inside[i] != '\'' && SimpleEscape(inside[i]) != '\0')) {
      out += inside[i] == '/' ? '/' : SimpleEscape(inside[i]);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace cupel::code
