#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "verifiers/answer/characters.h"
#include "verifiers/math/prose.h"
#include "verifiers/math/units.h"
#include "verifiers/math/word_list.h"
#include "verifiers/math/word_reader.h"

namespace cupel::math {
namespace {

struct WordToken {
  std::string_view word;
  Tok kind;
  std::string_view text;
};

constexpr auto kWordTokens = std::to_array<WordToken>({
    {"and", Tok::kAnd, "and"},
    {"or", Tok::kOr, "or"},
    {"infinity", Tok::kConstant, "inf"},
    {"infty", Tok::kConstant, "inf"},
    {"inf", Tok::kConstant, "inf"},
    {"percent", Tok::kPercent, "%"},
    {"percentage", Tok::kPercent, "%"},
    {"pct", Tok::kPercent, "%"},
    {"percents", Tok::kPercent, "%"},
    {"degree", Tok::kDegree, ""},
    {"degrees", Tok::kDegree, ""},
    {"deg", Tok::kDegree, ""},
    {"plus", Tok::kPlus, ""},
    {"minus", Tok::kMinus, ""},
    {"negative", Tok::kMinus, ""},
    {"equals", Tok::kRelation, "="},
    {"modulo", Tok::kMod, "mod"},
    {"union", Tok::kCup, ""},
    {"cup", Tok::kCup, ""},
    {"mod", Tok::kMod, "mod"},
    {"intersection", Tok::kCap, ""},
    {"belongs", Tok::kRelation, "in"},
    {"dots", Tok::kDots, "..."},
    {"plusminus", Tok::kPlusMinus, "+-"},
});

struct Phrase {
  std::string_view words;
  Tok kind;
  std::string_view text;
};

constexpr auto kPhrases = std::to_array<Phrase>({
    {"all real numbers", Tok::kSet, "R"},
    {"all reals", Tok::kSet, "R"},
    {"all real", Tok::kSet, "R"},
    {"any real number", Tok::kSet, "R"},
    {"every real number", Tok::kSet, "R"},
    {"real numbers", Tok::kSet, "R"},
    {"the real numbers", Tok::kSet, "R"},
    {"the set of all real numbers", Tok::kSet, "R"},
    {"the set of real numbers", Tok::kSet, "R"},
    {"set of all real numbers", Tok::kSet, "R"},
    {"all integers", Tok::kSet, "Z"},
    {"any integer", Tok::kSet, "Z"},
    {"the integers", Tok::kSet, "Z"},
    {"the set of all integers", Tok::kSet, "Z"},
    {"positive integers", Tok::kSet, "N"},
    {"all positive integers", Tok::kSet, "N"},
    {"the positive integers", Tok::kSet, "N"},
    {"the set of positive integers", Tok::kSet, "N"},
    {"the set of all positive integers", Tok::kSet, "N"},
    {"the natural numbers", Tok::kSet, "N"},
    {"the set of natural numbers", Tok::kSet, "N"},
    {"the set of all natural numbers", Tok::kSet, "N"},
    {"natural numbers", Tok::kSet, "N"},
    {"all natural numbers", Tok::kSet, "N"},
    {"all complex numbers", Tok::kSet, "C"},
    {"all rational numbers", Tok::kSet, "Q"},
    {"infinitely many", Tok::kConstant, "inf"},
    {"no solution", Tok::kEmptySet, ""},
    {"no solutions", Tok::kEmptySet, ""},
    {"no real solution", Tok::kEmptySet, ""},
    {"no real solutions", Tok::kEmptySet, ""},
    {"no real roots", Tok::kEmptySet, ""},
    {"there is no solution", Tok::kEmptySet, ""},
    {"there are no solutions", Tok::kEmptySet, ""},
    {"there are no real solutions", Tok::kEmptySet, ""},
    {"no integer solutions", Tok::kEmptySet, ""},
    {"has no solution", Tok::kEmptySet, ""},
    {"none", Tok::kEmptySet, ""},
    {"empty set", Tok::kEmptySet, ""},
    {"the empty set", Tok::kEmptySet, ""},
    {"null set", Tok::kEmptySet, ""},
    {"plus or minus", Tok::kPlusMinus, "+-"},
    {"greater than or equal to", Tok::kRelation, ">="},
    {"less than or equal to", Tok::kRelation, "<="},
    {"is greater than or equal to", Tok::kRelation, ">="},
    {"is less than or equal to", Tok::kRelation, "<="},
    {"is greater than", Tok::kRelation, ">"},
    {"is less than", Tok::kRelation, "<"},
    {"is equal to", Tok::kRelation, "="},
    {"is not equal to", Tok::kRelation, "!="},
    {"divided by", Tok::kDivide, "/"},
    {"multiplied by", Tok::kTimes, "*"},
    {"square root of", Tok::kRoot, ""},
    {"the square root of", Tok::kRoot, ""},
    {"is in", Tok::kRelation, "in"},
    {"belongs to", Tok::kRelation, "in"},
});

constexpr auto kUnitsOfTwenty = std::to_array<std::string_view>(
    {"zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
     "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"});
constexpr auto kTens = std::to_array<std::string_view>({"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"});
constexpr auto kOrdinals = std::to_array<std::string_view>(
    {"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"});

// What a counted part is called: "two thirds".
constexpr auto kParts = std::to_array<std::pair<std::string_view, int>>({{"half", 2},
                                                                         {"halves", 2},
                                                                         {"third", 3},
                                                                         {"thirds", 3},
                                                                         {"quarter", 4},
                                                                         {"quarters", 4},
                                                                         {"fourth", 4},
                                                                         {"fourths", 4},
                                                                         {"fifth", 5},
                                                                         {"fifths", 5},
                                                                         {"sixth", 6},
                                                                         {"sixths", 6},
                                                                         {"eighth", 8},
                                                                         {"eighths", 8},
                                                                         {"tenth", 10},
                                                                         {"tenths", 10}});

// Short words that are words. Longer ones than three letters always are.
constexpr auto kShortWords = std::to_array<std::string_view>(
    {"a",   "all", "an",  "any", "are", "as",  "at",  "be",  "but", "by",  "can", "day", "dne", "few", "for", "has",
     "her", "his", "if",  "is",  "it",  "its", "let", "man", "men", "my",  "no",  "not", "odd", "of",  "off", "on",
     "one", "our", "out", "per", "red", "she", "so",  "sum", "ten", "the", "to",  "two", "up",  "us",  "was", "way",
     "we",  "who", "yes", "you", "he",  "sq",  "cu",  "mph", "six", "kph", "old", "rpm", "fps", "psi", "min", "max",
     "set", "boy", "am",  "pm",  "mon", "tue", "wed", "thu", "fri", "sat", "sun", "tie", "win"});

constexpr auto kInequalities = std::to_array<std::string_view>({"<", ">", "<=", ">="});

std::optional<int64_t> SmallNumber(std::string_view word) {
  if (const auto it = std::ranges::find(kUnitsOfTwenty, word); it != kUnitsOfTwenty.end()) {
    return it - kUnitsOfTwenty.begin();
  }
  if (const auto it = std::ranges::find(kTens, word); it != kTens.end()) {
    return 10 * (it - kTens.begin() + 2);
  }
  return std::nullopt;
}

std::optional<int64_t> Multiplier(std::string_view word) {
  constexpr auto kNames = std::to_array<std::pair<std::string_view, int64_t>>(
      {{"hundred", 100}, {"thousand", 1000}, {"million", 1'000'000}, {"billion", 1'000'000'000}, {"trillion", 1'000'000'000'000}});
  const auto found = std::ranges::find(kNames, word, &std::pair<std::string_view, int64_t>::first);
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

void WordReader::Run() {
  DropQuantifiers();
  while (position_ < in_.size()) {
    if (IsTemperature()) {
      PushUnit(in_[position_].text == "C" ? "celsius" : "fahrenheit");
      ++position_;
    } else if (in_[position_].kind == Tok::kWord) {
      Words();
    } else {
      Other();
    }
  }
  in_ = std::move(out_);
}

void WordReader::Push(Tok kind, std::string_view text) {
  Token token{kind, std::string(text), true, false, false};
  out_.push_back(std::move(token));
}

void WordReader::PushUnit(std::string_view text) {
  Push(Tok::kWord, text);
  out_.back().is_prose = true;
}

void WordReader::Other() {
  const Token& token = in_[position_];
  if (token.kind == Tok::kLetter && Parity()) {
    return;
  }
  if (token.kind == Tok::kOpen && Before() == Tok::kNumber && IsWordAt(position_ + 1) && LowerCaseText(At(position_ + 1).text) == "base" &&
      After(2) == Tok::kNumber && After(3) == Tok::kClose) {  // 101 (base 2)
    Push(Tok::kUnder, "");
    out_.push_back(At(position_ + 2));
    position_ += 4;
    return;
  }
  if (token.kind == Tok::kRelation && out_.empty() && std::ranges::count(kInequalities, token.text) > 0) {
    Push(Tok::kLetter, "?");  // ">= 5": at least 5
  }
  // A union typed as a letter, and the article before a noun.
  if (IsUprightUnit()) {
    PushUnit(token.text);
  } else if (token.kind == Tok::kLetter && token.text == "Omega" && Before() == Tok::kNumber && After() == Tok::kEnd) {
    PushUnit("ohm");
  } else if (token.kind == Tok::kLetter && token.text == "U" && Before() == Tok::kClose &&
             (After() == Tok::kOpen || After() == Tok::kClose)) {
    Push(Tok::kCup, "");
  } else if (token.kind == Tok::kFunction && token.text == "min" && Before() == Tok::kNumber &&
             (After() == Tok::kEnd || IsWordAt(position_ + 1))) {
    PushUnit(token.text);
  } else if (token.kind == Tok::kLetter && Before() == Tok::kSlash && out_.size() >= 2 && out_[out_.size() - 2].kind == Tok::kWord &&
             out_[out_.size() - 2].is_prose && FindUnit(token.text)) {  // the h of km/h
    PushUnit(token.text);
  } else if (IsSpeed()) {
    PushUnit(token.text);
    Push(Tok::kSlash, "/");
    PushUnit(At(position_ + 2).text);
    position_ += 2;
  } else if (token.kind == Tok::kLetter && (token.text == "a" || token.text == "A") && token.space_before && IsWordAt(position_ + 1) &&
             At(position_ + 1).space_before && Before() == Tok::kWord) {
    // dropped
  } else {
    out_.push_back(token);
  }
  ++position_;
}

void WordReader::Words() {
  const bool is_short = LowerCaseText(in_[position_].text) == "sq" || LowerCaseText(in_[position_].text) == "cu";
  if (is_short && After() == Tok::kSemicolon && At(position_ + 1).text == "." && IsWordAt(position_ + 2)) {  // "sq. units"
    in_.erase(in_.begin() + static_cast<std::ptrdiff_t>(position_) + 1);
  }
  if (numbers_and_phrases_ && (Comparison() || ComparisonBehind() || Phrases() || Numbers())) {
    return;
  }
  Token token = in_[position_];
  const std::string word = LowerCaseText(token.text);
  if (const auto found = std::ranges::find(kWordTokens, word, &WordToken::word); found != kWordTokens.end() && !IsNoun(word)) {
    ++position_;
    Push(found->kind, found->text);
    return;
  }
  if (Special(word, token)) {
    return;
  }
  token.is_prose = token.is_prose || IsProse(word, token);
  out_.push_back(std::move(token));
  ++position_;
}

// "minus" and "negative" before a value only.
bool WordReader::IsNoun(std::string_view word) const {
  const Tok next = After();
  const bool value_follows = next == Tok::kNumber || next == Tok::kLetter || next == Tok::kFraction || next == Tok::kRoot ||
                             next == Tok::kConstant || next == Tok::kOpen || next == Tok::kBrace ||
                             (next == Tok::kWord && SmallNumber(LowerCaseText(At(position_ + 1).text)));
  if (word == "minus" || word == "negative" || word == "plus" || word == "equals") {
    return !value_follows;
  }
  if (word == "cup") {  // a quarter of a cup
    return in_[position_].is_prose || (Before() == Tok::kNumber && After() == Tok::kEnd);
  }
  return word == "deg" && Before() != Tok::kNumber;
}

bool WordReader::Phrases() {
  for (const Phrase& phrase : kPhrases) {
    size_t at = position_;
    std::string_view rest = phrase.words;
    while (!rest.empty() && at < in_.size()) {
      const size_t end = std::min(rest.find(' '), rest.size());
      const std::string_view word = rest.substr(0, end);
      if (!IsWordAt(at) || LowerCaseText(in_[at].text) != word) {
        break;
      }
      ++at;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (rest.empty() && phrase.kind == Tok::kSet && phrase.text == "R" && Exception(at)) {
      return true;
    }
    const bool is_set = phrase.kind == Tok::kSet || phrase.kind == Tok::kEmptySet;
    const bool compares = phrase.kind == Tok::kSet && phrase.text == "R" && rest.empty() && ComparesAt(at);
    if (rest.empty() && !(is_set && !compares && (IsWordAt(at) || Before() == Tok::kWord) && !IsConnector(at))) {
      if (phrase.kind == Tok::kSet && At(at).kind == Tok::kLetter && At(at + 1).kind == Tok::kRelation && out_.empty()) {
        position_ = at;  // "all integers n >= 3": the relation says it
        return true;
      }
      if (phrase.kind == Tok::kSet && phrase.text == "R" && out_.empty() && IsWordAt(at)) {  // "all real numbers greater than 3"
        const size_t saved = position_;
        position_ = at;
        if (Comparison()) {
          return true;
        }
        position_ = saved;
      }
      // "all positive integers n" are those n that are in the set.
      const bool names = phrase.kind == Tok::kSet && At(at).kind == Tok::kLetter && At(at + 1).kind == Tok::kEnd && out_.empty();
      if (names) {
        out_.push_back(in_[at]);
        Push(Tok::kRelation, "in");
      }
      position_ = at + (names ? 1 : 0);
      Push(phrase.kind, phrase.text);
      return true;
    }
  }
  return false;
}

// "all real k except 3", "for all real k except k = 3": k is not 3. `at`: the letter.
bool WordReader::Exception(size_t at) {
  const bool begins = out_.empty() || (out_.size() == 1 && Before() == Tok::kWord && LowerCaseText(out_[0].text) == "for");
  const std::string word = IsWordAt(at + 1) ? LowerCaseText(At(at + 1).text) : std::string();
  if (!begins || At(at).kind != Tok::kLetter || (word != "except" && word != "excluding")) {
    return false;
  }
  size_t value = at + 2;
  value += IsWordAt(value) && LowerCaseText(At(value).text) == "for" ? 1 : 0;
  const bool repeats =
      At(value).kind == Tok::kLetter && At(value).text == in_[at].text && At(value + 1).kind == Tok::kRelation && At(value + 1).text == "=";
  value += repeats ? 2 : 0;
  // One value, and no condition, interval or set.
  const auto is_part = [](const Token& token) {
    return token.kind == Tok::kNumber || token.kind == Tok::kMinus || token.kind == Tok::kFraction || token.kind == Tok::kSlash ||
           token.kind == Tok::kRoot || token.kind == Tok::kConstant || token.kind == Tok::kBrace || token.kind == Tok::kBraceClose;
  };
  if (value + 1 >= in_.size() || !std::all_of(in_.begin() + static_cast<std::ptrdiff_t>(value), in_.end() - 1, is_part)) {
    return false;
  }
  out_.clear();
  out_.push_back(in_[at]);
  Push(Tok::kRelation, "!=");
  position_ = value;
  return true;
}

bool WordReader::IsConnector(size_t at) const {
  const std::string word = LowerCaseText(At(at).text);
  return IsWordAt(at) && (word == "and" || word == "except" || word == "or" || word == "such") && Before() != Tok::kWord;
}

// "twenty-one", "three hundred", "5 million".
bool WordReader::Numbers() {
  const std::string word = LowerCaseText(in_[position_].text);
  if (const auto factor = Multiplier(word); factor && Before() == Tok::kNumber) {
    Push(Tok::kTimes, "*");
    Push(Tok::kNumber, std::to_string(*factor));
    ++position_;
    return true;
  }
  std::optional<int64_t> value = SmallNumber(word);
  if (word == "half" && in_.size() == 2) {
    Push(Tok::kNumber, "1/2");
    ++position_;
    return true;
  }
  if (!value) {
    if (const auto it = std::ranges::find(kOrdinals, word); it != kOrdinals.end() && in_.size() == 2) {
      Push(Tok::kNumber, std::to_string(it - kOrdinals.begin() + 1));
      ++position_;
      return true;
    }
    return false;
  }
  if (word == "one" && IsWordAt(position_ + 1) && !Multiplier(LowerCaseText(At(position_ + 1).text)) && Before() == Tok::kWord) {
    return false;
  }
  ++position_;
  const size_t dash = At(position_).kind == Tok::kMinus && !At(position_).space_before ? 1 : 0;
  const auto part = std::ranges::find(kParts, IsWordAt(position_ + dash) ? LowerCaseText(At(position_ + dash).text) : std::string(),
                                      &std::pair<std::string_view, int>::first);
  if (0 < *value && *value < 20 && part != kParts.end()) {
    Push(Tok::kNumber, std::to_string(*value) + "/" + std::to_string(part->second));
    position_ += 1 + dash;
    return true;
  }
  if (*value >= 20 && IsWordAt(position_ + dash)) {
    if (const auto ones = SmallNumber(LowerCaseText(At(position_ + dash).text)); ones && 0 < *ones && *ones < 10) {
      value = *value + *ones;
      position_ += 1 + dash;
    }
  }
  while (IsWordAt(position_) && Multiplier(LowerCaseText(At(position_).text))) {
    value = *value * *Multiplier(LowerCaseText(At(position_).text));
    ++position_;
    if (*value > 1'000'000'000'000) {
      break;
    }
  }
  Push(Tok::kNumber, std::to_string(*value));
  return true;
}

bool WordReader::IsProse(std::string_view word, const Token& token) const {
  const bool is_capitals = std::ranges::all_of(token.text, [](char c) { return 'A' <= c && c <= 'Z'; });
  if (word == "." || word.size() == 1 || (is_capitals && word.size() <= 3)) {
    return false;  // NO is a segment
  }
  if (!token.is_prose && word.size() == 2 && (After() == Tok::kCaret || After() == Tok::kUnder)) {
    return false;  // Be^x
  }
  if (word.size() >= 4 || Has(kShortWords, word) || static_cast<unsigned char>(word[0]) >= 0x80) {
    return true;
  }
  // What follows a noun is a word, not a product: "years old".
  const bool is_lower = std::ranges::all_of(token.text, [](char c) { return 'a' <= c && c <= 'z'; });
  if (is_lower && token.space_before && Before() == Tok::kWord && out_.back().is_prose) {
    return true;
  }
  const bool unit_place = Before() == Tok::kNumber || Before() == Tok::kBraceClose || Before() == Tok::kClose || Before() == Tok::kSlash ||
                          Before() == Tok::kWord || Before() == Tok::kConstant;
  return unit_place && FindUnit(token.text).has_value();
}

void ReadWords(std::vector<Token>& tokens, bool numbers_and_phrases) { WordReader(tokens, numbers_and_phrases).Run(); }

}  // namespace cupel::math
