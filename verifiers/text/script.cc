#include "verifiers/text/script.h"

#include <algorithm>
#include <array>

namespace cupel {
namespace {

struct Block {
  char32_t first;
  char32_t last;
  Script script;
};

// Blocks of Unicode 15 that hold letters of a script, by first character. Inside the Latin ones, the signs U+00AA, U+00D7 and the like are
// treated in IsSign.
constexpr auto kBlocks = std::to_array<Block>({
    {U'A', U'Z', Script::kLatin},          {U'a', U'z', Script::kLatin},      {0x00C0, 0x024F, Script::kLatin},
    {0x0250, 0x02AF, Script::kLatin},      {0x0370, 0x03FF, Script::kGreek},  {0x0400, 0x052F, Script::kCyrillic},
    {0x0530, 0x058F, Script::kOther},      {0x05D0, 0x05F2, Script::kHebrew}, {0x0620, 0x064A, Script::kArabic},
    {0x066E, 0x06D3, Script::kArabic},     {0x0750, 0x077F, Script::kArabic}, {0x0900, 0x0963, Script::kDevanagari},
    {0x0971, 0x097F, Script::kDevanagari}, {0x0980, 0x0DFF, Script::kOther},  {0x0E01, 0x0E3A, Script::kThai},
    {0x0E40, 0x0E4E, Script::kThai},       {0x0E80, 0x109F, Script::kOther},  {0x10A0, 0x10FF, Script::kOther},
    {0x1100, 0x11FF, Script::kHangul},     {0x1200, 0x137F, Script::kOther},  {0x1780, 0x17B3, Script::kOther},
    {0x1E00, 0x1EFF, Script::kLatin},      {0x1F00, 0x1FFF, Script::kGreek},  {0x3041, 0x3096, Script::kKana},
    {0x30A1, 0x30FA, Script::kKana},       {0x30FC, 0x30FF, Script::kKana},   {0x3130, 0x318F, Script::kHangul},
    {0x31F0, 0x31FF, Script::kKana},       {0x3400, 0x4DBF, Script::kHan},    {0x4E00, 0x9FFF, Script::kHan},
    {0xA640, 0xA69F, Script::kCyrillic},   {0xA720, 0xA7FF, Script::kLatin},  {0xAC00, 0xD7A3, Script::kHangul},
    {0xF900, 0xFAFF, Script::kHan},        {0xFB1D, 0xFB4F, Script::kHebrew}, {0xFB50, 0xFDFB, Script::kArabic},
    {0xFE70, 0xFEFC, Script::kArabic},     {0xFF21, 0xFF3A, Script::kLatin},  {0xFF41, 0xFF5A, Script::kLatin},
    {0xFF66, 0xFF9D, Script::kKana},       {0x20000, 0x323AF, Script::kHan},
});
static_assert(std::ranges::is_sorted(kBlocks, {}, &Block::first));

bool IsSign(char32_t c) { return c == 0x00D7 || c == 0x00F7 || c == 0x037E || c == 0x0387 || c == 0x0482; }

struct Language {
  std::string_view code;
  std::array<Script, 2> scripts;  // a second one equal to the first says nothing more
};
constexpr auto kLanguages = std::to_array<Language>({
    {"ar", {Script::kArabic, Script::kArabic}},     {"bg", {Script::kCyrillic, Script::kCyrillic}},
    {"de", {Script::kLatin, Script::kLatin}},       {"el", {Script::kGreek, Script::kGreek}},
    {"en", {Script::kLatin, Script::kLatin}},       {"es", {Script::kLatin, Script::kLatin}},
    {"fa", {Script::kArabic, Script::kArabic}},     {"fr", {Script::kLatin, Script::kLatin}},
    {"he", {Script::kHebrew, Script::kHebrew}},     {"hi", {Script::kDevanagari, Script::kDevanagari}},
    {"it", {Script::kLatin, Script::kLatin}},       {"ja", {Script::kHan, Script::kKana}},
    {"ko", {Script::kHangul, Script::kHangul}},     {"mr", {Script::kDevanagari, Script::kDevanagari}},
    {"nl", {Script::kLatin, Script::kLatin}},       {"pl", {Script::kLatin, Script::kLatin}},
    {"pt", {Script::kLatin, Script::kLatin}},       {"ru", {Script::kCyrillic, Script::kCyrillic}},
    {"th", {Script::kThai, Script::kThai}},         {"tr", {Script::kLatin, Script::kLatin}},
    {"uk", {Script::kCyrillic, Script::kCyrillic}}, {"ur", {Script::kArabic, Script::kArabic}},
    {"vi", {Script::kLatin, Script::kLatin}},       {"zh", {Script::kHan, Script::kHan}},
});
static_assert(std::ranges::is_sorted(kLanguages, {}, &Language::code));

bool IsAsciiLetter(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); }

// Removes a TeX command and what stands between dollar signs at the front; false when there is neither. A dollar sign that is not closed on
// its line is money.
bool SkipMathematics(std::string_view& text) {
  if (text.front() == '\\') {
    size_t end = 1;
    while (end < text.size() && IsAsciiLetter(text[end])) {
      ++end;
    }
    text.remove_prefix(end);
    return true;
  }
  if (text.front() == '$') {
    const size_t end = text.find_first_of("$\n", 1);
    const bool is_closed = end != std::string_view::npos && text[end] == '$';
    text.remove_prefix(is_closed ? end + 1 : 1);
    return true;
  }
  return false;
}

}  // namespace

