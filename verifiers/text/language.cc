#include "verifiers/text/language.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "verifiers/answer/characters.h"
#include "verifiers/text/script.h"

namespace cupel {
namespace {

struct Letters {
  char32_t first;
  char32_t last;
  std::string_view group;  // a language, or a script that several share
};
constexpr auto kLetters = std::to_array<Letters>({
    {U'A', U'Z', "latin"}, {U'a', U'z', "latin"},     {0xC0, 0x24F, "latin"},       {0x370, 0x3FF, "el"},    {0x400, 0x52F, "cyrillic"},
    {0x5D0, 0x5F2, "he"},  {0x600, 0x6FF, "arabic"},  {0x900, 0x97F, "devanagari"}, {0x980, 0x9FF, "bn"},    {0xA00, 0xA7F, "pa"},
    {0xA80, 0xAFF, "gu"},  {0xB80, 0xBFF, "ta"},      {0xC00, 0xC7F, "te"},         {0xC80, 0xCFF, "kn"},    {0xD00, 0xD7F, "ml"},
    {0xE00, 0xE7F, "th"},  {0x1E00, 0x1EFF, "latin"}, {0x3041, 0x30FF, "ja"},       {0x4E00, 0x9FFF, "han"}, {0xAC00, 0xD7A3, "ko"},
});

struct Words {
  std::string_view language;
  std::string_view group;
  std::string_view words;  // between blanks
};
// The most frequent small words that few other languages of the group share.
constexpr auto kWords = std::to_array<Words>({
    {"en", "latin",
     " the and of to is in that it for was with are this you not have be on as at by from or an will your which their has can would "},
    {"de", "latin",
     " der die und das ist nicht ein eine zu den mit von auf f\xC3\xBCr dem sich auch es im sie wir ich werden sind wird oder wenn "},
    {"fr", "latin", " le la les et des est une dans que pour qui pas sur avec ce il sont nous vous je au aux plus par mais cette "},
    {"es", "latin", " el la los las y que es una en por con para del se su no como pero m\xC3\xA1s est\xC3\xA1 son al lo muy ser "},
    {"it", "latin", " il la di che \xC3\xA8 per un una non sono con del della i le gli nel si anche come pi\xC3\xB9 alla dei ma questo "},
    {"pt", "latin", " os as que n\xC3\xA3o \xC3\xA9 uma um em para com do da dos das por mais se como mas s\xC3\xA3o ao tamb\xC3\xA9m "},
    {"nl", "latin", " de het een en van is niet dat op te voor met zijn aan ik ook maar er bij wij naar worden "},
    {"pl", "latin",
     " na nie si\xC4\x99 do to jest \xC5\xBC"
     "e jak ale po co tak za od dla jego by\xC4\x87 oraz "},
    {"fi", "latin", " ja on ei se ett\xC3\xA4 h\xC3\xA4n oli ovat mutta kun my\xC3\xB6s niin ole kuin joka t\xC3\xA4m\xC3\xA4 voi "},
    {"sv", "latin", " och att det som en \xC3\xA4r p\xC3\xA5 av f\xC3\xB6r inte med har till den jag om ett men vi "},
    {"tr", "latin", " ve bir bu da de i\xC3\xA7in ile \xC3\xA7ok ne daha gibi olarak kadar var ama o en "},
    {"sw", "latin", " ya na wa kwa ni katika za la cha kama hii lakini watu kuwa yake au vya pia "},
    {"vi", "latin",
     " v\xC3\xA0 c\xE1\xBB\xA7"
     "a l\xC3\xA0 c\xC3\xB3 kh\xC3\xB4ng m\xE1\xBB\x99t c\xC3\xA1"
     "c cho \xC4\x91\xC6\xB0\xE1\xBB\xA3"
     "c v\xE1\xBB\x9Bi trong n\xC3\xA0y nh\xE1\xBB\xAFng ng\xC6\xB0\xE1\xBB\x9Di "},
    {"hi", "devanagari",
     " \xE0\xA4\xB9\xE0\xA5\x88 \xE0\xA4\xB9\xE0\xA5\x88\xE0\xA4\x82 \xE0\xA4\x94\xE0\xA4\xB0 \xE0\xA4\x95\xE0\xA5\x87 "
     "\xE0\xA4\x95\xE0\xA5\x80 \xE0\xA4\x95\xE0\xA4\xBE \xE0\xA4\xAE\xE0\xA5\x87\xE0\xA4\x82 \xE0\xA4\xB8\xE0\xA5\x87 "
     "\xE0\xA4\x95\xE0\xA5\x8B "},
    {"mr", "devanagari",
     " \xE0\xA4\x86\xE0\xA4\xB9\xE0\xA5\x87 \xE0\xA4\x86\xE0\xA4\xA3\xE0\xA4\xBF \xE0\xA4\x86\xE0\xA4\xB9\xE0\xA5\x87\xE0\xA4\xA4 "
     "\xE0\xA4\xA8\xE0\xA4\xBE\xE0\xA4\xB9\xE0\xA5\x80 "},
    {"ne", "devanagari",
     " \xE0\xA4\x9B \xE0\xA4\xB0 \xE0\xA4\xB9\xE0\xA5\x8B \xE0\xA4\xAE\xE0\xA4\xBE \xE0\xA4\x95\xE0\xA5\x8B "
     "\xE0\xA4\x9B\xE0\xA4\xA8\xE0\xA5\x8D "},
});

bool HasAny(std::string_view text, std::u32string_view letters) {
  while (!text.empty()) {
    if (letters.find(NextCodePoint(text)) != std::u32string_view::npos) {
      return true;
    }
  }
  return false;
}

std::string_view OfCyrillic(std::string_view text) {
  if (HasAny(text, U"\u0456\u0457\u0454\u0491")) {
    return "uk";
  }
  if (HasAny(text, U"\u044B\u044D\u0451\u042B\u042D")) {
    return "ru";
  }
  return HasAny(text, U"\u044A\u042A") ? "bg" : "";
}

std::string_view OfArabic(std::string_view text) {
  if (HasAny(text, U"\u0679\u0688\u0691\u06BA\u06D2")) {
    return "ur";
  }
  return HasAny(text, U"\u067E\u0686\u06AF\u0698\u06CC") ? "fa" : "ar";
}

// The language of `group` whose small words occur most, if there are enough and clearly more than of any other.
std::string_view ByWords(std::string_view text, std::string_view group) {
  std::array<int64_t, kWords.size()> hits{};
  std::string word = " ";
  const auto end_word = [&] {
    if (word.size() > 1) {
      word += ' ';
      for (size_t i = 0; i < kWords.size(); ++i) {
        hits[i] += kWords[i].group == group && kWords[i].words.find(word) != std::string_view::npos ? 1 : 0;
      }
    }
    word.assign(1, ' ');
  };
  for (const char c : text) {
    if (IsLetter(c) || static_cast<unsigned char>(c) >= 0x80) {
      word += LowerCase(c);
    } else {
      end_word();
    }
  }
  end_word();
  const auto best = std::ranges::max_element(hits);
  const int64_t most = *best;
  const auto close = std::ranges::count_if(hits, [&](int64_t other) { return 3 * other > 2 * most; });
  return most >= 2 && close == 1 ? kWords[static_cast<size_t>(best - hits.begin())].language : "";
}

}  // namespace

std::string_view DetectLanguage(std::string_view text) {
  std::array<int64_t, kLetters.size()> counts{};
  int64_t total = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const char32_t c = NextCodePoint(rest);
    const auto found = std::ranges::find_if(kLetters, [&](const Letters& letters) { return letters.first <= c && c <= letters.last; });
    if (found != kLetters.end()) {
      ++counts[static_cast<size_t>(found - kLetters.begin())];
      ++total;
    }
  }
  const auto share = [&](std::string_view group) {
    int64_t count = 0;
    for (size_t i = 0; i < kLetters.size(); ++i) {
      count += kLetters[i].group == group ? counts[i] : 0;
    }
    return total > 0 ? static_cast<double>(count) / static_cast<double>(total) : 0.0;
  };
  if (share("ja") > 0.05 && share("ja") + share("han") > 0.6) {
    return "ja";
  }
  for (const Letters& letters : kLetters) {
    if (share(letters.group) <= 0.6) {
      continue;
    }
    const std::string_view group = letters.group;
    return group == "latin" || group == "devanagari" ? ByWords(text, group)
           : group == "cyrillic"                     ? OfCyrillic(text)
           : group == "arabic"                       ? OfArabic(text)
           : group == "han"                          ? "zh"
                                                     : group;
  }
  return "";
}

}  // namespace cupel
