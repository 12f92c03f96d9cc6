#include "verifiers/math/repairs.h"

#include <algorithm>
#include <array>
#include <optional>

#include "verifiers/answer/characters.h"

namespace cupel::math {
namespace {

using Tokens = std::vector<Token>;

// Each repair moves the tokens behind it; answers that need more than a few are hostile.
constexpr int kMaxRepairs = 32;

void EraseRange(Tokens& tokens, size_t begin, size_t end) {
  tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(begin), tokens.begin() + static_cast<std::ptrdiff_t>(end));
}

Token Made(Tok kind, std::string_view text = {}) { return {kind, std::string(text), true, false, false}; }

// ^' and ^{''} as primes.
void RepairPrimes(Tokens& tokens) {
  int repairs = 0;
  for (size_t i = 0; i + 2 < tokens.size() && repairs < kMaxRepairs; ++i) {
    if (tokens[i].kind != Tok::kCaret) {
      continue;
    }
    ++repairs;
    if (tokens[i + 1].kind == Tok::kPrime) {
      EraseRange(tokens, i, i + 1);
    } else if (tokens[i + 1].kind == Tok::kBrace && tokens[i + 2].kind == Tok::kPrime) {
      size_t end = i + 2;
      while (tokens[end].kind == Tok::kPrime) {
        ++end;
      }
      if (tokens[end].kind == Tok::kBraceClose) {
        EraseRange(tokens, end, end + 1);
        EraseRange(tokens, i, i + 2);
      }
    }
  }
}

// {a \over b}: the braces around it, or the whole answer, hold numerator and denominator. {a \choose b} alike.
void RepairOver(Tokens& tokens) {
  int repairs = 0;
  for (size_t i = 0; i < tokens.size() && repairs < kMaxRepairs; ++i) {
    const bool is_binomial = tokens[i].text == "choose";
    if (tokens[i].kind != Tok::kSlash || (tokens[i].text != "over" && !is_binomial)) {
      continue;
    }
    ++repairs;
    size_t open = i;
    int depth = 0;
    while (open > 0 && depth < 1) {
      depth += DepthStep(tokens[--open]);
    }
    const bool braced = depth == 1 && tokens[open].kind == Tok::kBrace;
    const size_t close = braced ? MatchingClose(tokens, open) : tokens.size() - 1;
    if ((depth == 1 && !braced) || close >= tokens.size()) {
      tokens[i].kind = is_binomial ? Tok::kWord : Tok::kSlash;
      tokens[i].text = is_binomial ? "choose" : "/";
      continue;
    }
    // \frac { a } { b }: a brace pair more where the answer had none around the whole.
    if (!braced) {
      tokens.insert(tokens.end() - 1, Made(Tok::kBraceClose));
      tokens.insert(tokens.begin(), Made(Tok::kBrace));
      open = 0;
      ++i;
    }
    tokens[i] = Made(Tok::kBraceClose);
    tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1, Made(Tok::kBrace));
    tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(open), Made(is_binomial ? Tok::kBinomial : Tok::kFraction));
  }
}

// What a script behind a set's letter says: "+", "*", "0", ">0"; empty when it is a power or nothing that is known.
std::string SetScript(const Tokens& tokens, size_t at, size_t& end) {
  const bool braced = tokens[at + 1].kind == Tok::kBrace;
  std::string script;
  size_t i = at + (braced ? 2 : 1);
  const size_t begin = i;
  while (i + 1 < tokens.size() && i < begin + 3 && tokens[i].kind != Tok::kBraceClose && (braced || i == begin)) {
    const Token& token = tokens[i];
    script += token.kind == Tok::kPlus ? "+" : token.kind == Tok::kMinus ? "-" : token.text;
    ++i;
  }
  if (braced && tokens[i].kind != Tok::kBraceClose) {
    return {};
  }
  end = braced ? i + 1 : i;
  constexpr auto kKnown = std::to_array<std::string_view>({"+", "-", "*", "0", ">0", ">=0", ">=1", "!=0", "<0", "0+", "+0"});
  return std::ranges::find(kKnown, script) == kKnown.end() ? std::string() : script;
}

// The positive integers are "N", those with zero "N0"; positive, non-negative and non-zero numbers of another set X are "X+", "X0+", "X*".
std::string SetName(const std::string& letter, const std::string& script) {
  const bool positive = script == "+" || script == ">0" || script == ">=1";
  const bool from_zero = script == "0" || script == ">=0" || script == "0+" || script == "+0";
  if (letter == "N" || letter == "Z") {
    const bool is_natural = letter == "N" && (script == "*" || script == "!=0");
    return positive || is_natural ? "N" : from_zero ? "N0" : script == "*" || script == "!=0" ? "Z*" : letter + script;
  }
  return letter + (positive ? "+" : from_zero ? "0+" : script == "!=0" ? "*" : script == "<0" ? "-" : script);
}

void RepairSets(Tokens& tokens) {
  int repairs = 0;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const bool is_letter = tokens[i].kind == Tok::kLetter && i > 0 && tokens[i - 1].kind == Tok::kRelation &&
                           (tokens[i - 1].text == "in" || tokens[i - 1].text == "notin") &&
                           (tokens[i].text == "Z" || tokens[i].text == "N" || tokens[i].text == "R" || tokens[i].text == "Q");
    if (is_letter) {
      tokens[i].kind = Tok::kSet;
    }
    if (tokens[i].kind == Tok::kBrace && i > 0 && i + 2 < tokens.size() && tokens[i - 1].kind == Tok::kRelation &&
        tokens[i + 2].kind == Tok::kBraceClose && repairs++ < kMaxRepairs) {  // \\in \\mathbf{Z}
      EraseRange(tokens, i + 2, i + 3);
      EraseRange(tokens, i, i + 1);
      --i;
      continue;
    }
    if (tokens[i].kind != Tok::kSet || (tokens[i + 1].kind != Tok::kCaret && tokens[i + 1].kind != Tok::kUnder)) {
      continue;
    }
    if (++repairs > kMaxRepairs) {
      return;
    }
    size_t end = 0;
    if (const std::string script = SetScript(tokens, i + 1, end); !script.empty()) {
      tokens[i].text = SetName(tokens[i].text, script);
      EraseRange(tokens, i + 1, end);
    }
  }
}

