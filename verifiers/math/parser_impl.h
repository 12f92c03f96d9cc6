#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/ast.h"
#include "verifiers/math/parser.h"

namespace cupel::math {

// The parser's state; grammar in parser.h. A method that returns null has set the problem. Structure (answers, relations, sums, products)
// is in parser.cc, lists and conditions in parser_lists.cc, sums, integrals and limits in parser_sums.cc, what a factor is made of in
// parser_atoms.cc, functions and brackets in parser_groups.cc, numbers and units in parser_numbers.cc.
class Parser {
 public:
  Parser(const std::vector<Token>& tokens, Arena& arena) : tokens_(tokens), arena_(arena) {}
  ParseResult Run();

 private:
  // What stands around an expression and decides where it ends.
  struct Context {
    bool in_bars = false;      // a bar closes
    bool in_braces = false;    // a bar or colon means "such that"
    bool in_square = false;    // "[" may close, as in "]0, 1["
    bool in_function = false;  // the argument of a function without brackets
  };

  const Token& Now() const { return tokens_[position_]; }
  const Token& Ahead(size_t count = 1) const { return tokens_[std::min(position_ + count, tokens_.size() - 1)]; }
  bool At(Tok kind) const { return Now().kind == kind; }
  bool At(Tok kind, std::string_view text) const { return Now().kind == kind && Now().text == text; }
  bool Eat(Tok kind) {
    if (!At(kind)) {
      return false;
    }
    ++position_;
    return true;
  }
  Expr Fail(std::string_view problem) {
    problem_ = problem_.empty() ? problem : problem_;
    return nullptr;
  }
  bool Descend();
  void Ascend() { --depth_; }

  // parser_lists.cc
  Expr ParseList();
  Expr ParseItem();
  Expr ParseCondition(Expr value);
  bool AtCondition() const;
  bool EatSeparator(char& separator);
  bool EndsList() const;
  bool BeginsItem(size_t position) const;  // whether the token there is the first of an item
  Expr MakeList(std::vector<Expr> items, const std::string& separators);
  Expr MakeNestedList(const std::vector<Expr>& items, const std::string& separators);

  // parser.cc
  Expr ParseRelation();
  Expr AsApplied(Expr head, Expr value);
  Expr ParseUnion();
  Expr ParseSum();
  Expr ParseTerm();
  Expr ParseFactor();
  Expr ParseRatio(Expr first);
  bool StartsOperand() const;
  bool StartsFactor(Expr before) const;
  bool ContinuesProduct() const;
  Expr MakeProduct(std::vector<Expr> factors);
  bool HasVector(size_t begin, size_t end) const;

  // parser_atoms.cc
  Expr ParseAtom();
  Expr ParseAtomInner();
  Expr ParsePostfix(Expr atom);
  Expr ParseScript();
  Expr ParseLetter();
  Expr ParseSymbol(std::string_view name);
  Expr ParseWord();
  Expr ParseDiagonal();
  Expr ParseText();
  Expr ParseArgument();
  Expr ParseFraction();
  Expr ParseRoot();
  Expr ParseBinomial();
  Expr ParseAccent();
  Expr ParseMinutes(Expr degrees);
  bool AtInverse() const;
  bool AtDerivative() const;
  std::string Vertices();
  std::string ScriptText();
  bool AtDegree() const;

  // parser_sums.cc
  Expr ParseBig();
  int TakeSide();
  Expr WithTerms(Expr body, const std::string& index);
  Expr ParseIntegral(Expr low, Expr high);

  // parser_groups.cc
  Expr ParseGroup();
  Expr ParseReversedInterval();
  Expr ParseVisibleBraces();
  Expr ParseInvisibleBraces();
  Expr ParseBars();
  Expr ParseFunction();
  Expr ParseFunctionArguments(std::string_view name, std::vector<Expr>& arguments);
  Expr ParseEnvironment();
  Expr FinishEnvironment(std::string_view name, std::vector<std::vector<Expr>> rows);
  Expr InContext(const Context& context, Expr (Parser::*parse)());

  // parser_numbers.cc
  Expr ParseNumber();
  Expr ParseBase(std::string_view digits);
  Expr ParseMoney();
  Expr ParseUnits(Expr value);
  Expr AddSmallerUnit(Expr quantity);
  bool ReadUnitFactor(std::string& dimension, Rational& size, int sign);
  Expr NumberNode(std::string_view digits);
  Expr MixedNumber(Expr whole);
  Expr ParseIndexedBinomial();
  Expr MakeChosen(std::string_view name, Expr n, Expr k);
  Expr ParseIndex(Expr symbol, Expr exponent);
  bool AtChosen() const;
  Expr ParseChosen();

  std::vector<Token> tokens_;
  Arena& arena_;
  size_t position_ = 0;
  int depth_ = 0;
  Context context_;
  bool has_modulus_ = false;  // somewhere in the answer; without one a sign of congruence means equality
  int integrals_ = 0;
  std::string_view problem_;
};

// True for a number that was written as digits alone.
inline bool IsInteger(Expr expr) { return expr->Is(Kind::kNumber) && expr->info < 0 && expr->value.is_integer(); }

}  // namespace cupel::math
