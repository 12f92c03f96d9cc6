#include "verifiers/math/reading.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "verifiers/answer/characters.h"
#include "verifiers/math/dots.h"
#include "verifiers/math/parser.h"
#include "verifiers/math/prose.h"
#include "verifiers/math/repairs.h"
#include "verifiers/math/token.h"
#include "verifiers/math/units.h"

namespace cupel::math {
namespace {

// Without Markdown emphasis, quotes and the full stop around the whole.
std::string_view Undressed(std::string_view text) {
  while (true) {
    text = TrimSpace(text);
    const size_t before = text.size();
    for (const std::string_view mark : {"**", "__", "`", "\""}) {
      if (text.size() > 2 * mark.size() && text.starts_with(mark) && text.ends_with(mark)) {
        text = text.substr(mark.size(), text.size() - 2 * mark.size());
      }
    }
    // "**Answer:** 5": emphasis of a label before the value.
    if (const size_t close = text.find("**", 2); text.starts_with("**") && close != std::string_view::npos && text[close - 1] == ':') {
      text.remove_prefix(close + 2);
    }
    if (text.size() > 1 && text.ends_with("**")) {
      text.remove_suffix(2);
    }
    if (text.size() == before) {
      return text;
    }
  }
}

bool HasText(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kText; });
}

std::string WordAt(const std::vector<Token>& tokens, size_t i) {
  return tokens[i].kind == Tok::kWord ? LowerCaseText(tokens[i].text) : std::string();
}

// How many tokens "all permutations of" are, in front of a bracket; 0 when they are not there.
size_t PermutedFront(const std::vector<Token>& tokens, bool& is_cyclic) {
  constexpr auto kBefore = std::to_array<std::string_view>({"all", "any", "the", "cyclic", "every"});
  size_t at = 0;
  bool is_any = false;
  while (at + 2 < tokens.size() && std::ranges::find(kBefore, WordAt(tokens, at)) != kBefore.end()) {
    is_cyclic = is_cyclic || WordAt(tokens, at) == "cyclic";
    is_any = true;
    ++at;
  }
  const bool says = is_any && at + 2 < tokens.size() && WordAt(tokens, at) == "permutations" && WordAt(tokens, at + 1) == "of";
  return says && tokens[at + 2].kind == Tok::kOpen && tokens[at + 2].text == "(" && MatchingClose(tokens, at + 2) + 2 == tokens.size()
             ? at + 2
             : 0;
}

// "(1,2) and its permutations": takes the words off and says whether all or the cyclic ones are meant.
enum class Permuted : uint8_t { kNo, kAll, kCyclic };

Permuted CutPermutations(std::vector<Token>& tokens) {
  size_t begin = tokens.size() - 1;
  bool has_word = false;
  bool is_cyclic = false;
  constexpr auto kWords = std::to_array<std::string_view>({"all", "its", "their", "the", "any", "of", "these", "those", "thereof", "cyclic",
                                                           "permutation", "permutations", "pairs", "triples", "tuples"});
  while (begin > 0 && std::ranges::find(kWords, WordAt(tokens, begin - 1)) != kWords.end()) {
    --begin;
    has_word = has_word || WordAt(tokens, begin).starts_with("permutation");
    is_cyclic = is_cyclic || WordAt(tokens, begin) == "cyclic";
  }
  if (const size_t front = PermutedFront(tokens, is_cyclic); !has_word && front > 0) {
    tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(front));
    return is_cyclic ? Permuted::kCyclic : Permuted::kAll;
  }
  if (!has_word || begin < 2) {
    return Permuted::kNo;
  }
  while (begin > 1 &&
         (tokens[begin - 1].kind == Tok::kAnd || tokens[begin - 1].kind == Tok::kOr || tokens[begin - 1].kind == Tok::kComma)) {
    --begin;
  }
  tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(begin), tokens.end() - 1);
  return is_cyclic ? Permuted::kCyclic : Permuted::kAll;
}