// The number of an enumeration's mark at `at`, "(2)", "(ii)", "(II)", "(b)" or "2)" in text, and where it ends.
std::optional<int> EnumerationMark(const Tokens& tokens, size_t at, size_t& end) {
  if (at + 3 >= tokens.size() || tokens[at].kind != Tok::kOpen || tokens[at].text != "(" || tokens[at + 2].kind != Tok::kClose ||
      tokens[at + 2].text != ")") {
    return std::nullopt;
  }
  constexpr auto kRoman = std::to_array<std::string_view>({"i", "ii", "iii", "iv", "v", "vi"});
  std::string text = tokens[at + 1].text;
  std::ranges::transform(text, text.begin(), LowerCase);
  end = at + 3;
  if (tokens[at + 1].kind == Tok::kNumber) {
    return text.size() == 1 && IsDigit(text[0]) ? std::optional(text[0] - '0') : std::nullopt;
  }
  if (tokens[at + 1].kind != Tok::kLetter && tokens[at + 1].kind != Tok::kWord) {
    return std::nullopt;
  }
  if (const auto found = std::ranges::find(kRoman, text); found != kRoman.end()) {
    return static_cast<int>(found - kRoman.begin()) + 1;
  }
  return text.size() == 1 && 'a' <= text[0] && text[0] <= 'f' ? std::optional(text[0] - 'a' + 1) : std::nullopt;
}

// "(1) 3 (2) 5" as "part 1: 3; part 2: 5": marks that count from one, with something behind each.
void RepairEnumeration(Tokens& tokens) {
  std::vector<std::pair<size_t, size_t>> marks;
  int depth = 0;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    size_t end = 0;
    const bool may_begin = depth == 0 && (i == 0 || !marks.empty());
    const std::optional<int> mark = may_begin ? EnumerationMark(tokens, i, end) : std::nullopt;
    const bool is_next =
        mark && *mark == static_cast<int>(marks.size()) + 1 && tokens[end].kind != Tok::kEnd && (marks.empty() || i > marks.back().second);
    if (is_next) {
      marks.emplace_back(i, end);
      i = end - 1;
      continue;
    }
    if (i == 0) {
      return;
    }
    depth += DepthStep(tokens[i]);
  }
  // Values that follow each other without a sign are a product of brackets only where something simple stands between: "(1)(3)".
  if (marks.size() < 2) {
    return;
  }
  for (size_t k = marks.size(); k-- > 0;) {
    const auto [begin, end] = marks[k];
    EraseRange(tokens, begin, end);
    Token part = Made(Tok::kWord, "part#" + std::to_string(k + 1));
    part.is_prose = true;
    const auto at = tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(begin), Made(Tok::kColon, ":"));
    tokens.insert(at, part);
    const bool has_separator = k == 0 || tokens[begin - 1].kind == Tok::kSemicolon;
    if (k > 0 && tokens[begin - 1].kind == Tok::kComma) {
      tokens[begin - 1].kind = Tok::kSemicolon;
    } else if (!has_separator) {
      tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(begin), Made(Tok::kSemicolon, ";"));
    }
  }
}

// f: x \mapsto x^2 as f(x) = x^2.
void RepairMapping(Tokens& tokens) {
  const auto is_letter = [&](size_t i) { return tokens[i].kind == Tok::kLetter; };
  if (tokens.size() > 5 && is_letter(0) && tokens[1].kind == Tok::kColon && is_letter(2) && tokens[3].kind == Tok::kRelation &&
      tokens[3].text == "mapsto") {
    tokens[1] = Made(Tok::kOpen, "(");
    tokens[3] = Made(Tok::kRelation, "=");
    tokens.insert(tokens.begin() + 3, Made(Tok::kClose, ")"));
  }
  for (Token& token : tokens) {  // "x \\mapsto x^2" without a name is not read
    token.kind = token.kind == Tok::kRelation && token.text == "mapsto" ? Tok::kBig : token.kind;
  }
}

void DropLeadingRelation(Tokens& tokens) {
  while (tokens.size() > 2 &&
         (tokens[0].kind == Tok::kGap || (tokens[0].kind == Tok::kRelation && (tokens[0].text == "=" || tokens[0].text == "~")))) {
    tokens.erase(tokens.begin());
  }
}

}  // namespace

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

size_t MatchingClose(const Tokens& tokens, size_t open) {
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    depth += DepthStep(tokens[i]);
    if (depth == 0) {
      return i;
    }
  }
  return tokens.size();
}

void RepairTokens(Tokens& tokens) {
  const auto has = [&](Tok kind) { return std::ranges::find(tokens, kind, &Token::kind) != tokens.end(); };
  DropLeadingRelation(tokens);
  if (has(Tok::kPrime)) {
    RepairPrimes(tokens);
  }
  if (has(Tok::kSlash)) {
    RepairOver(tokens);
  }
  if (has(Tok::kRelation) || has(Tok::kSet)) {
    RepairMapping(tokens);
    RepairSets(tokens);
  }
  if (tokens[0].kind == Tok::kOpen) {
    RepairEnumeration(tokens);
  }
}

}  // namespace cupel::math
