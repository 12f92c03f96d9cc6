#include "verifiers/math/parser.h"

#include <algorithm>

#include "verifiers/math/parser_impl.h"

namespace cupel::math {

ParseResult Parse(const std::vector<Token>& tokens, Arena& arena) { return Parser(tokens, arena).Run(); }

ParseResult Parser::Run() {
  if (At(Tok::kEnd)) {
    return {nullptr, "empty"};
  }
  has_modulus_ = std::ranges::find(tokens_, Tok::kMod, &Token::kind) != tokens_.end();
  const Expr expr = ParseList();
  if (arena_.is_full()) {
    return {nullptr, "too many nodes"};
  }
  if (expr == nullptr) {
    return {nullptr, problem_};
  }
  while (At(Tok::kBraceClose) || At(Tok::kGap) || At(Tok::kSemicolon) || At(Tok::kComma)) {
    ++position_;
  }
  if (!At(Tok::kEnd)) {
    return {nullptr, "something stands behind the answer that is no part of it"};
  }
  return {expr, {}};
}

bool Parser::Descend() {
  ++depth_;
  if (depth_ > arena_.budget().limits().max_depth) {
    problem_ = "too deep";
    return false;
  }
  if (!arena_.budget().Spend(1)) {
    problem_ = "too many steps";
    return false;
  }
  return true;
}

Expr Parser::ParseRelation() {
  std::vector<Expr> kids;
  std::string operators;
  Expr side = ParseUnion();
  if (side == nullptr) {
    return nullptr;
  }
  kids.push_back(side);
  const auto eat_alignment = [this] { return At(Tok::kAmpersand) && Ahead().kind == Tok::kRelation && Eat(Tok::kAmpersand); };
  while (At(Tok::kRelation) || eat_alignment()) {
    char operation = RelationOperator(Now().text);
    operation = operation == 'c' && !has_modulus_ ? '=' : operation;
    ++position_;
    if (At(Tok::kRelation, "=") && (operation == '<' || operation == '>')) {  // "< =" in two pieces
      operation = operation == '<' ? 'l' : 'g';
      ++position_;
    }
    if (Eat(Tok::kAmpersand)) {  // aligned equations
    }
    side = ParseUnion();
    if (side == nullptr) {
      return nullptr;
    }
    operators += operation;
    kids.push_back(side);
  }
  if (operators.starts_with('=')) {
    kids[0] = AsApplied(kids[0], kids[1]);
  }
  Expr relation = operators.empty() ? kids[0] : arena_.Make(Kind::kRelation, std::move(kids), operators);
  // "x = 3 mod 7" congrues as "x = 3 (mod 7)" does.
  if (operators.size() == 1 && operators[0] == 'c' && relation->kid(1)->Is(Kind::kFunction) && relation->kid(1)->text == "mod") {
    const Expr right = relation->kid(1);
    return arena_.Make(Kind::kModular, {arena_.Make(Kind::kRelation, {relation->kid(0), right->kid(0)}, "c"), right->kid(1)});
  }
  const bool has_bracket = At(Tok::kOpen, "(") && Ahead().kind == Tok::kMod;
  if (At(Tok::kMod) || has_bracket) {
    position_ += has_bracket ? 2 : 1;
    const Expr modulus = ParseSum();
    if (modulus == nullptr || (has_bracket && !Eat(Tok::kClose))) {
      return Fail("a modulus without its end");
    }
    relation = arena_.Make(Kind::kModular, {relation, modulus});
  }
  return relation;
}

// u(x, t) before what depends on x or t is a function's value, not a product.
Expr Parser::AsApplied(Expr head, Expr value) {
  const bool is_call = head->Is(Kind::kMultiply) && head->kids.size() == 2 && head->kid(0)->Is(Kind::kSymbol) &&
                       head->kid(1)->Is(Kind::kGroup) && head->kid(1)->text == "()" && head->kid(1)->kids.size() > 1;
  const bool is_vector = value->Is(Kind::kMatrix) || (value->Is(Kind::kGroup) && value->kids.size() > 1);
  if (!is_call || is_vector || head->kid(0)->text.size() > 1 || head->kid(0)->text == "k") {
    return head;  // a multiple of a vector
  }
  const std::vector<Expr>& arguments = head->kid(1)->kids;
  const std::string& name = head->kid(0)->text;
  const auto fits = [&](Expr kid) { return kid->Is(Kind::kNumber) || (kid->Is(Kind::kSymbol) && kid->text != name); };
  const auto is_used = [&](Expr kid) {
    return kid->Is(Kind::kSymbol) && AnyNode(value, [&](const Node& node) { return node.IsSymbol(kid->text); });
  };
  const bool applies = std::ranges::all_of(arguments, fits) && std::ranges::any_of(arguments, is_used);
  return applies ? arena_.Make(Kind::kApply, arguments, name) : head;
}

Expr Parser::ParseUnion() {
  // {1, 2} \cup {3} with TeX's invisible braces: a number beside a set's operation is the set of it.
  const auto as_set = [this](Expr operand) { return IsInteger(operand) ? arena_.Make(Kind::kSet, {operand}) : operand; };
  Expr left = ParseSum();
  if (left != nullptr && At(Tok::kColon) && !context_.in_braces && !left->Is(Kind::kText) && !left->Is(Kind::kSymbol)) {
    left = ParseRatio(left);
  }
  while (left != nullptr && (At(Tok::kCup) || At(Tok::kCap) || At(Tok::kSetMinus))) {
    const Tok operation = Now().kind;
    ++position_;
    const Expr right = ParseSum();
    if (right == nullptr) {
      return nullptr;
    }
    left = as_set(left);
    const Kind kind = operation == Tok::kCup ? Kind::kUnion : operation == Tok::kCap ? Kind::kIntersection : Kind::kDifference;
    if (left->Is(kind) && kind != Kind::kDifference) {
      std::vector<Expr> kids = left->kids;
      kids.push_back(as_set(right));
      left = arena_.Make(kind, std::move(kids));
    } else {
      left = arena_.Make(kind, {left, as_set(right)});
    }
  }
  return left;
}

Expr Parser::ParseRatio(Expr first) {
  std::vector<Expr> parts{first};
  while (Eat(Tok::kColon)) {
    const Expr part = ParseSum();
    if (part == nullptr) {
      return nullptr;
    }
    parts.push_back(part);
  }
  return arena_.Make(Kind::kRatio, std::move(parts));
}

// --- Sums and products ---

Expr Parser::ParseSum() {
  if (!Descend()) {
    return nullptr;
  }
  std::vector<Expr> terms;
  Expr term = ParseTerm();
  if (term == nullptr) {
    return nullptr;
  }
  terms.push_back(term);
  const auto flush = [&] {
    if (terms.size() > 1) {
      const Expr sum = arena_.Make(Kind::kAdd, std::move(terms));
      terms = {sum};
    }
  };
  while (At(Tok::kPlus) || At(Tok::kMinus) || At(Tok::kPlusMinus)) {
    const Token sign = Now();
    ++position_;
    term = ParseTerm();
    if (term == nullptr) {
      return nullptr;
    }
    if (sign.kind == Tok::kPlusMinus) {
      flush();
      terms = {arena_.Make(Kind::kPlusMinus, {terms[0], term}, sign.text)};
    } else {
      terms.push_back(sign.kind == Tok::kMinus ? arena_.Make(Kind::kNegate, {term}) : term);
    }
  }
  flush();
  Ascend();
  return terms[0];
}

Expr Parser::MakeProduct(std::vector<Expr> factors) {
  return factors.size() == 1 ? factors[0] : arena_.Make(Kind::kMultiply, std::move(factors));
}

bool Parser::StartsOperand() const {
  switch (Now().kind) {
    case Tok::kNumber:
    case Tok::kLetter:
    case Tok::kWord:
    case Tok::kFunction:
    case Tok::kConstant:
    case Tok::kFraction:
    case Tok::kRoot:
    case Tok::kBinomial:
    case Tok::kBrace:
    case Tok::kBig:
    case Tok::kAccent:
    case Tok::kBegin:
    case Tok::kCurrency:
    case Tok::kSet:
    case Tok::kDots:
      return true;
    case Tok::kOpen:
      return !(Now().text == "[" && context_.in_square) && !(Now().text == "(" && Ahead().kind == Tok::kMod);
    case Tok::kBar:
      return !context_.in_bars && !context_.in_braces;
    default:
      return false;
  }
}

// Whether what comes next is multiplied with `before` although no sign stands between.
bool Parser::StartsFactor(Expr before) const {
  if (!StartsOperand() || At(Tok::kSet) || At(Tok::kDots) || At(Tok::kCurrency)) {
    return false;
  }
  if (At(Tok::kNumber)) {
    return !IsInteger(before) && !(before->Is(Kind::kNumber)) && !before->Is(Kind::kText);
  }
  if (At(Tok::kWord)) {
    return !Now().is_prose;
  }
  return !before->Is(Kind::kText);
}

// Behind dots, another factor: 1 \cdot 2 \cdots n.
bool Parser::ContinuesProduct() const {
  const Tok next = Ahead().kind;
  return next == Tok::kTimes || next == Tok::kNumber || next == Tok::kLetter || next == Tok::kFraction || next == Tok::kOpen ||
         next == Tok::kBrace || (next == Tok::kWord && !Ahead().is_prose);
}

// Whether a vector's arrow is among these tokens.
bool Parser::HasVector(size_t begin, size_t end) const {
  end = std::min(end, tokens_.size());
  return begin < end &&
         std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(begin), tokens_.begin() + static_cast<std::ptrdiff_t>(end),
                     [](const Token& token) { return token.kind == Tok::kAccent && token.text == "vec"; });
}

