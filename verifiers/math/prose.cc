#include "verifiers/math/prose.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "verifiers/answer/characters.h"
#include "verifiers/math/units.h"

namespace cupel::math {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), LowerCase);
  return lower;
}

template <class List>
bool Has(const List& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

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
    {"natural numbers", Tok::kSet, "N"},
    {"all natural numbers", Tok::kSet, "N"},
    {"all complex numbers", Tok::kSet, "C"},
    {"all rational numbers", Tok::kSet, "Q"},
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

// Short words that are words. Longer ones than three letters always are.
constexpr auto kShortWords = std::to_array<std::string_view>(
    {"a",   "all", "an",  "any", "are", "as",  "at",  "be",  "but", "by",  "can", "day", "dne", "few", "for", "has", "her", "his", "if",
     "is",  "it",  "its", "let", "man", "men", "my",  "no",  "not", "odd", "of",  "off", "on",  "one", "our", "out", "per", "red", "she",
     "so",  "sum", "ten", "the", "to",  "two", "up",  "us",  "was", "way", "we",  "who", "yes", "you", "he",  "sq",  "cu",  "mph", "six",
     "kph", "rpm", "fps", "psi", "min", "max", "set", "boy", "am",  "pm",  "mon", "tue", "wed", "thu", "fri", "sat", "sun", "tie", "win"});

constexpr auto kConditions = std::to_array<std::string_view>({"if", "when", "unless", "otherwise", "whenever", "else", "except"});
constexpr auto kClauses =
    std::to_array<std::string_view>({"where", "for", "such", "provided", "assuming", "given", "since", "because", "which"});
constexpr auto kCopulas =
    std::to_array<std::string_view>({"is", "are", "be", "was", "equals", "equal", "get", "obtain", "becomes", "were"});
constexpr auto kNegations = std::to_array<std::string_view>({"not", "no", "never", "isn", "aren", "cannot", "neither", "nor", "without"});

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

class WordReader {
 public:
  explicit WordReader(std::vector<Token>& tokens) : in_(tokens) {}

  void Run() {
    while (position_ < in_.size()) {
      if (in_[position_].kind == Tok::kWord) {
        Words();
      } else {
        Other();
      }
    }
    in_ = std::move(out_);
  }

 private:
  const Token& At(size_t i) const { return in_[std::min(i, in_.size() - 1)]; }
  bool IsWordAt(size_t i) const { return At(i).kind == Tok::kWord; }
  Tok Before() const { return out_.empty() ? Tok::kEnd : out_.back().kind; }
  Tok After(size_t count = 1) const { return At(position_ + count).kind; }

  void Push(Tok kind, std::string_view text) {
    Token token{kind, std::string(text), true, false, false};
    out_.push_back(std::move(token));
  }

  void PushUnit(std::string_view text) {
    Push(Tok::kWord, text);
    out_.back().is_prose = true;
  }

  // "10 m/s" at the end of an answer.
  bool IsSpeed() const {
    const Token& token = in_[position_];
    return token.kind == Tok::kLetter && token.space_before && Before() == Tok::kNumber && After() == Tok::kSlash &&
           After(3) == Tok::kEnd && FindUnit(token.text) && (After(2) == Tok::kLetter || After(2) == Tok::kWord) &&
           FindUnit(At(position_ + 2).text);
  }

  // 3^{rd}
  bool IsRaisedOrdinal(std::string_view word) {
    const bool is_ending = word == "st" || word == "nd" || word == "rd" || word == "th";
    if (!is_ending || out_.size() < 2 || Before() != Tok::kBrace || out_[out_.size() - 2].kind != Tok::kCaret ||
        After() != Tok::kBraceClose) {
      return false;
    }
    out_.resize(out_.size() - 2);
    position_ += 2;
    return true;
  }

  void Other() {
    const Token& token = in_[position_];
    // A union typed as a letter, and the article before a noun.
    if (token.kind == Tok::kLetter && token.text == "U" && Before() == Tok::kClose && (After() == Tok::kOpen || After() == Tok::kClose)) {
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

  void Words() {
    if (Phrases() || Numbers()) {
      return;
    }
    Token token = in_[position_];
    const std::string word = Lower(token.text);
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

  // "minus" and "negative" before a value only; "in" is inches behind a number.
  bool IsNoun(std::string_view word) const {
    const Tok next = After();
    const bool value_follows = next == Tok::kNumber || next == Tok::kLetter || next == Tok::kFraction || next == Tok::kRoot ||
                               next == Tok::kConstant || next == Tok::kOpen || next == Tok::kBrace ||
                               (next == Tok::kWord && SmallNumber(Lower(At(position_ + 1).text)));
    if (word == "minus" || word == "negative" || word == "plus" || word == "equals") {
      return !value_follows;
    }
    return word == "deg" && Before() != Tok::kNumber;
  }

  bool Phrases() {
    for (const Phrase& phrase : kPhrases) {
      size_t at = position_;
      std::string_view rest = phrase.words;
      while (!rest.empty() && at < in_.size()) {
        const size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view word = rest.substr(0, end);
        if (!IsWordAt(at) || Lower(in_[at].text) != word) {
          break;
        }
        ++at;
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      const bool is_set = phrase.kind == Tok::kSet || phrase.kind == Tok::kEmptySet;
      if (rest.empty() && !(is_set && (IsWordAt(at) || Before() == Tok::kWord) && !IsConnector(at))) {
        position_ = at;
        Push(phrase.kind, phrase.text);
        return true;
      }
    }
    return false;
  }

  bool IsConnector(size_t at) const {
    const std::string word = Lower(At(at).text);
    return IsWordAt(at) && (word == "and" || word == "except" || word == "or" || word == "such") && Before() != Tok::kWord;
  }

  // "twenty-one", "three hundred", "5 million".
  bool Numbers() {
    const std::string word = Lower(in_[position_].text);
    if (const auto factor = Multiplier(word); factor && Before() == Tok::kNumber) {
      Push(Tok::kTimes, "*");
      Push(Tok::kNumber, std::to_string(*factor));
      ++position_;
      return true;
    }
    std::optional<int64_t> value = SmallNumber(word);
    if (!value) {
      if (const auto it = std::ranges::find(kOrdinals, word); it != kOrdinals.end() && in_.size() == 2) {
        Push(Tok::kNumber, std::to_string(it - kOrdinals.begin() + 1));
        ++position_;
        return true;
      }
      return false;
    }
    if (word == "one" && IsWordAt(position_ + 1) && !Multiplier(Lower(At(position_ + 1).text)) && Before() == Tok::kWord) {
      return false;
    }
    ++position_;
    const size_t dash = At(position_).kind == Tok::kMinus && !At(position_).space_before ? 1 : 0;
    if (*value >= 20 && IsWordAt(position_ + dash)) {
      if (const auto ones = SmallNumber(Lower(At(position_ + dash).text)); ones && 0 < *ones && *ones < 10) {
        value = *value + *ones;
        position_ += 1 + dash;
      }
    }
    while (IsWordAt(position_) && Multiplier(Lower(At(position_).text))) {
      value = *value * *Multiplier(Lower(At(position_).text));
      ++position_;
      if (*value > 1'000'000'000'000) {
        break;
      }
    }
    Push(Tok::kNumber, std::to_string(*value));
    return true;
  }

  bool Special(const std::string& word, const Token& token) {
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
        Before() != Tok::kBraceClose && Before() != Tok::kClose && Before() != Tok::kTimes && !IsWordAt(position_ + 1)) {
      Push(Tok::kLetter, token.text);
      ++position_;
      return true;
    }
    if (IsRaisedOrdinal(word)) {
      return true;
    }
    if (word == "radians" || word == "radian" || word == "rad") {
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
      position_ += Lower(At(position_).text) == "for" ? 1 : 0;
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
    if (word == "base" && Before() == Tok::kNumber && After() == Tok::kNumber) {
      Push(Tok::kUnder, "");
      ++position_;
      return true;
    }
    return false;
  }

  bool IsProse(std::string_view word, const Token& token) const {
    const bool is_capitals = std::ranges::all_of(token.text, [](char c) { return 'A' <= c && c <= 'Z'; });
    if (word == "." || word.size() == 1 || (is_capitals && word.size() <= 3)) {
      return false;  // NO is a segment
    }
    if (word.size() >= 4 || Has(kShortWords, word) || static_cast<unsigned char>(word[0]) >= 0x80) {
      return true;
    }
    const bool unit_place = Before() == Tok::kNumber || Before() == Tok::kBraceClose || Before() == Tok::kClose ||
                            Before() == Tok::kSlash || Before() == Tok::kWord || Before() == Tok::kConstant;
    return unit_place && FindUnit(token.text).has_value();
  }

  std::vector<Token>& in_;
  std::vector<Token> out_;
  size_t position_ = 0;
};

bool IsProseWord(const Token& token) { return token.kind == Tok::kWord && token.is_prose; }

// Names in a clause that says they are whole numbers, or arbitrary constants.
std::vector<std::string> Declared(std::span<const Token> clause) {
  bool declares = false;
  std::vector<std::string> names;
  for (const Token& token : clause) {
    const std::string word = Lower(token.text);
    declares = declares || (token.kind == Tok::kSet && (token.text == "Z" || token.text == "N")) ||
               (token.kind == Tok::kWord &&
                (word == "integer" || word == "integers" || word == "natural" || word == "constant" || word == "constants"));
    if (token.kind == Tok::kLetter) {
      names.push_back(token.text);
    }
  }
  return declares ? names : std::vector<std::string>();
}

int DepthStep(const Token& token) {
  switch (token.kind) {
    case Tok::kOpen:
    case Tok::kBrace:
    case Tok::kBegin:
      return 1;
    case Tok::kClose:
    case Tok::kBraceClose:
    case Tok::kFinish:
      return -1;
    default:
      return 0;
  }
}

bool HasMath(std::span<const Token> tokens) {
  return std::ranges::any_of(tokens, [](const Token& token) {
    return token.kind == Tok::kNumber || token.kind == Tok::kFraction || token.kind == Tok::kRoot || token.kind == Tok::kRelation ||
           token.kind == Tok::kConstant || token.kind == Tok::kSet || token.kind == Tok::kEmptySet || token.kind == Tok::kLetter;
  });
}

// "2\pi k (k \in \mathbb{Z})" as "2\pi k, k \in \mathbb{Z}".
void OpenDeclaration(std::vector<Token>& tokens) {
  const size_t end = tokens.size() - 1;
  if (end < 5 || tokens[end - 1].kind != Tok::kClose) {
    return;
  }
  int depth = 0;
  for (size_t i = end; i-- > 0;) {
    depth -= DepthStep(tokens[i]);
    if (depth == 0) {
      const bool declares = i > 0 && tokens[i].kind == Tok::kOpen && DepthStep(tokens[i]) == 1 && tokens[i + 1].kind == Tok::kLetter &&
                            tokens[i + 2].kind == Tok::kRelation && (tokens[i + 2].text == "in" || tokens[i + 2].text == "=") &&
                            tokens[i - 1].kind != Tok::kRelation && DepthStep(tokens[i - 1]) <= 0;
      if (declares) {
        tokens[i] = Token{Tok::kComma, "", true, false, false};
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(end) - 1);
      }
      return;
    }
  }
}

// "x = 3 for y = 2 and x = 5 for y = 1": behind the clause another value follows.
bool SaysMore(std::span<const Token> clause) {
  bool joined = false;
  for (const Token& token : clause.subspan(1)) {
    const std::string word = IsProseWord(token) ? Lower(token.text) : "";
    if (word == "for" || word == "where" || Has(kConditions, word)) {
      return true;  // "5 for odd n, 6 for even n"
    }
    joined = joined || token.kind == Tok::kAnd || token.kind == Tok::kOr || token.kind == Tok::kSemicolon;
    if (joined && token.kind == Tok::kRelation && token.text == "=") {
      return true;
    }
  }
  return false;
}

void CutClause(Trimmed& trimmed) {
  std::vector<Token>& tokens = trimmed.tokens;
  int depth = 0;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    depth += DepthStep(tokens[i]);
    const std::string word = IsProseWord(tokens[i]) ? Lower(tokens[i].text) : "";
    const bool begins = depth == 0 && i > 0 && (tokens[i].kind == Tok::kQuantifier || Has(kClauses, word));
    if (depth == 0 && Has(kConditions, word)) {
      return;
    }
    if (!begins) {
      continue;
    }
    const std::span<const Token> head(tokens.data(), i);
    const std::span<const Token> clause(tokens.data() + i, tokens.size() - i);
    const bool is_description = std::ranges::all_of(
        head, [](const Token& token) { return IsProseWord(token) || token.kind == Tok::kLetter || token.kind == Tok::kSet; });
    if (is_description && word == "such" && i + 2 < tokens.size()) {  // "all x such that x > 2"
      tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(i) + 2);
      trimmed.has_label = true;
      return;
    }
    if (!HasMath(head)) {
      continue;
    }
    if (std::ranges::any_of(clause, [](const Token& token) { return Has(kConditions, Lower(token.text)); })) {
      return;
    }
    if (SaysMore(clause)) {
      return;
    }
    trimmed.parameters = Declared(clause);
    trimmed.has_clause = true;
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(i), tokens.end() - 1);
    while (tokens.size() > 1 && (tokens[tokens.size() - 2].kind == Tok::kComma || tokens[tokens.size() - 2].kind == Tok::kGap ||
                                 tokens[tokens.size() - 2].kind == Tok::kSemicolon || tokens[tokens.size() - 2].kind == Tok::kOpen)) {
      tokens.erase(tokens.end() - 2);
    }
    return;
  }
}

// The label ends behind the last copula or colon, and holds no relation, list or negation of its own.
void CutLabel(Trimmed& trimmed) {
  std::vector<Token>& tokens = trimmed.tokens;
  if (tokens.empty()) {
    return;
  }
  int depth = 0;
  size_t cut = 0;
  bool has_words = false;
  for (size_t i = 0; i + 2 < tokens.size(); ++i) {
    const Token& token = tokens[i];
    depth += DepthStep(token);
    const std::string word = IsProseWord(token) ? Lower(token.text) : "";
    if (depth == 0 && (token.kind == Tok::kComma || token.kind == Tok::kSemicolon || token.kind == Tok::kAnd || token.kind == Tok::kOr ||
                       token.kind == Tok::kRelation || Has(kNegations, word))) {
      break;
    }
    has_words = has_words || !word.empty();
    const bool is_end = Has(kCopulas, word) || (token.kind == Tok::kColon && has_words);
    if (depth == 0 && is_end) {
      cut = i + 1;
    }
  }
  if (cut == 0 || !has_words) {
    return;
  }
  while (cut + 1 < tokens.size() && (tokens[cut].kind == Tok::kColon || (tokens[cut].kind == Tok::kGap))) {
    ++cut;
  }
  tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(cut));
  trimmed.has_label = true;
}

}  // namespace

