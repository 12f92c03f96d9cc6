#include "verifiers/math/prose.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "verifiers/answer/characters.h"
#include "verifiers/math/repairs.h"
#include "verifiers/math/units.h"
#include "verifiers/math/word_list.h"

namespace cupel::math {
namespace {

constexpr auto kConditions = std::to_array<std::string_view>({"if", "when", "unless", "otherwise", "whenever", "else", "except"});
constexpr auto kClauses =
    std::to_array<std::string_view>({"where", "for", "such", "provided", "assuming", "given", "since", "because", "which"});
// What tells where a value is taken.
constexpr auto kPlaces = std::to_array<std::string_view>({"attained", "achieved", "reached", "occurring", "equality"});
constexpr auto kCopulas =
    std::to_array<std::string_view>({"is", "are", "be", "was", "equals", "equal", "get", "obtain", "becomes", "were"});
constexpr auto kTending = std::to_array<std::string_view>({"converges", "diverges", "tends", "goes", "approaches"});
constexpr auto kWhen = std::to_array<std::string_view>({"as", "when", "while", "if", "then", "whenever", "where", "for"});
constexpr auto kHedges = std::to_array<std::string_view>({"could", "might", "may", "maybe", "perhaps", "possibly", "probably"});
constexpr auto kNegations = std::to_array<std::string_view>({"not", "no", "never", "isn", "aren", "cannot", "neither", "nor", "without"});

bool IsProseWord(const Token& token) { return token.kind == Tok::kWord && token.is_prose; }

// Names in a clause that says they are whole numbers, or arbitrary constants; those of real numbers go to `reals`.
std::vector<std::string> Declared(std::span<const Token> clause, std::vector<std::string>& reals) {
  bool declares = false;
  bool declares_reals = false;
  std::vector<std::string> names;
  for (const Token& token : clause) {
    const std::string word = token.kind == Tok::kWord ? LowerCaseText(token.text) : std::string();
    declares = declares || (token.kind == Tok::kSet && (token.text.starts_with('Z') || token.text.starts_with('N'))) || word == "integer" ||
               word == "integers" || word == "natural" || word == "constant" || word == "constants";
    declares_reals = declares_reals || (token.kind == Tok::kSet && token.text.starts_with('R')) || word == "real" || word == "arbitrary";
    if (token.kind == Tok::kLetter) {
      names.push_back(token.text);
    }
  }
  if (!declares && declares_reals) {
    reals = names;
  }
  return declares ? names : std::vector<std::string>();
}

bool HasMath(std::span<const Token> tokens) {
  return std::ranges::any_of(tokens, [](const Token& token) {
    return token.kind == Tok::kNumber || token.kind == Tok::kFraction || token.kind == Tok::kRoot || token.kind == Tok::kRelation ||
           token.kind == Tok::kConstant || token.kind == Tok::kSet || token.kind == Tok::kEmptySet || token.kind == Tok::kLetter;
  });
}

// "5 (since the other root is negative)": a remark in brackets at the end, without a value of its own.
void CutRemark(Trimmed& trimmed) {
  std::vector<Token>& tokens = trimmed.tokens;
  const size_t end = tokens.size() - 1;
  if (end < 3 || tokens[end - 1].kind != Tok::kClose || tokens[end - 1].text != ")") {
    return;
  }
  constexpr auto kReasons = std::to_array<std::string_view>({"where", "since", "because", "as"});
  size_t open = end - 1;
  int depth = -1;
  while (open > 0 && depth < 0) {
    depth += DepthStep(tokens[--open]);
  }
  ++open;
  const std::string first = LowerCaseText(tokens[open].text);
  const bool is_prose = std::all_of(tokens.begin() + static_cast<std::ptrdiff_t>(open), tokens.end() - 2, &IsProseWord);
  const bool is_remark = open + 1 < end && open >= 2 && tokens[open - 1].kind == Tok::kOpen && tokens[open - 1].text == "(" &&
                         (is_prose || (IsProseWord(tokens[open]) && Has(kReasons, first))) && !Has(kConditions, first) &&
                         !Has(kNegations, first) && HasMath(std::span(tokens).subspan(0, open - 1));
  if (!is_remark) {
    return;
  }
  if (first == "constant" || first.starts_with("arbitrary")) {
    for (size_t i = 0; i + 1 < open; ++i) {
      if (tokens[i].kind == Tok::kLetter) {
        trimmed.parameters.push_back(tokens[i].text);
      }
    }
  }
  tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(open) - 1, tokens.end() - 1);
  trimmed.has_clause = true;
}

// "either -1 or 3", "approximately 20".
void CutOpening(Trimmed& trimmed) {
  constexpr auto kOpenings = std::to_array<std::string_view>({"either", "approximately", "only", "exactly", "just"});
  std::vector<Token>& tokens = trimmed.tokens;
  while (tokens.size() > 2 && IsProseWord(tokens[0]) && Has(kOpenings, LowerCaseText(tokens[0].text)) && tokens[1].kind != Tok::kWord) {
    tokens.erase(tokens.begin());
    trimmed.has_label = true;
  }
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
                            tokens[i + 2].kind == Tok::kRelation && tokens[i + 2].text != "->" && tokens[i + 2].text != "==" &&
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
    const std::string word = IsProseWord(token) ? LowerCaseText(token.text) : "";
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

bool HasEquation(std::span<const Token> tokens) {
  return std::ranges::any_of(tokens, [](const Token& token) { return token.kind == Tok::kRelation && token.text == "="; });
}

// "1/2, when a = b": the place of a value, behind a comma, and no case of several.
bool TellsPlace(std::span<const Token> head, std::span<const Token> clause) {
  const auto is_relation = [](const Token& token) { return token.kind == Tok::kRelation; };
  return LowerCaseText(clause[0].text) == "when" && head.back().kind == Tok::kComma && std::ranges::any_of(clause, is_relation) &&
         std::ranges::all_of(clause, [&](const Token& token) { return !is_relation(token) || token.text == "="; }) &&
         std::ranges::none_of(head, [](const Token& token) { return token.kind == Tok::kLetter; });
}

void CutClause(Trimmed& trimmed) {
  std::vector<Token>& tokens = trimmed.tokens;
  int depth = 0;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    depth += DepthStep(tokens[i]);
    const std::string word = IsProseWord(tokens[i]) ? LowerCaseText(tokens[i].text) : "";
    const bool is_place = Has(kPlaces, word) || (word == "at" && HasEquation(std::span(tokens).subspan(i))) ||
                          (word == "with" && LowerCaseText(tokens[i + 1].text) == "equality");
    const bool bounds =
        word == "with" && tokens[i + 1].kind == Tok::kLetter && i + 2 < tokens.size() && tokens[i + 2].kind == Tok::kRelation;
    const bool begins = depth == 0 && i > 0 && (tokens[i].kind == Tok::kQuantifier || Has(kClauses, word) || is_place || bounds);
    const std::span<const Token> head(tokens.data(), i);
    const std::span<const Token> clause(tokens.data() + i, tokens.size() - i);
    const bool tells_place = depth == 0 && i > 0 && TellsPlace(head, clause);
    if (depth == 0 && Has(kConditions, word) && !tells_place) {
      return;
    }
    if (!begins && !tells_place) {
      continue;
    }
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
    const auto is_condition = [](const Token& token) { return Has(kConditions, LowerCaseText(token.text)); };
    if (!is_place && std::ranges::any_of(clause.subspan(tells_place ? 1 : 0), is_condition)) {
      return;
    }
    if (SaysMore(clause.subspan(is_place ? std::min<size_t>(2, clause.size() - 1) : 0))) {
      return;
    }
    for (std::string& name : Declared(clause, trimmed.real_parameters)) {
      trimmed.parameters.push_back(std::move(name));
    }
    trimmed.has_clause = true;
    trimmed.clause.assign(clause.begin(), clause.end());
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(i), tokens.end() - 1);
    while (tokens.size() > 1 && (tokens[tokens.size() - 2].kind == Tok::kComma || tokens[tokens.size() - 2].kind == Tok::kGap ||
                                 tokens[tokens.size() - 2].kind == Tok::kSemicolon || tokens[tokens.size() - 2].kind == Tok::kOpen)) {
      tokens.erase(tokens.end() - 2);
    }
    return;
  }
}

