#include "verifiers/answer/units.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/number.h"

namespace cupel {
namespace {

constexpr size_t kMaxTail = 128;

// Words that change the value before them, are numbers themselves, or offer an alternative. Sorted.
constexpr auto kForbidden = std::to_array<std::string_view>({
    "and",      "billion",   "but",        "cubed",       "divided", "dozen",     "dozens",    "eight",    "eighteen", "eighth",
    "eighths",  "eighty",    "either",     "eleven",      "equals",  "except",    "factorial", "false",    "fifteen",  "fifth",
    "fifths",   "fifty",     "five",       "forty",       "four",    "fourteen",  "fourth",    "fourths",  "half",     "halves",
    "hundred",  "hundreds",  "hundredth",  "hundredths",  "if",      "incorrect", "instead",   "maybe",    "million",  "millions",
    "minus",    "mod",       "modulo",     "neither",     "nine",    "nineteen",  "ninety",    "ninth",    "ninths",   "no",
    "nor",      "not",       "one",        "or",          "over",    "perhaps",   "plus",      "point",    "possibly", "quarter",
    "quarters", "remainder", "seven",      "seventeen",   "seventh", "sevenths",  "seventy",   "six",      "sixteen",  "sixth",
    "sixths",   "sixty",     "squared",    "ten",         "tenth",   "tenths",    "third",     "thirds",   "thirteen", "thirty",
    "thousand", "thousands", "thousandth", "thousandths", "three",   "through",   "to",        "trillion", "twelve",   "twenty",
    "twice",    "two",       "unless",     "versus",      "wrong",   "zero",
});
static_assert(std::ranges::is_sorted(kForbidden));

// Units that may touch the number: two letters or more, so that no variable is among them. Sorted.
constexpr auto kAttached = std::to_array<std::string_view>({
    "cm", "ft", "hr", "hrs", "kg", "km", "kmh", "kph", "lb", "lbs", "mL", "mg", "min", "mins", "ml", "mm", "mph", "oz", "sec", "secs", "yd",
});
static_assert(std::ranges::is_sorted(kAttached));

constexpr auto kTextCommands = std::to_array<std::string_view>({"\\text{", "\\mathrm{", "\\mbox{", "\\textbf{", "\\textrm{"});
constexpr auto kSpaceCommands = std::to_array<std::string_view>({"\\ ", "\\,", "\\;", "\\:", "\\!"});
constexpr auto kSigns =
    std::to_array<std::string_view>({"\xC2\xB0", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "\\$"});                // degree, euro, pound, yen
constexpr auto kPowers = std::to_array<std::string_view>({"^2", "^3", "^{2}", "^{3}", "\xC2\xB2", "\xC2\xB3"});  // square and cubic units

// Reads a tail from left to right, remembering what the last thing was.
class TailReader {
 public:
  explicit TailReader(std::string_view tail) : rest_(tail) {}

  bool Run() {
    while (!rest_.empty()) {
      if (!(IsLetter(rest_.front()) ? Word() : Mark())) {
        return false;
      }
    }
    return !in_text_;
  }

 private:
  bool Word() {
    size_t length = 0;
    while (IsLetter(CharAt(rest_, length))) {
      ++length;
    }
    const std::string_view word = rest_.substr(0, length);
    std::string lower(word);
    std::ranges::transform(lower, lower.begin(), LowerCase);
    const bool is_attached = is_at_front_ && !std::ranges::binary_search(kAttached, word);
    if (is_attached || (length == 1 && !in_text_ && !is_joined_) || std::ranges::binary_search(kForbidden, std::string_view(lower))) {
      return false;
    }
    Advance(length);
    follows_word_ = true;
    return true;
  }

  bool Mark() {
    const bool follows_word = follows_word_;
    if (EatOneOf(kSpaceCommands) || EatOneOf(kSigns) || Eat(DegreeLength(rest_))) {
      return true;
    }
    if (EatOneOf(kTextCommands)) {
      return !std::exchange(in_text_, true);
    }
    if (follows_word && EatOneOf(kPowers)) {
      follows_word_ = true;  // "m^2/s"
      return true;
    }
    const char c = rest_.front();
    Advance(1);
    if (c == '}') {
      follows_word_ = follows_word;
      return std::exchange(in_text_, false);
    }
    if (IsOneOf(c, "/-'")) {  // "km/h", "man-hours", "5/day": joins words
      is_joined_ = follows_word;
      return (follows_word || c == '/') && (IsLetter(CharAt(rest_, 0)) || rest_.starts_with("\\text{"));
    }
    if (c == '!') {  // of a sentence, "12 apples!", and not the factorial in "5!"
      return follows_word;
    }
    return IsSpace(c) || IsOneOf(c, ".,;:()\"*_`$~");
  }

  template <class List>
  bool EatOneOf(const List& list) {
    return std::ranges::any_of(list, [this](std::string_view item) { return rest_.starts_with(item) && Eat(item.size()); });
  }

  bool Eat(size_t length) {
    if (length == 0) {
      return false;
    }
    Advance(length);
    return true;
  }

  void Advance(size_t length) {
    rest_.remove_prefix(length);
    is_at_front_ = false;
    follows_word_ = false;
    is_joined_ = false;
  }

  std::string_view rest_;
  bool is_at_front_ = true;
  bool follows_word_ = false;
  bool is_joined_ = false;  // by / - or ' to a word before
  bool in_text_ = false;
};

}  // namespace

bool IsUnit(std::string_view tail) { return tail.size() <= kMaxTail && TailReader(tail).Run(); }

}  // namespace cupel
