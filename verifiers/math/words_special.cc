#include <array>

#include "verifiers/answer/characters.h"
#include "verifiers/math/units.h"
#include "verifiers/math/word_list.h"
#include "verifiers/math/word_reader.h"

namespace cupel::math {
namespace {

constexpr auto kUniversal = std::to_array<std::string_view>({"all", "any", "every", "each", "the"});

// Quotients of units that have a name of their own.
struct Speed {
  std::string_view name;
  std::string_view length;
  std::string_view time;
};
struct ComparingWords {
  std::string_view words;
  std::string_view relation;
};
// Longer ones before those that they begin with.
constexpr auto kComparisons = std::to_array<ComparingWords>({{"greater than or equal to", ">="},
                                                             {"less than or equal to", "<="},
                                                             {"strictly greater than", ">"},
                                                             {"strictly less than", "<"},
                                                             {"not greater than", "<="},
                                                             {"not less than", ">="},
                                                             {"not more than", "<="},
                                                             {"no greater than", "<="},
                                                             {"no less than", ">="},
                                                             {"no more than", "<="},
                                                             {"no fewer than", ">="},
                                                             {"at least", ">="},
                                                             {"at most", "<="},
                                                             {"greater than", ">"},
                                                             {"more than", ">"},
                                                             {"larger than", ">"},
                                                             {"less than", "<"},
                                                             {"fewer than", "<"},
                                                             {"smaller than", "<"}});
constexpr auto kSpeeds = std::to_array<Speed>({{"mph", "mi", "h"}, {"kph", "km", "h"}, {"kmh", "km", "h"}, {"fps", "ft", "s"}});

}  // namespace

// How many tokens from `begin` on spell `words`; 0 where they do not.
size_t WordReader::Spells(size_t begin, std::string_view words) const {
  size_t at = begin;
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (at >= in_.size() || !IsWordAt(at) || LowerCaseText(in_[at].text) != words.substr(0, end)) {
      return 0;
    }
    ++at;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return at - begin;
}

bool WordReader::ComparesAt(size_t begin) const {
  return std::ranges::any_of(kComparisons, [&](const ComparingWords& comparison) { return Spells(begin, comparison.words) > 0; });
}

// "at least 5", "x is at most 3": a relation. The unknown that nobody names is "?".
bool WordReader::Comparison() {
  const std::string word = LowerCaseText(in_[position_].text);
  const bool has_verb = Before() == Tok::kLetter && (word == "is" || word == "are");
  const bool behind_verb = Before() == Tok::kWord && (LowerCaseText(out_.back().text) == "is" || LowerCaseText(out_.back().text) == "be");
  if (!out_.empty() && Before() != Tok::kLetter && !behind_verb) {
    return false;
  }
  for (const std::string_view multiples : {"all multiples of", "the multiples of", "multiples of"}) {
    const size_t at = position_ + Spells(position_, multiples);
    if (at > position_ && out_.empty() && At(at).kind == Tok::kNumber && At(at + 1).kind == Tok::kEnd) {
      Push(Tok::kLetter, "?");
      PushCongruence("0", At(at).text);
      position_ = at + 1;
      return true;
    }
  }
  for (const ComparingWords& comparison : kComparisons) {
    const size_t begin = position_ + (has_verb ? 1 : 0);
    const size_t length = Spells(begin, comparison.words);
    const Tok next = At(begin + length).kind;
    const bool has_value = next == Tok::kNumber || next == Tok::kFraction || next == Tok::kRoot || next == Tok::kMinus ||
                           next == Tok::kConstant || next == Tok::kCurrency || next == Tok::kLetter;
    if (length == 0 || !has_value) {
      continue;
    }
    if (Before() != Tok::kLetter) {
      Push(Tok::kLetter, "?");
    }
    Push(Tok::kRelation, comparison.relation);
    position_ = begin + length;
    return true;
  }
  return false;
}

// "5 or more", "5 or less" and nothing else.
bool WordReader::ComparisonBehind() {
  if (out_.size() != 1 || Before() != Tok::kNumber || LowerCaseText(in_[position_].text) != "or" || After(2) != Tok::kEnd) {
    return false;
  }
  const std::string word = LowerCaseText(At(position_ + 1).text);
  const bool is_more = word == "more" || word == "greater" || word == "larger" || word == "above";
  if (!is_more && word != "less" && word != "fewer" && word != "smaller" && word != "below") {
    return false;
  }
  const Token number = out_.back();
  out_.clear();
  Push(Tok::kLetter, "?");
  Push(Tok::kRelation, is_more ? ">=" : "<=");
  out_.push_back(number);
  position_ += 2;
  return true;
}

// "10 m/s" at the end of an answer.
bool WordReader::IsSpeed() const {
  const Token& token = in_[position_];
  return token.kind == Tok::kLetter && token.space_before && Before() == Tok::kNumber && After() == Tok::kSlash && After(3) == Tok::kEnd &&
         FindUnit(token.text) && (After(2) == Tok::kLetter || After(2) == Tok::kWord) && FindUnit(At(position_ + 2).text);
}

// "f(x) = 0 for all x, and f(x) = x": what quantifies one part says nothing about its value. One at the end is left to TrimProse, and so
// are whole numbers, which are parameters.
void WordReader::DropQuantifiers() {
  for (size_t i = 1; i + 3 < in_.size(); ++i) {
    if (!IsWordAt(i) || LowerCaseText(in_[i].text) != "for") {
      continue;
    }
    size_t end = i + 1;
    const std::string each = LowerCaseText(At(end).text);
    if (each != "all" && each != "any" && each != "every" && each != "each") {
      continue;
    }
    ++end;
    while (IsWordAt(end) &&
           (LowerCaseText(At(end).text) == "real" || LowerCaseText(At(end).text) == "numbers" || LowerCaseText(At(end).text) == "number")) {
      ++end;
    }
    if (At(end).kind != Tok::kLetter) {
      continue;
    }
    ++end;
    if (At(end).kind == Tok::kRelation && At(end).text == "in" && At(end + 1).kind == Tok::kSet && At(end + 1).text == "R") {
      end += 2;
    }
    const Tok next = At(end).kind;
    const bool goes_on =
        next == Tok::kComma || next == Tok::kSemicolon || (IsWordAt(end) && (At(end).text == "and" || At(end).text == "or"));
    if (goes_on && At(end + 1).kind != Tok::kEnd) {
      in_.erase(in_.begin() + static_cast<std::ptrdiff_t>(i), in_.begin() + static_cast<std::ptrdiff_t>(end));
      return;
    }
  }
}

// "n is odd", "n even", "n is divisible by 3" as congruences.
bool WordReader::Parity() {
  size_t at = position_ + 1;
  const auto word = [&] { return IsWordAt(at) ? LowerCaseText(At(at).text) : std::string(); };
  const bool has_verb = word() == "is" || word() == "are";
  at += has_verb ? 1 : 0;
  const std::string what = word();
  std::string modulus = "2";
  if (what == "divisible" || what == "a" || what == "multiple") {
    while (word() == "a" || word() == "divisible" || word() == "multiple" || word() == "by" || word() == "of") {
      ++at;
    }
    if ((!has_verb && what != "divisible") || At(at).kind != Tok::kNumber) {
      return false;
    }
    modulus = At(at).text;
  } else if (what != "odd" && what != "even") {
    return false;
  }
  const std::string next = IsWordAt(at + 1) ? LowerCaseText(At(at + 1).text) : "";
  if (!next.empty() && next != "and" && next != "or" && !IsConnector(at + 1)) {
    return false;
  }
  out_.push_back(in_[position_]);
  PushCongruence(what == "odd" ? "1" : "0", modulus);
  position_ = at + 1;
  return true;
}

// "odd n", "all odd integers n".
bool WordReader::ParityBefore(const std::string& word) {
  size_t at = position_ + 1;
  while (IsWordAt(at) &&
         (LowerCaseText(At(at).text) == "integers" || LowerCaseText(At(at).text) == "integer" || LowerCaseText(At(at).text) == "numbers")) {
    ++at;
  }
  if ((word != "odd" && word != "even") || At(at).kind != Tok::kLetter ||
      (At(at + 1).kind != Tok::kEnd && At(at + 1).kind != Tok::kComma && At(at + 1).kind != Tok::kSemicolon &&
       LowerCaseText(At(at + 1).text) != "and")) {
    return false;
  }
  while (!out_.empty() && out_.back().kind == Tok::kWord && Has(kUniversal, LowerCaseText(out_.back().text))) {
    out_.pop_back();
  }
  out_.push_back(in_[at]);
  PushCongruence(word == "odd" ? "1" : "0", "2");
  position_ = at + 1;
  return true;
}

void WordReader::PushCongruence(std::string_view residue, std::string_view modulus) {
  Push(Tok::kRelation, "==");
  Push(Tok::kNumber, residue);
  Push(Tok::kMod, "pmod");
  Push(Tok::kNumber, modulus);
}

// A unit's letter in upright type behind a value: 5\mathrm{~m}.
bool WordReader::IsUprightUnit() const {
  const Token& token = in_[position_];
  const Tok before = Before();
  const bool behind_value =
      before == Tok::kNumber || before == Tok::kBraceClose || before == Tok::kClose || before == Tok::kConstant || before == Tok::kSlash;
  return token.kind == Tok::kLetter && token.is_upright && behind_value && After() != Tok::kUnder && After() != Tok::kOpen &&
         FindUnit(token.text).has_value();
}

// 3^{rd}
bool WordReader::IsRaisedOrdinal(std::string_view word) {
  const bool is_ending = word == "st" || word == "nd" || word == "rd" || word == "th";
  if (!is_ending || out_.size() < 2 || Before() != Tok::kBrace || out_[out_.size() - 2].kind != Tok::kCaret ||
      After() != Tok::kBraceClose) {
    return false;
  }
  out_.resize(out_.size() - 2);
  position_ += 2;
  return true;
}

bool WordReader::Special(const std::string& word, const Token& token) {
  if (ParityBefore(word)) {
    return true;
  }
  if (word == "to" && out_.size() == 1 && Before() == Tok::kNumber && After() == Tok::kNumber && After(2) == Tok::kEnd) {  // 5 to 3
    Push(Tok::kColon, ":");
    ++position_;
    return true;
  }
  if (word == "infinite" && in_.size() <= 3 && out_.empty()) {
    Push(Tok::kConstant, "inf");
    ++position_;
    return true;
  }
  if ((word == "triangle" || word == "angle") && IsWordAt(position_ + 1) && 'A' <= At(position_ + 1).text[0] &&
      At(position_ + 1).text[0] <= 'Z') {
    Push(Tok::kLetter, word);
    ++position_;
    return true;
  }
  const bool joined = !token.space_before && Before() == Tok::kNumber;
  if (joined && (word == "st" || word == "nd" || word == "rd" || word == "th")) {
    ++position_;
    return true;
  }
  if (Before() == Tok::kCaret && (word == "st" || word == "nd" || word == "rd" || word == "th")) {  // 3^{\text{rd}}
    out_.pop_back();
    ++position_;
    return true;
  }
  if (token.is_prose && word.size() == 1 && Before() != Tok::kNumber && Before() != Tok::kWord && Before() != Tok::kSlash &&
      Before() != Tok::kBraceClose && Before() != Tok::kClose && Before() != Tok::kTimes && Before() != Tok::kConstant &&
      !IsWordAt(position_ + 1)) {
    Push(Tok::kLetter, token.text);
    ++position_;
    return true;
  }
  if (IsRaisedOrdinal(word)) {
    return true;
  }
  if (const auto speed = std::ranges::find(kSpeeds, word, &Speed::name); speed != kSpeeds.end() && Before() != Tok::kWord) {
    PushUnit(speed->length);
    Push(Tok::kSlash, "/");
    PushUnit(speed->time);
    ++position_;
    return true;
  }
  if ((word == "squared" || word == "cubed") && Before() != Tok::kWord) {
    Push(Tok::kCaret, "");
    Push(Tok::kNumber, word == "squared" ? "2" : "3");
    ++position_;
    return true;
  }
  if ((word == "except" || word == "excluding") && Before() == Tok::kSet) {
    Push(Tok::kSetMinus, "");
    ++position_;
    position_ += LowerCaseText(At(position_).text) == "for" ? 1 : 0;
    return true;
  }
  if (word == "in" && (Before() == Tok::kLetter || After() == Tok::kSet || After() == Tok::kOpen)) {
    Push(Tok::kRelation, "in");
    ++position_;
    return true;
  }
  if ((word == "is" || word == "are") && Before() == Tok::kLetter && After() != Tok::kWord) {
    Push(Tok::kRelation, "=");
    ++position_;
    return true;
  }
  if (word == "times" && (After() == Tok::kNumber || After() == Tok::kLetter || After() == Tok::kOpen || After() == Tok::kRoot)) {
    Push(Tok::kTimes, "*");
    ++position_;
    return true;
  }
  if (word == "choose" && Choose()) {
    return true;
  }
  if (word == "times" && Before() == Tok::kNumber && After() == Tok::kEnd) {
    ++position_;
    return true;
  }
  if (token.text.size() == 3 && token.text.starts_with("or") && !token.is_prose && Before() != Tok::kEnd) {  // "1orW(x)"
    Push(Tok::kOr, "or");
    Push(Tok::kLetter, token.text.substr(2));
    ++position_;
    return true;
  }
  const bool is_in_base = word == "in" && IsWordAt(position_ + 1) && LowerCaseText(At(position_ + 1).text) == "base";  // 1011 in base 2
  if ((word == "base" || is_in_base) && Before() == Tok::kNumber && After(is_in_base ? 2 : 1) == Tok::kNumber) {
    const size_t at = position_ + (is_in_base ? 2 : 1);
    const bool is_decimal = At(at).text == "10";
    if (!is_decimal) {
      Push(Tok::kUnder, "");
    }
    position_ = at + (is_decimal ? 1 : 0);
    return true;
  }
  return false;
}

// "5 choose 2", where neither side goes on.
bool WordReader::Choose() {
  const auto is_operand = [](Tok kind) { return kind == Tok::kNumber || kind == Tok::kLetter; };
  const auto is_border = [](Tok kind) { return kind == Tok::kEnd || kind == Tok::kComma || kind == Tok::kRelation; };
  const bool stands_alone = out_.size() == 1 || (out_.size() > 1 && is_border(out_[out_.size() - 2].kind));
  if (!is_operand(Before()) || !stands_alone || !is_operand(After()) || !is_border(After(2))) {
    return false;
  }
  const Token above = out_.back();
  out_.pop_back();
  Push(Tok::kBinomial, "");
  Push(Tok::kBrace, "{");
  out_.push_back(above);
  Push(Tok::kBraceClose, "}");
  Push(Tok::kBrace, "{");
  out_.push_back(At(position_ + 1));
  Push(Tok::kBraceClose, "}");
  position_ += 2;
  return true;
}

// The letter behind the degrees at the end, in \text{} or without: 20^\circ C.
bool WordReader::IsTemperature() const {
  const size_t out = out_.size();
  const bool behind_degree = Before() == Tok::kDegree || (Before() == Tok::kBraceClose && out >= 2 && out_[out - 2].kind == Tok::kDegree);
  const bool is_letter = in_[position_].kind == Tok::kLetter || in_[position_].kind == Tok::kWord;
  const std::string& letter = in_[position_].text;
  return is_letter && (letter == "C" || letter == "F") && behind_degree && After() == Tok::kEnd;
}

}  // namespace cupel::math