// "12 and Mary is 8": behind a separator another value has its label, so that the first one belongs to its own.
bool NamesMore(std::span<const Token> rest) {
  bool is_separated = false;
  bool has_words = false;
  for (const Token& token : rest) {
    const bool separates = token.kind == Tok::kComma || token.kind == Tok::kSemicolon || token.kind == Tok::kAnd;
    is_separated = is_separated || separates;
    has_words = !separates && (has_words || IsProseWord(token));
    if (is_separated && has_words && (token.kind == Tok::kColon || (IsProseWord(token) && Has(kCopulas, LowerCaseText(token.text))))) {
      return true;
    }
  }
  return false;
}

// Whether words name the upper (1) or the lower (-1) of two things; 0 for neither and both.
int Extreme(std::span<const Token> words) {
  constexpr auto kUpper = std::to_array<std::string_view>({"larger", "largest", "greater", "greatest", "bigger", "biggest", "maximum",
                                                           "maximal", "max", "longer", "longest", "upper", "first"});
  constexpr auto kLower = std::to_array<std::string_view>(
      {"smaller", "smallest", "lesser", "least", "minimum", "minimal", "min", "shorter", "shortest", "lower", "second"});
  const auto says = [&](const auto& list) {
    return std::ranges::any_of(words, [&](const Token& token) { return Has(list, LowerCaseText(token.text)); });
  };
  const bool upper = says(kUpper);
  return upper == says(kLower) ? 0 : upper ? 1 : -1;
}

