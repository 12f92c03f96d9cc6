#include "verifiers/text/casing.h"

#include <algorithm>

#include "verifiers/answer/characters.h"
#include "verifiers/text/script.h"

namespace cupel {
namespace {

bool IsBetween(char32_t c, char32_t low, char32_t high) { return low <= c && c <= high; }

// Latin Extended-A alternates: capital then small, but for two stretches where the capital is odd.
bool HasOddCapitals(char32_t c) { return IsBetween(c, 0x139, 0x148) || IsBetween(c, 0x179, 0x17E); }
bool IsExtendedLatin(char32_t c) { return IsBetween(c, 0x100, 0x17E) && c != 0x138 && c != 0x149 && c != 0x178; }

bool HasOnly(std::string_view text, bool (*wanted)(char32_t), bool (*unwanted)(char32_t)) {
  bool has_wanted = false;
  while (!text.empty()) {
    const char32_t c = NextCodePoint(text);
    if (unwanted(c)) {
      return false;
    }
    has_wanted = has_wanted || wanted(c);
  }
  return has_wanted;
}

}  // namespace

bool IsCapitalLetter(char32_t c) {
  const bool is_latin = IsBetween(c, 'A', 'Z') || (IsBetween(c, 0xC0, 0xDE) && c != 0xD7) || c == 0x178;
  const bool is_extended = IsExtendedLatin(c) && (c % 2 == 0) != HasOddCapitals(c);
  return is_latin || is_extended || IsBetween(c, 0x391, 0x3AB) || IsBetween(c, 0x400, 0x42F) || IsBetween(c, 0x386, 0x38F);
}

bool IsSmallLetter(char32_t c) {
  const bool is_latin = IsBetween(c, 'a', 'z') || (IsBetween(c, 0xDF, 0xFF) && c != 0xF7);
  const bool is_extended = IsExtendedLatin(c) && (c % 2 == 1) != HasOddCapitals(c);
  return is_latin || is_extended || IsBetween(c, 0x3AC, 0x3CE) || IsBetween(c, 0x430, 0x45F);
}

char32_t SmallLetterOf(char32_t c) {
  const bool is_shifted_by_32 =
      IsBetween(c, 'A', 'Z') || (IsBetween(c, 0xC0, 0xDE) && c != 0xD7) || IsBetween(c, 0x391, 0x3AB) || IsBetween(c, 0x410, 0x42F);
  if (is_shifted_by_32) {
    return c + 0x20;
  }
  if (IsExtendedLatin(c)) {
    return IsCapitalLetter(c) ? c + 1 : c;
  }
  if (IsBetween(c, 0x400, 0x40F)) {
    return c + 0x50;
  }
  switch (c) {
    case 0x178:
      return 0xFF;
    case 0x386:
      return 0x3AC;
    case 0x38C:
      return 0x3CC;
    case 0x388:
    case 0x389:
    case 0x38A:
      return c + 37;
    case 0x38E:
    case 0x38F:
      return c + 63;
    default:
      return c;
  }
}

std::string SmallLetters(std::string_view text) {
  std::string small;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = NextCodePoint(text);
    const char32_t lower = SmallLetterOf(c);
    lower == c ? small += before.substr(0, before.size() - text.size()) : small += Utf8Of(lower);
  }
  return small;
}

bool IsAllCapitals(std::string_view text) { return HasOnly(text, &IsCapitalLetter, &IsSmallLetter); }
bool IsAllSmall(std::string_view text) { return HasOnly(text, &IsSmallLetter, &IsCapitalLetter); }

bool IsWordCharacter(char32_t c) {
  return c == '_' || IsBetween(c, '0', '9') || ScriptOf(c) != Script::kNone || c == 0xAA || c == 0xB5 || c == 0xBA ||
         IsBetween(c, 0x660, 0x669) || IsBetween(c, 0x966, 0x96F) || c == 0x200C || c == 0x200D;
}

int64_t CountWordRuns(std::string_view text) {
  int64_t count = 0;
  bool is_inside = false;
  while (!text.empty()) {
    const bool is_word = IsWordCharacter(NextCodePoint(text));
    count += is_word && !is_inside ? 1 : 0;
    is_inside = is_word;
  }
  return count;
}

}  // namespace cupel