// All different orders of a tuple's items, or of each tuple in a list.
Expr WithPermutations(Expr expr, bool is_cyclic, Arena& arena) {
  constexpr size_t kMaxItems = 4;
  const std::vector<Expr> tuples = expr->Is(Kind::kList) || expr->Is(Kind::kSet) ? expr->kids : std::vector<Expr>{expr};
  std::vector<Expr> all;
  for (const Expr tuple : tuples) {
    const Expr value = tuple->Is(Kind::kRelation) && tuple->text == "=" ? tuple->kid(1) : tuple;
    if (!value->Is(Kind::kGroup) || value->kids.size() < 2 || value->kids.size() > kMaxItems) {
      return expr;
    }
    std::vector<size_t> order(value->kids.size());
    std::iota(order.begin(), order.end(), size_t{0});
    do {
      std::vector<Expr> items;
      for (const size_t i : order) {
        items.push_back(value->kid(i));
      }
      if (std::ranges::none_of(all, [&](Expr other) { return std::ranges::equal(other->kids, items, &SameTree); })) {
        all.push_back(arena.Make(Kind::kGroup, items, value->text));
      }
      if (is_cyclic) {
        std::ranges::rotate(order, order.begin() + 1);
      }
    } while (is_cyclic ? order[0] != 0 : std::ranges::next_permutation(order).found);
  }
  return all.size() == 1 ? all[0] : arena.Make(Kind::kSet, std::move(all));
}

// Letters behind numbers as units: "5 m", "3 h 20 min", "10 m/s". False when there are none.
bool LettersAsUnits(std::vector<Token>& tokens) {
  bool any = false;
  for (size_t i = 1; i + 1 < tokens.size(); ++i) {
    Token& token = tokens[i];
    const bool is_letter = token.kind == Tok::kLetter || (token.kind == Tok::kWord && !token.is_prose) ||
                           (token.kind == Tok::kFunction && token.text == "min");
    const Tok next = tokens[i + 1].kind;
    const bool may_end = next == Tok::kEnd || next == Tok::kNumber || next == Tok::kSlash || next == Tok::kComma || next == Tok::kAnd ||
                         next == Tok::kCaret || next == Tok::kBraceClose || (next == Tok::kLetter && FindUnit(tokens[i + 1].text));
    const bool behind_value = tokens[i - 1].kind == Tok::kConstant || (tokens[i - 1].kind == Tok::kBraceClose && token.space_before);
    const bool begins = tokens[i - 1].kind == Tok::kNumber || behind_value ||
                        (tokens[i - 1].kind == Tok::kSlash && i > 1 && tokens[i - 2].is_prose) ||
                        (any && tokens[i - 1].is_prose && token.space_before);
    if (is_letter && may_end && begins && FindUnit(token.text)) {
      token.kind = Tok::kWord;
      token.is_prose = true;
      any = true;
    }
  }
  // "(5t, 3 - t)": what also stands by itself is no unit.
  const auto is_variable = [&](const Token& unit) {
    return unit.kind == Tok::kWord && unit.is_prose && std::ranges::any_of(tokens, [&](const Token& token) {
             return token.kind == Tok::kLetter && token.text == unit.text && (&token)[1].kind != Tok::kRelation;
           });
  };
  return any && std::ranges::none_of(tokens, is_variable);
}

// Bound variables of sums, integrals and limits under one name for each depth: the sum over n is the sum over k.
Expr WithBoundNames(Expr expr, Arena& arena, int& depth) {
  if (expr->kids.empty()) {
    return expr;
  }
  Node node = *expr;
  int inner = depth;
  for (Expr& kid : node.kids) {
    int below = depth;
    kid = WithBoundNames(kid, arena, below);
    inner = std::max(inner, below);
  }
  depth = inner;
  if (node.kind == Kind::kSum) {
    const std::string name = "bound " + std::to_string(++depth);
    node.kids[0] = Substitute(arena, node.kids[0], node.name, arena.Symbol(name));
    node.name = name;
  }
  return arena.Add(std::move(node));
}

// (3,4): in brackets a comma separates.
bool HasBracketedNumber(const std::vector<Token>& tokens) {
  for (size_t i = 2; i < tokens.size(); ++i) {
    const size_t before = i > 2 && tokens[i - 2].kind == Tok::kMinus ? i - 3 : i - 2;
    if (tokens[i].kind == Tok::kClose && tokens[i - 1].kind == Tok::kNumber && tokens[before].kind == Tok::kOpen) {
      return true;
    }
  }
  return false;
}