// The label ends behind the last copula or colon, and holds no relation, list or negation of its own.
void CutLabel(Trimmed& trimmed) {
  std::vector<Token>& tokens = trimmed.tokens;
  if (tokens.empty() || tokens[0].text.starts_with("part#")) {
    return;
  }
  // "converges to 2 as n goes to infinity" names another limit.
  const auto says_when = [](const Token& token) { return Has(kWhen, LowerCaseText(token.text)); };
  const bool may_tend = std::ranges::count_if(tokens, [](const Token& token) { return Has(kTending, LowerCaseText(token.text)); }) == 1 &&
                        std::ranges::none_of(tokens, says_when);
  int depth = 0;
  size_t cut = 0;
  bool has_words = false;
  for (size_t i = 0; i + 2 < tokens.size(); ++i) {
    const Token& token = tokens[i];
    depth += DepthStep(token);
    const std::string word = IsProseWord(token) ? LowerCaseText(token.text) : "";
    if (depth == 0 && (token.kind == Tok::kComma || token.kind == Tok::kSemicolon || token.kind == Tok::kAnd || token.kind == Tok::kOr ||
                       token.kind == Tok::kRelation || Has(kNegations, word) || Has(kHedges, word))) {
      break;
    }
    has_words = has_words || !word.empty();
    const bool names = i > 0 && (IsProseWord(tokens[i - 1]) || tokens[i - 1].kind == Tok::kLetter);
    const bool tends = may_tend && word == "to" && cut == 0 && Has(kTending, LowerCaseText(tokens[i > 0 ? i - 1 : 0].text));
    const bool is_end = Has(kCopulas, word) || tends || (token.kind == Tok::kColon && has_words && names);
    if (depth == 0 && is_end) {
      cut = i + 1;
    }
  }
  if (cut == 0 || !has_words || NamesMore(std::span(tokens).subspan(cut))) {
    return;
  }
  while (cut + 1 < tokens.size() && (tokens[cut].kind == Tok::kColon || (tokens[cut].kind == Tok::kGap))) {
    ++cut;
  }
  trimmed.extreme = Extreme(std::span(tokens).subspan(0, cut));
  tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(cut));
  trimmed.has_label = true;
}

