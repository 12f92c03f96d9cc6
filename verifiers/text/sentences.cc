#include "verifiers/text/sentences.h"

#include <algorithm>
#include <array>
#include <string>

#include "verifiers/answer/characters.h"
#include "verifiers/text/casing.h"
#include "verifiers/text/script.h"

namespace cupel {
namespace {

constexpr std::string_view kEnds = ".?!";
constexpr std::string_view kClosers = "\"')]}*";

constexpr auto kAbbreviations = std::to_array<std::string_view>({
    "a.m",  "adm", "approx", "apr", "aug", "ave",  "bros",   "capt", "cf",  "co",  "col", "corp", "cpl", "dec", "dept", "dr",
    "e.g",  "ed",  "eg",     "esq", "est", "etc",  "feb",    "fig",  "fri", "ft",  "gen", "gov",  "hon", "i.e", "ie",   "inc",
    "jan",  "jr",  "lt",     "ltd", "maj", "mar",  "messrs", "mr",   "mrs", "ms",  "mt",  "nov",  "oct", "p.m", "ph.d", "pres",
    "prof", "rep", "rev",    "sen", "sep", "sept", "sgt",    "sr",   "st",  "tel", "u.k", "u.n",  "u.s", "vol", "vs",
});

// The last word of `text` without what stands before it in quotes or brackets, in small letters.
std::string LastWord(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0 && !IsSpace(text[begin - 1]) && !IsOneOf(text[begin - 1], "\"'([{-")) {
    --begin;
  }
  return LowerCaseText(text.substr(begin));
}

bool BeginsWithCapital(std::string_view text) {
  while (!text.empty() && (IsSpace(text.front()) || IsOneOf(text.front(), "\"'([{*_#"))) {
    text.remove_prefix(1);
  }
  return !text.empty() && IsCapitalLetter(NextCodePoint(text));
}

// Whether the marks `text[begin, end)`, which white space follows, end a sentence.
bool EndsSentence(std::string_view text, size_t begin, size_t marks_end, size_t end) {
  const std::string_view marks = text.substr(begin, marks_end - begin);
  if (marks.find_first_of("?!") != std::string_view::npos) {
    return true;
  }
  const std::string_view rest = text.substr(end);
  if (marks.size() > 1) {
    return BeginsWithCapital(rest);
  }
  const std::string word = LastWord(text.substr(0, begin));
  const bool is_initial = word.size() == 1 && IsLetter(word[0]) && word != "i";
  if (is_initial) {
    return false;
  }
  const bool is_abbreviation = std::ranges::find(kAbbreviations, word) != kAbbreviations.end();
  const bool is_title = word == "mr" || word == "mrs" || word == "ms" || word == "dr" || word == "prof" || word == "st";
  return !is_abbreviation || (!is_title && word.find('.') != std::string::npos && BeginsWithCapital(rest));
}

// The contraction that ends `word`, in bytes; 0 when there is none.
size_t ContractionLength(std::string_view word) {
  constexpr auto kEndings = std::to_array<std::string_view>({"n't", "'ll", "'re", "'ve", "'s", "'m", "'d"});
  const std::string lower = LowerCaseText(word);
  const auto ending =
      std::ranges::find_if(kEndings, [&](std::string_view end) { return lower.size() > end.size() && lower.ends_with(end); });
  return ending == kEndings.end() ? 0 : ending->size();
}

void AddWord(std::string_view word, std::vector<std::string_view>& words) {
  if (const size_t length = ContractionLength(word); length > 0) {
    words.push_back(word.substr(0, word.size() - length));
    words.push_back(word.substr(word.size() - length));
  } else if (!word.empty()) {
    words.push_back(word);
  }
}

// Whether a mark at `i` of a piece without white space stands by itself.
bool IsCut(std::string_view piece, size_t i) {
  const char c = piece[i];
  if (IsOneOf(c, ";@#$%&?!()[]{}<>\"*")) {
    return true;
  }
  if (c == ',' || c == ':') {
    return !IsDigit(CharAt(piece, i + 1));
  }
  return c == '-' && (CharAt(piece, i + 1) == '-' || (i > 0 && piece[i - 1] == '-'));
}

void AddPiece(std::string_view piece, std::vector<std::string_view>& words) {
  size_t begin = 0;
  for (size_t i = 0; i < piece.size(); ++i) {
    if (IsCut(piece, i)) {
      AddWord(piece.substr(begin, i - begin), words);
      words.push_back(piece.substr(i, 1));
      begin = i + 1;
    }
  }
  AddWord(piece.substr(begin), words);
}

}  // namespace

int64_t CountSentences(std::string_view text) {
  text = TrimSpace(text);
  int64_t count = 0;
  for (size_t i = 0; i < text.size();) {
    if (!IsOneOf(text[i], kEnds)) {
      ++i;
      continue;
    }
    size_t end = i;
    while (IsOneOf(CharAt(text, end), kEnds) && end < text.size()) {
      ++end;
    }
    const size_t marks_end = end;
    while (end < text.size() && IsOneOf(text[end], kClosers)) {
      ++end;
    }
    const bool is_apart = end < text.size() && (end > marks_end || IsSpace(text[end]));
    count += is_apart && EndsSentence(text, i, marks_end, end) ? 1 : 0;
    i = end;
  }
  return text.empty() ? 0 : count + 1;
}

std::vector<std::string_view> TreebankWords(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || IsSpace(text[i])) {
      AddPiece(text.substr(begin, i - begin), words);
      begin = i + 1;
    }
  }
  return words;
}

}  // namespace cupel
