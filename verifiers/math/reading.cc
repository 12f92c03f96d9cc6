#include "verifiers/math/reading.h"

#include <algorithm>

#include "verifiers/answer/characters.h"
#include "verifiers/math/parser.h"
#include "verifiers/math/prose.h"
#include "verifiers/math/token.h"

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
    if (text.size() > 1 && text.ends_with("**")) {
      text.remove_suffix(2);
    }
    if (text.size() == before) {
      return text;
    }
  }
}

bool IsSingleLetter(const Token& token) {
  return (token.kind == Tok::kLetter || token.kind == Tok::kWord) && token.text.size() == 1 && IsLetter(token.text[0]);
}

// "C", "(C)", "C)", "C.", "C: text", "(C) 12".
void FindChoice(const std::vector<Token>& tokens, Answer& answer) {
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
    return;
  }
  const char letter = tokens[i].text[0];
  const char upper = 'a' <= letter && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  if (upper > 'J') {
    return;
  }
  ++i;
  while (skip(Tok::kBraceClose)) {
  }
  const bool marked = skip(Tok::kClose) || skip(Tok::kSemicolon) || skip(Tok::kColon);
  while (skip(Tok::kBraceClose) || skip(Tok::kGap)) {
  }
  answer.is_choice_only = i < tokens.size() && tokens[i].kind == Tok::kEnd;
  answer.choice = answer.is_choice_only || marked ? upper : '\0';
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

bool IsClock(const std::vector<Token>& tokens) {
  const auto is_number = [&](size_t i, size_t digits) {
    return i < tokens.size() && tokens[i].kind == Tok::kNumber && tokens[i].text.size() <= digits &&
           std::ranges::all_of(tokens[i].text, &IsDigit);
  };
  return is_number(0, 2) && tokens[1].kind == Tok::kColon && is_number(2, 2) && tokens[2].text.size() == 2 && tokens[2].text[0] < '6' &&
         (tokens[3].kind == Tok::kEnd || tokens[3].kind == Tok::kWord || (tokens[3].kind == Tok::kColon && is_number(4, 2)));
}

bool HasText(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kText; });
}

void AddReadings(const std::vector<Token>& tokens, bool is_decimal_comma, Arena& arena, Answer& answer) {
  Trimmed trimmed = TrimProse(tokens);
  const bool changed = trimmed.has_clause || trimmed.has_label || trimmed.tokens.size() != tokens.size();
  ParseResult result = Parse(trimmed.tokens, arena);
  if ((result.expr == nullptr || HasText(result.expr)) && changed) {
    const ParseResult whole = Parse(tokens, arena);
    if (result.expr == nullptr) {
      result = whole;
    }
  }
  if (result.expr == nullptr) {
    if (const std::vector<Token> inner = WithoutWordsAround(trimmed.tokens); !inner.empty()) {
      result = Parse(inner, arena);
    }
  }
  if (result.expr == nullptr) {
    answer.problem = answer.problem.empty() ? result.problem : answer.problem;
    return;
  }
  answer.readings.push_back({result.expr, std::move(trimmed.parameters), is_decimal_comma});
}

}  // namespace

Answer ReadAnswer(std::string_view text, Arena& arena) {
  Answer answer;
  text = Undressed(text);
  if (std::ssize(text) > arena.budget().limits().max_bytes) {
    answer.problem = "too many symbols";
    return answer;
  }
  LexOptions options;
  LexResult lexed = Lex(text, options, arena.budget());
  if (!lexed.problem.empty()) {
    answer.problem = lexed.problem;
    return answer;
  }
  answer.canonical = CanonicalText(lexed.tokens);
  answer.is_clock = IsClock(lexed.tokens);
  FindChoice(lexed.tokens, answer);
  ReadWords(lexed.tokens);
  answer.words = PlainWords(lexed.tokens);
  answer.is_text = IsTextOnly(lexed.tokens);
  AddReadings(lexed.tokens, false, arena, answer);
  for (const bool decimal_comma : {false, true}) {
    if (decimal_comma ? !lexed.has_decimal_comma : !lexed.has_comma_groups) {
      continue;
    }
    options.comma_groups = false;
    options.decimal_comma = decimal_comma;
    LexResult other = Lex(text, options, arena.budget());
    if (other.problem.empty()) {
      ReadWords(other.tokens);
      AddReadings(other.tokens, decimal_comma, arena, answer);
    }
  }
  return answer;
}

}  // namespace cupel::math