// "the square of", "the set of divisors of", but not "a total of": every "of" stands behind what is measured.
bool IsOperation(std::span<const Token> words) {
  constexpr auto kMeasures = std::to_array<std::string_view>(
      {"value",  "values", "answer", "answers", "result", "total", "amount",   "maximum",  "minimum",     "probability", "chance",
       "area",   "volume", "length", "width",   "height", "depth", "distance", "radius",   "diameter",    "perimeter",   "circumference",
       "weight", "mass",   "speed",  "rate",    "time",   "age",   "cost",     "price",    "temperature", "profit",      "loss",
       "number", "count",  "angle",  "size",    "score",  "mean",  "average",  "solution", "solutions",   "set",         "out"});
  for (size_t i = 0; i < words.size(); ++i) {
    if (LowerCaseText(words[i].text) == "of" && (i == 0 || !Has(kMeasures, LowerCaseText(words[i - 1].text)))) {
      return true;
    }
  }
  return false;
}

}  // namespace

Trimmed TrimProse(std::vector<Token> tokens) {
  Trimmed trimmed;
  trimmed.tokens = std::move(tokens);
  CutOpening(trimmed);
  CutRemark(trimmed);
  OpenDeclaration(trimmed.tokens);
  CutClause(trimmed);
  CutLabel(trimmed);
  return trimmed;
}

std::vector<Token> WithoutWordsAround(const std::vector<Token>& tokens) {
  size_t begin = 0;
  size_t end = tokens.size() - 1;
  const auto is_harmless = [](const Token& token) {
    const std::string word = LowerCaseText(token.text);
    return IsProseWord(token) && IsHarmlessWord(word) && !Has(kNegations, word) && !Has(kHedges, word) && !Has(kConditions, word) &&
           !Has(kClauses, word);
  };
  while (begin < end &&
         (is_harmless(tokens[begin]) || (begin > 0 && (tokens[begin].kind == Tok::kComma || tokens[begin].kind == Tok::kColon)))) {
    ++begin;
  }
  while (end > begin && is_harmless(tokens[end - 1])) {
    --end;
  }
  if (begin == end || (begin == 0 && end + 1 == tokens.size()) || IsOperation(std::span(tokens).subspan(0, begin))) {
    return {};
  }
  std::vector<Token> inner(tokens.begin() + static_cast<std::ptrdiff_t>(begin), tokens.begin() + static_cast<std::ptrdiff_t>(end));
  inner.push_back(tokens.back());
  return inner;
}

std::vector<Token> WithoutUniversal(const std::vector<Token>& tokens) {
  constexpr auto kWords = std::to_array<std::string_view>({"all", "any", "every", "each", "of", "values", "possible", "real", "integer",
                                                           "integers", "positive", "natural", "number", "numbers"});
  size_t begin = 0;
  while (begin < tokens.size() && (IsProseWord(tokens[begin]) || tokens[begin].kind == Tok::kLetter) &&
         LowerCaseText(tokens[begin].text) != "for") {
    ++begin;
  }
  const bool is_quantifier = begin + 2 < tokens.size() && LowerCaseText(tokens[begin].text) == "for" && begin > 0 &&
                             Has(kWords, LowerCaseText(tokens[begin + 1].text));
  if (!is_quantifier) {
    return tokens;
  }
  for (size_t i = begin + 1; i + 1 < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const bool is_membership = token.kind == Tok::kSet || (token.kind == Tok::kRelation && token.text == "in");
    if (token.kind != Tok::kLetter && !is_membership && !Has(kWords, LowerCaseText(token.text))) {
      return tokens;
    }
  }
  std::vector<Token> said(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(begin));
  said.push_back(tokens.back());
  return said;
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
    text += LowerCaseText(token.text);
  }
  for (const std::string_view article : {"the ", "a ", "an "}) {
    if (text.starts_with(article) && text.size() > article.size() + 1) {
      text.erase(0, article.size());
    }
  }
  return text;
}

}  // namespace cupel::math