void ReadWords(std::vector<Token>& tokens) { WordReader(tokens).Run(); }

Trimmed TrimProse(std::vector<Token> tokens) {
  Trimmed trimmed;
  trimmed.tokens = std::move(tokens);
  OpenDeclaration(trimmed.tokens);
  CutClause(trimmed);
  CutLabel(trimmed);
  return trimmed;
}

std::vector<Token> WithoutWordsAround(const std::vector<Token>& tokens) {
  size_t begin = 0;
  size_t end = tokens.size() - 1;
  const auto is_harmless = [](const Token& token) {
    const std::string word = Lower(token.text);
    return IsProseWord(token) && IsHarmlessWord(word) && !Has(kNegations, word) && !Has(kConditions, word) && !Has(kClauses, word);
  };
  while (begin < end &&
         (is_harmless(tokens[begin]) || (begin > 0 && (tokens[begin].kind == Tok::kComma || tokens[begin].kind == Tok::kColon)))) {
    ++begin;
  }
  while (end > begin && is_harmless(tokens[end - 1])) {
    --end;
  }
  if (begin == end || (begin == 0 && end + 1 == tokens.size())) {
    return {};
  }
  std::vector<Token> inner(tokens.begin() + static_cast<std::ptrdiff_t>(begin), tokens.begin() + static_cast<std::ptrdiff_t>(end));
  inner.push_back(tokens.back());
  return inner;
}

std::string PlainWords(const std::vector<Token>& tokens) {
  std::string text;
  for (const Token& token : tokens) {
    const bool is_word = token.kind == Tok::kWord || token.kind == Tok::kLetter || token.kind == Tok::kNumber ||
                         token.kind == Tok::kFunction || token.kind == Tok::kConstant || token.kind == Tok::kAnd || token.kind == Tok::kOr;
    if (!is_word || token.text == ".") {
      continue;
    }
    text += text.empty() || !token.space_before ? "" : " ";
    text += Lower(token.text);
  }
  for (const std::string_view article : {"the ", "a ", "an "}) {
    if (text.starts_with(article) && text.size() > article.size() + 1) {
      text.erase(0, article.size());
    }
  }
  return text;
}

}  // namespace cupel::math