// One word of three capitals or more, and nothing else: XIV, or the order ABDC.
std::string CapitalWord(const std::vector<Token>& tokens) {
  std::string word;
  for (const Token& token : tokens) {
    if (token.kind == Tok::kWord && word.empty()) {
      word = token.text;
    } else if (token.kind != Tok::kBrace && token.kind != Tok::kBraceClose && token.kind != Tok::kEnd) {
      return {};
    }
  }
  const bool is_capital = std::ranges::all_of(word, [](char c) { return 'A' <= c && c <= 'Z'; });
  return word.size() >= 3 && is_capital ? word : std::string();
}

// "(1)(3)" as the list of both.
bool BracketedNumbers(std::vector<Token>& tokens) {
  const size_t count = tokens.size() - 1;
  if (count < 6 || count % 3 != 0) {
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    const Token& token = tokens[i];
    const bool fits = i % 3 == 0   ? token.kind == Tok::kOpen && token.text == "("
                      : i % 3 == 1 ? token.kind == Tok::kNumber && token.text.size() == 1
                                   : token.kind == Tok::kClose && token.text == ")";
    if (!fits) {
      return false;
    }
  }
  std::vector<Token> list;
  for (size_t i = 1; i < count; i += 3) {
    if (i > 1) {
      list.push_back({Tok::kComma, "", true, false, false});
    }
    list.push_back(tokens[i]);
  }
  list.push_back(tokens.back());
  tokens = std::move(list);
  return true;
}

// The relations in a clause: "k >= 1" of "where k >= 1 is an integer".
std::vector<Expr> Conditions(const std::vector<Token>& clause, Arena& arena) {
  std::vector<Expr> conditions;
  std::vector<Token> run;
  int depth = 0;  // of brackets, for the comma of an interval
  for (const Token& token : clause) {
    depth += DepthStep(token);
    const bool ends = (token.kind == Tok::kWord && token.is_prose) || token.kind == Tok::kQuantifier || token.kind == Tok::kEnd ||
                      (token.kind == Tok::kComma && depth <= 0) || token.kind == Tok::kAnd;
    if (!ends) {
      run.push_back(token);
      continue;
    }
    if (run.size() >= 3) {
      run.push_back(Token{});
      const ParseResult result = Parse(run, arena);
      if (result.expr != nullptr && result.expr->Is(Kind::kRelation)) {
        conditions.push_back(result.expr);
      }
    }
    run.clear();
  }
  return conditions;
}

// Whether a clause says of names that they are constants or arbitrary real numbers, and nothing else: "where C_1 and C_2 are constants",
// "for any t \in R".
bool SaysConstant(const std::vector<Token>& clause, Arena& arena, Reading& reading) {
  constexpr auto kWords = std::to_array<std::string_view>({"where",  "with",    "for",   "some",   "a",      "is",       "are",
                                                           "be",     "both",    "an",    "the",    "of",     "constant", "constants",
                                                           "number", "numbers", "value", "values", "scalar", "scalars"});
  constexpr auto kArbitrary = std::to_array<std::string_view>(
      {"any", "all", "every", "each", "real", "arbitrary", "free", "parameter", "parameters", "integration"});
  std::vector<Token> run;
  for (size_t i = 0; i <= clause.size(); ++i) {
    const bool is_word = i < clause.size() && clause[i].kind == Tok::kWord;
    const std::string word = is_word ? LowerCaseText(clause[i].text) : std::string();
    const bool is_quantifier = i < clause.size() && clause[i].kind == Tok::kQuantifier;
    reading.are_arbitrary = reading.are_arbitrary || is_quantifier || std::ranges::find(kArbitrary, word) != kArbitrary.end();
    if (is_word && std::ranges::find(kWords, word) == kWords.end() && std::ranges::find(kArbitrary, word) == kArbitrary.end()) {
      return false;
    }
    const bool ends = i == clause.size() || is_word || is_quantifier || clause[i].kind == Tok::kEnd || clause[i].kind == Tok::kComma ||
                      clause[i].kind == Tok::kAnd || clause[i].kind == Tok::kGap;
    if (!ends) {
      run.push_back(clause[i]);
      continue;
    }
    if (!run.empty()) {
      run.push_back(Token{});
      const Expr said = Parse(run, arena).expr;
      const bool is_set = said != nullptr && said->Is(Kind::kNamedSet) && said->text == "R";  // "all real t"
      const bool is_member = said != nullptr && IsAnyReal(said);
      const Expr name = is_member ? said->kid(0) : said;
      if (!is_set && (name == nullptr || !name->Is(Kind::kSymbol))) {
        return false;
      }
      if (!is_set) {
        reading.constants.push_back(name->text);
      }
      reading.are_arbitrary = reading.are_arbitrary || is_set || is_member;
    }
    run.clear();
  }
  return !reading.constants.empty();
}