char32_t NextCodePoint(std::string_view& text) {
  constexpr char32_t kInvalid = 0xFFFD;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length <= 1 || text.size() < length) {
    text.remove_prefix(1);
    return length == 1 ? static_cast<char32_t>(lead) : kInvalid;
  }
  auto code = static_cast<char32_t>(lead & (0x7FU >> length));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      text.remove_prefix(1);
      return kInvalid;
    }
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_valid = code >= kLeast[length] && code <= 0x10FFFF && !(0xD800 <= code && code <= 0xDFFF);
  text.remove_prefix(is_valid ? length : 1);
  return is_valid ? code : kInvalid;
}

std::string Utf8Of(char32_t c) {
  const auto byte = [](char32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  if (c < 0x80) {
    return {byte(c)};
  }
  if (c < 0x800) {
    return {byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F))};
  }
  if (c < 0x10000) {
    return {byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F))};
  }
  return {byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F))};
}

Script ScriptOf(char32_t letter) {
  const auto after = std::ranges::upper_bound(kBlocks, letter, {}, &Block::first);
  if (after == kBlocks.begin() || IsSign(letter)) {
    return Script::kNone;
  }
  const Block& block = *std::prev(after);
  return letter <= block.last ? block.script : Script::kNone;
}

std::vector<Script> ScriptsOfLanguage(std::string_view code) {
  const auto language = std::ranges::find(kLanguages, code, &Language::code);
  return language == kLanguages.end() ? std::vector<Script>() : std::vector<Script>(language->scripts.begin(), language->scripts.end());
}

std::vector<std::string_view> LanguageCodes() {
  std::vector<std::string_view> codes;
  std::ranges::transform(kLanguages, std::back_inserter(codes), &Language::code);
  return codes;
}

ScriptCount CountScripts(std::string_view text, const std::vector<Script>& scripts) {
  ScriptCount count;
  Script run = Script::kNone;  // of the word that is being read
  int64_t run_length = 0;
  const auto end_run = [&] {
    if (run != Script::kNone && !(run == Script::kLatin && run_length == 1)) {
      ++count.total;
      count.in_target += std::ranges::find(scripts, run) != scripts.end() ? 1 : 0;
    }
    run = Script::kNone;
    run_length = 0;
  };
  while (!text.empty()) {
    if (SkipMathematics(text)) {
      end_run();
      continue;
    }
    const Script script = ScriptOf(NextCodePoint(text));
    const bool stands_alone = script == Script::kHan || script == Script::kKana;
    if (script != run || stands_alone) {
      end_run();
    }
    run = script;
    run_length += script != Script::kNone ? 1 : 0;
  }
  end_run();
  return count;
}

}  // namespace cupel
