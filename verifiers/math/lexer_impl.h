#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/lexer_tables.h"
#include "verifiers/math/token.h"

namespace cupel::math {

// The scanner's state. Words and TeX's commands are in lexer.cc, all other characters in lexer_characters.cc.
class Lexer {
 public:
  Lexer(std::string_view text, const LexOptions& options, Budget& budget) : text_(text), options_(options), budget_(budget) {}

  LexResult Run();

 private:
  char At(size_t ahead = 0) const { return CharAt(text_, position_ + ahead); }
  bool InText() const { return !modes_.empty() && modes_.back() == 't'; }
  bool IsUpright() const { return !modes_.empty() && modes_.back() == 'u'; }

  // Nothing is added, and the result has a problem, once tokens or steps are used up.
  void Emit(Tok kind, std::string_view text = {}, bool is_prose = false);
  void Emit(const Symbolic& symbol) { Emit(symbol.kind, symbol.text); }

  void Step();

  void Letters();
  void EmitWord(std::string_view word);
  static std::string_view FunctionName(std::string_view word);
  void Command();

  bool IsEscapedTwice() const;
  bool IsBoldVector(std::string_view command) const;
  void SymbolCommand();
  void NamedCommand(std::string_view name);
  void Negated(Symbolic symbol);
  void SkipSpaces();
  void OpenMode(char mode);
  void BlackboardLetter();
  void Environment(bool begins);
  void SkipArgument();

  void Character();
  void Plain(std::string_view ascii);

  static bool IsCircled(uint32_t code) { return (0x2460 <= code && code <= 0x249B) || (0x2776 <= code && code <= 0x2793); }

  void Circled(std::string_view digits);
  void AppendDigits(std::string_view digits);
  void Script(Tok mark, char (*plain)(uint32_t));

  bool Eat(std::string_view mark, Tok kind, std::string_view text);
  bool EatHtml();
  bool EatLong();
  void CloseBrace();
  void PunctuationAs(char c);
  void Point();

  std::string_view text_;
  const LexOptions& options_;
  Budget& budget_;
  size_t position_ = 0;
  std::vector<char> modes_;  // what each open brace was: b brace, t text, u upright, v brace made upright, i brace inside text
  bool space_ = false;
  bool is_negated_ = false;
  int environments_ = 0;      // open ones
  int64_t circled_end_ = -1;  // how many tokens there were behind the last circled number
  bool is_dollar_money_ = false;
  LexResult result_;
};

}  // namespace cupel::math
