#include "verifiers/math/text_answers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "verifiers/answer/characters.h"
#include "verifiers/math/word_list.h"

namespace cupel::math {
namespace {

bool IsSingleLetter(const Token& token) {
  return (token.kind == Tok::kLetter || token.kind == Tok::kWord) && token.text.size() == 1 && IsLetter(token.text[0]);
}

// Words that say nothing about which answer it is.
constexpr auto kFillers = std::to_array<std::string_view>({"the", "a",   "an", "is",  "are", "was", "it",   "this", "that", "of", "in",
                                                           "to",  "all", "be", "and", "on",  "its", "they", "he",   "she",  "we"});
// What a sentence may add to the name of a winner, a shape or a value.
constexpr auto kAdditions = std::to_array<std::string_view>({"win",    "wins",     "winning", "winner", "will",     "can",     "has",
                                                             "always", "strategy", "correct", "answer", "possible", "indeed",  "triangle",
                                                             "number", "function", "player",  "series", "sequence", "integral"});
constexpr auto kOrdinals =
    std::to_array<std::string_view>({"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"});
constexpr auto kRomans = std::to_array<std::string_view>({"ii", "iii", "iv"});
constexpr auto kDays =
    std::to_array<std::string_view>({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february",
                                     "april", "august", "september", "october", "november", "december"});

std::vector<std::string> Split(std::string_view words) {
  std::vector<std::string> parts;
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (end > 0) {
      parts.emplace_back(words.substr(0, end));
    }
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return parts;
}

std::string Normal(std::string_view word) {
  if (word.ends_with("angled")) {  // right-angled
    word = word.substr(0, word.size() - 6);
    word.remove_suffix(word.ends_with('-') ? 1 : 0);
  }
  if (const auto ordinal = std::ranges::find(kOrdinals, word); ordinal != kOrdinals.end()) {
    return std::to_string(ordinal - kOrdinals.begin() + 1);
  }
  if (const auto roman = std::ranges::find(kRomans, word); roman != kRomans.end()) {
    return std::to_string(roman - kRomans.begin() + 2);
  }
  if (word.size() >= 3) {
    for (const std::string_view day : kDays) {
      if (day.starts_with(word) && (word.size() <= 5 || word == day)) {
        return std::string(day);
      }
    }
  }
  constexpr size_t kMinStem = 5;
  for (const std::string_view ending : {"ing", "ent", "ence", "es", "ed", "e", "s"}) {  // diverges, divergent, divergence
    if (word.size() >= kMinStem + ending.size() && word.ends_with(ending) && !word.ends_with("ss")) {
      return std::string(word.substr(0, word.size() - ending.size()));
    }
  }
  const bool is_plural = word.size() > 3 && word.ends_with('s') && !word.ends_with("ss");
  return std::string(word.substr(0, word.size() - (is_plural ? 1 : 0)));
}

bool EndsWith(std::string_view gold, std::string_view pred) {
  for (const std::string_view copula : {" is ", " are ", " was "}) {
    const size_t at = pred.rfind(copula);
    if (at != std::string_view::npos) {
      std::string_view end = pred.substr(at + copula.size());
      for (const std::string_view article : {"the ", "a ", "an "}) {
        end.remove_prefix(end.starts_with(article) ? article.size() : 0);
      }
      return end == gold && pred.find(" not ") == std::string_view::npos && pred.find(" no ") == std::string_view::npos;
    }
  }
  return false;
}

bool IsAddition(std::string_view word) {
  return std::ranges::any_of(kAdditions, [&](std::string_view addition) { return addition == word || Normal(addition) == word; });
}

// Whether `longer` only adds words such as "wins" to `shorter`.
bool OnlyAdds(const std::vector<std::string>& shorter, const std::vector<std::string>& longer) {
  size_t at = 0;
  for (const std::string& word : longer) {
    if (at < shorter.size() && word == shorter[at]) {
      ++at;
    } else if (!IsAddition(word)) {
      return false;
    }
  }
  return at == shorter.size() && !shorter.empty() && !IsAddition(shorter[0]);
}

}  // namespace

namespace {

// "(B) or (C)", "(B) is wrong": what follows a letter names another one, or says something about it.
bool TakesBack(const std::vector<Token>& tokens, size_t begin) {
  const Tok first = tokens[begin].kind;
  const std::string word = first == Tok::kWord ? LowerCaseText(tokens[begin].text) : "";
  const bool denies = std::any_of(tokens.begin() + static_cast<std::ptrdiff_t>(begin), tokens.end(), [](const Token& token) {
    constexpr auto kDenials = std::to_array<std::string_view>({"not", "incorrect", "wrong", "false", "isn", "never"});
    return token.kind == Tok::kWord && Has(kDenials, LowerCaseText(token.text));
  });
  if (first == Tok::kOr || first == Tok::kAnd || first == Tok::kComma || first == Tok::kSlash || word == "or" || word == "and" ||
      word == "no" || ((word == "is" || word == "was" || word == "isn") && denies)) {
    return true;
  }
  for (size_t i = begin; i + 2 < tokens.size(); ++i) {  // a second letter in brackets
    const bool in_brackets = tokens[i].kind == Tok::kOpen && IsSingleLetter(tokens[i + 1]) && tokens[i + 2].kind == Tok::kClose;
    if (in_brackets && 'A' <= tokens[i + 1].text[0] && tokens[i + 1].text[0] <= 'J') {
      return true;
    }
  }
  return false;
}

}  // namespace

// "C", "(C)", "C)", "C.", "C: text", "(C) 12".
Choice FindChoice(const std::vector<Token>& tokens) {
  Choice choice;
  size_t i = 0;
  const auto skip = [&](Tok kind) {
    const bool there = i < tokens.size() && tokens[i].kind == kind;
    i += there ? 1 : 0;
    return there;
  };
  while (skip(Tok::kBrace) || skip(Tok::kGap)) {
  }
  const bool opened = skip(Tok::kOpen);
  while (skip(Tok::kBrace)) {
  }
  if (i >= tokens.size() || !IsSingleLetter(tokens[i]) ||
      (!opened && LowerCase(tokens[i].text[0]) == tokens[i].text[0] && !tokens[i].is_prose)) {
    return choice;
  }
  const char letter = tokens[i].text[0];
  const char upper = 'a' <= letter && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  if (upper > 'J') {
    return choice;
  }
  ++i;
  while (skip(Tok::kBraceClose)) {
  }
  const bool marked = skip(Tok::kClose) || skip(Tok::kSemicolon) || skip(Tok::kColon);
  while (skip(Tok::kBraceClose) || skip(Tok::kGap)) {
  }
  choice.is_all = i < tokens.size() && tokens[i].kind == Tok::kEnd;
  choice.letter = choice.is_all || (marked && !TakesBack(tokens, i)) ? upper : '\0';
  return choice;
}

bool IsQuestion(std::string_view text, const std::vector<Token>& tokens) {
  constexpr auto kAsks = std::to_array<std::string_view>({"what", "which", "how", "whose", "who"});
  constexpr auto kDemands = std::to_array<std::string_view>(
      {"find", "compute", "calculate", "evaluate", "determine", "simplify", "solve", "express", "prove", "show"});
  if (text.find('?') != std::string_view::npos) {
    return true;
  }
  const std::string first = tokens[0].kind == Tok::kWord ? LowerCaseText(tokens[0].text) : "";
  return Has(kDemands, first) || Has(kAsks, first) ||
         std::ranges::any_of(tokens, [](const Token& token) { return token.kind == Tok::kWord && LowerCaseText(token.text) == "what"; });
}

bool IsTextOnly(const std::vector<Token>& tokens) {
  bool has_word = false;
  for (const Token& token : tokens) {
    switch (token.kind) {
      case Tok::kWord:
        has_word = has_word || token.is_prose || token.text.size() > 3;
        break;
      case Tok::kLetter:
      case Tok::kEnd:
      case Tok::kGap:
      case Tok::kAnd:
      case Tok::kBrace:
      case Tok::kBraceClose:
      case Tok::kPrime:
        break;
      case Tok::kMinus:
        if (!has_word) {
          return false;
        }
        break;
      default:
        return false;
    }
  }
  return has_word;
}

Choices FindChoices(const std::vector<Token>& tokens) {
  Choices choices;
  int words = 0;
  for (const Token& token : tokens) {
    switch (token.kind) {
      case Tok::kLetter:
      case Tok::kWord: {
        if (token.text == "and") {
          break;
        }
        const bool ascends = std::ranges::adjacent_find(token.text, [](char a, char b) { return a >= b; }) == token.text.end();
        if (!ascends || token.text.front() < 'A' || token.text.back() > 'H') {
          return {};
        }
        choices.letters += token.text;
        ++words;
        break;
      }
      case Tok::kComma:
      case Tok::kSemicolon:
      case Tok::kAnd:
      case Tok::kBrace:
      case Tok::kBraceClose:
      case Tok::kOpen:
      case Tok::kClose:
      case Tok::kGap:
      case Tok::kEnd:
        break;
      default:
        return {};
    }
  }
  std::ranges::sort(choices.letters);
  if (choices.letters.size() < 2 || std::ranges::adjacent_find(choices.letters) != choices.letters.end()) {
    return {};
  }
  choices.is_joined = words == 1;
  return choices;
}

Clock FindClock(const std::vector<Token>& tokens) {
  const auto is_number = [&](size_t i, size_t min_digits) {
    return i < tokens.size() && tokens[i].kind == Tok::kNumber && min_digits <= tokens[i].text.size() && tokens[i].text.size() <= 2 &&
           std::ranges::all_of(tokens[i].text, &IsDigit);
  };
  std::array<int, 3> parts{};
  size_t i = 0;
  size_t count = 0;
  while (count < 3 && is_number(i, count == 0 ? 1 : 2)) {
    parts[count] = std::stoi(tokens[i].text);
    ++i;
    ++count;
    if (tokens[i].kind != Tok::kColon) {
      break;
    }
    ++i;
  }
  std::string mark;
  for (; i + 1 < tokens.size(); ++i) {
    const Tok kind = tokens[i].kind;
    if (kind != Tok::kWord && kind != Tok::kLetter && kind != Tok::kPrime && kind != Tok::kSemicolon) {
      return {};
    }
    if (IsLetter(tokens[i].text.empty() ? '\0' : tokens[i].text[0])) {
      std::ranges::transform(tokens[i].text, std::back_inserter(mark), LowerCase);
    }
  }
  const bool is_night = mark == "am" || mark == "inthemorning" || mark == "midnight";
  const bool is_day = mark == "pm" || mark == "intheafternoon" || mark == "intheevening" || mark == "noon";
  const bool has_mark = is_night || is_day || mark == "oclock";
  if (count == 0 || (!mark.empty() && !has_mark) || (count == 1 && !has_mark) || parts[0] > 24 || parts[1] > 59 || parts[2] > 59) {
    return {};
  }
  Clock clock;
  clock.is_clock = true;
  clock.is_absolute = is_night || is_day || parts[0] > 12 || parts[0] == 0;
  int hour = parts[0] % 24;
  if (clock.is_absolute && parts[0] <= 12 && parts[0] > 0) {
    hour = parts[0] % 12 + (is_day ? 12 : 0);
  } else if (!clock.is_absolute) {
    hour = parts[0] % 12;
  }
  clock.seconds = 3600 * hour + 60 * parts[1] + parts[2];
  return clock;
}

bool SameClock(const Clock& a, const Clock& b) {
  constexpr int kHalfDay = 12 * 3600;
  return a.is_absolute && b.is_absolute ? a.seconds == b.seconds : a.seconds % kHalfDay == b.seconds % kHalfDay;
}

// "DNE", "the limit is DNE": whatever else is said beside it, a value or a denial, makes it another statement.
bool IsMissing(const std::vector<std::string>& parts) {
  constexpr auto kSubjects = std::to_array<std::string_view>(
      {"dne", "the", "is", "a", "limit", "sum", "series", "integral", "derivative", "value", "answer", "it"});
  return Has(parts, "dne") && std::ranges::all_of(parts, [&](const std::string& part) { return Has(kSubjects, part); });
}

// "the equation has no real solutions", and nothing else
bool HasNoSolution(std::vector<std::string> parts) {
  constexpr auto kSubjects =
      std::to_array<std::string_view>({"equation", "equations", "inequality", "inequalities", "system", "problem", "it"});
  constexpr auto kVerbs = std::to_array<std::string_view>({"has", "have"});
  std::erase_if(parts, [](const std::string& part) { return part == "the" || part == "this" || part == "given"; });
  const size_t real = parts.size() == 5 && parts[3] == "real" ? 1 : 0;
  return parts.size() == 4 + real && Has(kSubjects, parts[0]) && Has(kVerbs, parts[1]) && parts[2] == "no" &&
         (parts.back().starts_with("solution") || parts.back() == "roots");
}

Statement ReadStatement(const std::vector<Token>& tokens, std::string_view words) {
  Statement statement;
  statement.words = words;
  constexpr size_t kMaxWords = 16;
  const std::vector<std::string> parts = words.size() < 200 ? Split(words) : std::vector<std::string>();
  if (parts.empty() || parts.size() > kMaxWords) {
    return statement;
  }
  for (const std::string& part : parts) {
    if (!Has(kFillers, part)) {
      statement.content.push_back(Normal(part));
    }
  }
  const auto says = [&](std::string_view word) { return Has(parts, word); };
  const bool ends =
      tokens.size() > 1 && (tokens[1].kind == Tok::kEnd || tokens[1].kind == Tok::kComma || tokens[1].kind == Tok::kSemicolon);
  const std::string& first = parts[0];
  const bool contradicts = (says("yes") && says("no")) || (says("true") && says("false"));
  if (ends && !contradicts && (first == "yes" || first == "true" || first == "no" || first == "false")) {
    statement.truth = first == "yes" || first == "true" ? 1 : -1;
    statement.is_truth = true;
  } else if (says("impossible") || says("possible") || says("cannot")) {
    statement.truth = says("impossible") || says("not") || says("cannot") || says("no") ? -1 : 1;
  }
  const auto negated = std::ranges::find(parts, "not");
  const bool denies = first == "no" || (first == "there" && says("no")) ||
                      (negated != parts.end() && negated + 1 != parts.end() && (negated[1] == "exist" || negated[1] == "exists"));
  // "no solution if a = 3" is about a.
  constexpr auto kConditions = std::to_array<std::string_view>({"if", "iff", "when", "unless", "whenever", "only"});
  const bool is_conditional = std::ranges::any_of(parts, [&](const std::string& part) { return Has(kConditions, part); });
  const bool names_none = says("exist") || says("exists") || says("solution") || says("solutions") || says("roots") || says("such");
  // "no unique solution", "no other solutions": there are some.
  constexpr auto kKinds = std::to_array<std::string_view>(
      {"unique", "trivial", "nontrivial", "nonzero", "positive", "negative",   "repeated", "double", "rational",   "other",
       "others", "more",    "further",    "besides", "than",     "additional", "false",    "closed", "elementary", "but"});
  const bool is_of_a_kind =
      std::ranges::any_of(parts, [&](const std::string& part) { return Has(kKinds, part) || std::ranges::all_of(part, &IsDigit); });
  const bool says_none = denies && names_none && !ends && !is_conditional && !is_of_a_kind;
  if ((denies || says("no")) && names_none && is_of_a_kind) {
    constexpr auto kFrames = std::to_array<std::string_view>({"there", "are", "is", "no", "not", "do", "does", "exist", "exists", "such",
                                                              "the", "solution", "solutions", "roots", "root", "has", "have", "equation"});
    for (const std::string& part : parts) {
      if (!Has(kFrames, part)) {
        statement.denied_kinds.push_back(Normal(part));
      }
    }
    std::ranges::sort(statement.denied_kinds);
  }
  statement.says_none = says_none || HasNoSolution(parts) || IsMissing(parts);
  return statement;
}

bool SameStatement(const Statement& a, const Statement& b) {
  if (a.words == b.words || EndsWith(a.words, b.words) || EndsWith(b.words, a.words)) {
    return true;
  }
  if (a.content.empty() || b.content.empty()) {
    return false;
  }
  if (a.content == b.content || OnlyAdds(a.content, b.content) || OnlyAdds(b.content, a.content)) {
    return true;
  }
  std::vector<std::string> left = a.content;
  std::vector<std::string> right = b.content;
  std::ranges::sort(left);
  std::ranges::sort(right);
  return left.size() == 2 && left == right;
}

}  // namespace cupel::math