Expr Parser::ParseTerm() {
  std::vector<Expr> factors;
  size_t last = position_;  // where the last factor begins
  Expr factor = ParseFactor();
  if (factor == nullptr) {
    return nullptr;
  }
  factors.push_back(factor);
  while (true) {
    if (context_.in_function && (At(Tok::kTimes) || At(Tok::kSlash) || At(Tok::kDivide) || At(Tok::kFunction))) {
      break;
    }
    const bool goes_on = At(Tok::kDots) && factors.size() >= 2 && !context_.in_function && ContinuesProduct();
    if (At(Tok::kTimes) || goes_on || (StartsFactor(factors.back()) && !(context_.in_function && At(Tok::kOpen)))) {
      const bool is_cross = At(Tok::kTimes, "x") && HasVector(last, position_) && HasVector(position_, position_ + 3);
      Eat(Tok::kTimes);
      last = position_;
      factor = ParseFactor();
      if (factor == nullptr) {
        return nullptr;
      }
      factors.push_back(factor);
      if (is_cross) {  // of vectors
        factors = {arena_.Make(Kind::kFunction, std::move(factors), "cross")};
      }
    } else if (At(Tok::kSlash) || At(Tok::kDivide)) {
      ++position_;
      factor = ParseFactor();
      if (factor == nullptr) {
        return nullptr;
      }
      const Expr product = MakeProduct(std::move(factors));
      factors = {arena_.Make(Kind::kDivide, {product, factor})};
    } else if (At(Tok::kMod) && Now().text == "mod") {
      ++position_;
      factor = ParseFactor();
      if (factor == nullptr) {
        return nullptr;
      }
      const Expr product = MakeProduct(std::move(factors));
      factors = {arena_.Make(Kind::kFunction, {product, factor}, "mod")};
    } else {
      break;
    }
  }
  return ParseUnits(MakeProduct(std::move(factors)));
}

