#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cupel {

// Writing systems that languages are told apart by, without a word list; kNone is that of what is no letter.
enum class Script : uint8_t { kLatin, kGreek, kCyrillic, kHebrew, kArabic, kDevanagari, kThai, kHangul, kKana, kHan, kOther, kNone };

// Decodes the first character of a text that is not empty and removes it; U+FFFD, and one byte removed, where it is no UTF-8.
char32_t NextCodePoint(std::string_view& text);

std::string Utf8Of(char32_t c);

// The script of a letter; kNone for digits, signs, blanks and U+FFFD.
Script ScriptOf(char32_t letter);

// The scripts that a language is written in: "en" Latin, "zh" Han, "ja" Han and kana, "ko" Hangul, "ru" Cyrillic, ... Empty for a code that
// is not known.
std::vector<Script> ScriptsOfLanguage(std::string_view code);
std::vector<std::string_view> LanguageCodes();  // sorted

struct ScriptCount {
  int64_t in_target = 0;
  int64_t total = 0;
};
// Words of a text that are written in one of `scripts`, among all words. A word is a run of letters of one script; every Han character and
// every syllable of kana counts as one. TeX commands (\frac), single Latin letters, which are variables, and what stands between dollar
// signs are no words. Linear time.
ScriptCount CountScripts(std::string_view text, const std::vector<Script>& scripts);

}  // namespace cupel