// Which whole numbers an answer says its parameters are: all of them, or those from 0 or 1 on.
Domain DomainOf(const std::vector<Token>& tokens) {
  bool has_all = false;
  bool has_natural = false;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string word = WordAt(tokens, i);
    const std::string before = i > 0 ? WordAt(tokens, i - 1) : std::string();
    const bool is_set = tokens[i].kind == Tok::kSet;
    const bool is_signed = before == "positive" || before == "nonnegative" || before == "negative" || before == "natural";
    const bool says_integer = word == "integer" || word == "integers";
    has_all = has_all || (is_set && tokens[i].text == "Z") || (says_integer && !is_signed);
    has_natural = has_natural || word == "natural" || (says_integer && is_signed && before != "negative") ||
                  (is_set && (tokens[i].text.starts_with('N') || tokens[i].text.starts_with("Z+")));
  }
  return has_all == has_natural ? Domain::kUnsaid : has_all ? Domain::kAll : Domain::kNatural;
}

// "10 <= n <= 12 for integers n" is a list of whole numbers, too: the declaration is about the unknown itself.
bool DeclaresUnknown(const std::vector<std::string>& parameters, Expr expr) {
  const bool is_inequality =
      expr->Is(Kind::kRelation) && expr->text.size() == 2 && expr->text.find_first_not_of("<>lg") == std::string::npos;
  return is_inequality && parameters.size() == 1 && expr->kid(1)->IsSymbol(parameters[0]);
}

// The conditions of an inequality are about its one unknown.
bool NarrowsUnknown(const Reading& reading) {
  const Expr expr = reading.expr;
  if (!expr->Is(Kind::kRelation) || expr->text.find_first_not_of("<>lg!") != std::string::npos || reading.conditions.empty()) {
    return false;
  }
  const std::vector<std::string> names = FreeSymbols(expr);
  return names.size() == 1 &&
         std::ranges::all_of(reading.conditions, [&](Expr condition) { return IsBound(condition) && FreeSymbols(condition) == names; });
}

void AddReadings(std::vector<Token> tokens, const Reading& kind, Arena& arena, Answer& answer) {
  const Permuted permuted = CutPermutations(tokens);
  Trimmed trimmed = TrimProse(tokens);
  const bool changed = trimmed.has_clause || trimmed.has_label || trimmed.tokens.size() != tokens.size();
  ParseResult result = Parse(trimmed.tokens, arena);
  if ((result.expr == nullptr || HasText(result.expr)) && changed) {
    const ParseResult whole = Parse(tokens, arena);
    if (result.expr == nullptr) {
      result = whole;
    }
  }
  std::vector<std::string> words;
  if (result.expr == nullptr) {
    if (const std::vector<Token> inner = WithoutWordsAround(trimmed.tokens); !inner.empty()) {
      result = Parse(inner, arena);
      std::vector<Token> prose = trimmed.tokens;
      std::erase_if(prose, [](const Token& token) { return token.kind != Tok::kWord || !token.is_prose; });
      words = ReadStatement(prose, PlainWords(prose)).content;
    }
  }
  if (answer.choice.letter == '\0' && trimmed.has_label) {  // "The correct option is A."
    const Choice choice = FindChoice(trimmed.tokens);
    answer.choice = choice.is_all ? choice : answer.choice;
  }
  if (result.expr == nullptr) {
    answer.problem = answer.problem.empty() ? result.problem : answer.problem;
    return;
  }
  Reading reading = kind;
  reading.expr =
      ExpandDots(permuted == Permuted::kNo ? result.expr : WithPermutations(result.expr, permuted == Permuted::kCyclic, arena), arena);
  if (AnyNode(reading.expr, [](const Node& node) { return node.kind == Kind::kSum; })) {
    int depth = 0;
    reading.expr = WithBoundNames(reading.expr, arena, depth);
  }
  reading.is_restricted = trimmed.has_label || (trimmed.has_clause && !SaysConstant(trimmed.clause, arena, reading));
  reading.parameters = std::move(trimmed.parameters);
  reading.real_parameters = std::move(trimmed.real_parameters);
  reading.words = std::move(words);
  reading.extreme = trimmed.extreme;
  reading.conditions = Conditions(trimmed.clause, arena);
  if (NarrowsUnknown(reading)) {  // "0 < x < 36 with x \ne 9" is "0 < x < 36, x \ne 9"
    std::vector<Expr> items = std::move(reading.conditions);
    items.insert(items.begin(), reading.expr);
    const std::string separators(items.size() - 1, ',');
    reading.expr = arena.Make(Kind::kList, std::move(items), separators);
    reading.conditions.clear();
  }
  const bool adds_whole = DeclaresUnknown(reading.parameters, reading.expr);
  answer.readings.push_back(reading);
  if (adds_whole) {
    const Expr declaration = arena.Make(Kind::kRelation, {arena.Symbol(reading.parameters[0]), arena.Make(Kind::kNamedSet, {}, "Z")}, "e");
    reading.expr = arena.Make(Kind::kList, {reading.expr, declaration}, ",");
    reading.parameters.clear();
    answer.readings.push_back(std::move(reading));
  }
}

}  // namespace