Expr Parser::ParseFactor() {
  if (At(Tok::kPlus) || At(Tok::kMinus) || At(Tok::kPlusMinus)) {
    const Token sign = Now();
    ++position_;
    if (!Descend()) {
      return nullptr;
    }
    // The sign binds weaker than multiplication: "-2x" and "\pm 2x" are signs of the whole term.
    const bool has_bracket = At(Tok::kOpen) || At(Tok::kBrace);
    const Expr operand = ParseTerm();
    Ascend();
    if (operand == nullptr || sign.kind == Tok::kPlus) {
      return operand;
    }
    // But -7 mod 5 is the remainder of -7.
    if (sign.kind == Tok::kMinus && !has_bracket && operand->Is(Kind::kFunction) && operand->text == "mod") {
      return arena_.Make(Kind::kFunction, {arena_.Make(Kind::kNegate, {operand->kid(0)}), operand->kid(1)}, "mod");
    }
    return sign.kind == Tok::kMinus ? arena_.Make(Kind::kNegate, {operand}) : arena_.Make(Kind::kPlusMinus, {operand}, sign.text);
  }
  if (!Descend()) {
    return nullptr;
  }
  const Expr atom = ParseAtom();
  const Expr factor = atom == nullptr ? nullptr : ParsePostfix(atom);
  Ascend();
  return factor;
}

}  // namespace cupel::math