bool IsAnyReal(Expr expr) {
  return expr->Is(Kind::kRelation) && expr->text == "e" && expr->kid(1)->Is(Kind::kNamedSet) && expr->kid(1)->text == "R";
}

bool IsBound(Expr expr) {
  const bool is_relation = expr->Is(Kind::kRelation);
  const bool is_within = IsAnyReal(expr) || (is_relation && expr->text == "e" && expr->kid(1)->Is(Kind::kGroup));
  return is_within || (is_relation && expr->text.find_first_not_of("<>lg!") == std::string::npos);
}

Answer ReadAnswer(std::string_view text, const Options& options, Arena& arena) {
  Answer answer;
  text = Undressed(text);
  if (std::ssize(text) > arena.budget().limits().max_bytes) {
    answer.problem = "too many symbols";
    return answer;
  }
  LexOptions lexing;
  LexResult lexed = Lex(text, lexing, arena.budget());
  if (!lexed.problem.empty()) {
    answer.problem = lexed.problem;
    return answer;
  }
  answer.canonical = CanonicalText(lexed.tokens);
  answer.clock = FindClock(lexed.tokens);
  answer.choice = FindChoice(lexed.tokens);
  answer.choices = FindChoices(lexed.tokens);
  answer.capitals = CapitalWord(lexed.tokens);
  std::vector<Token> units = lexed.tokens;
  RepairTokens(lexed.tokens);
  ReadWords(lexed.tokens, options.words);
  const std::vector<Token> said = WithoutUniversal(lexed.tokens);
  answer.statement = ReadStatement(said, PlainWords(said));
  answer.is_text = IsTextOnly(said);
  answer.is_question = IsQuestion(text, units);
  answer.domain = DomainOf(lexed.tokens);
  if (answer.statement.says_none && options.words) {
    answer.readings.emplace_back().expr = arena.Make(Kind::kEmptySet, {});
  } else {
    AddReadings(lexed.tokens, {}, arena, answer);
  }
  for (const bool decimal_comma : {false, true}) {
    if (decimal_comma ? !lexed.has_decimal_comma : !lexed.has_comma_groups) {
      continue;
    }
    lexing.comma_groups = false;
    lexing.decimal_comma = decimal_comma;
    LexResult other = Lex(text, lexing, arena.budget());
    if (other.problem.empty() && !(decimal_comma && HasBracketedNumber(other.tokens))) {
      RepairTokens(other.tokens);
      ReadWords(other.tokens, options.words);
      Reading kind;
      kind.is_decimal_comma = decimal_comma;
      AddReadings(other.tokens, kind, arena, answer);
    }
  }
  if (LettersAsUnits(units)) {
    RepairTokens(units);
    ReadWords(units, options.words);
    Reading kind;
    kind.needs_unit = true;
    AddReadings(std::move(units), kind, arena, answer);
  }
  if (std::vector<Token> list = lexed.tokens; BracketedNumbers(list)) {
    AddReadings(std::move(list), {}, arena, answer);
  }
  return answer;
}

}  // namespace cupel::math
