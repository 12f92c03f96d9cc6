#include <algorithm>
#include <array>

#include "verifiers/answer/characters.h"
#include "verifiers/math/parser_impl.h"

namespace cupel::math {

Expr Parser::ParseAtom() {
  if (!Descend()) {
    return nullptr;
  }
  const Expr atom = ParseAtomInner();
  Ascend();
  return atom;
}

Expr Parser::ParseAtomInner() {
  const Token token = Now();
  switch (token.kind) {
    case Tok::kNumber:
      return AtChosen() ? ParseChosen() : ParseNumber();
    case Tok::kLetter:
      if ((token.text == "Gamma" || token.text == "zeta") && Ahead().kind == Tok::kOpen && Ahead().text == "(") {
        return ParseFunction();
      }
      ++position_;
      return ParseSymbol(token.text);
    case Tok::kWord:
      if (token.text == "diag" && Ahead().kind == Tok::kOpen && Ahead().text == "(") {
        return ParseDiagonal();
      }
      return token.is_prose ? ParseText() : ParseWord();
    case Tok::kConstant:
      ++position_;
      return arena_.Make(Kind::kConstant, {}, token.text);
    case Tok::kFunction:
      return ParseFunction();
    case Tok::kFraction:
      return ParseFraction();
    case Tok::kRoot:
      return ParseRoot();
    case Tok::kBinomial:
      return ParseBinomial();
    case Tok::kOpen:
      return token.text == "{" ? ParseVisibleBraces() : ParseGroup();
    case Tok::kBrace:
      return ParseInvisibleBraces();
    case Tok::kBar:
      return ParseBars();
    case Tok::kBegin:
      return ParseEnvironment();
    case Tok::kBig:
      return ParseBig();
    case Tok::kAccent:
      return ParseAccent();
    case Tok::kCurrency:
      return ParseMoney();
    case Tok::kSet:
      ++position_;
      return arena_.Make(Kind::kNamedSet, {}, token.text);
    case Tok::kEmptySet:
      ++position_;
      return arena_.Make(Kind::kEmptySet, {});
    case Tok::kDots:
      ++position_;
      return arena_.Make(Kind::kDots, {});
    case Tok::kCaret:
      return ParseIndexedBinomial();
    case Tok::kClose:
      return token.text == "]" ? ParseReversedInterval() : Fail("a closing bracket without its opening one");
    case Tok::kEnd:
      return Fail("the answer breaks off");
    default:
      return Fail("a sign stands where a value is expected");
  }
}

// The text of a subscript, flattened: "1", "n+1".
std::string Parser::ScriptText() {
  std::string text;
  if (!At(Tok::kBrace)) {
    text = Now().text;
    position_ += At(Tok::kEnd) ? 0 : 1;
    return text;
  }
  int depth = 0;
  do {
    const Token& token = Now();
    depth += token.kind == Tok::kBrace ? 1 : token.kind == Tok::kBraceClose ? -1 : 0;
    if (token.kind == Tok::kPlus || token.kind == Tok::kMinus) {
      text += token.kind == Tok::kPlus ? '+' : '-';
    } else if (token.kind == Tok::kComma) {
      text += ',';
    } else {
      text += token.text;
    }
    ++position_;
  } while (depth > 0 && !At(Tok::kEnd));
  return text;
}

// ^{-1}( behind a function's name.
bool Parser::AtInverse() const {
  const size_t braced = Ahead().kind == Tok::kBrace ? 1 : 0;
  return At(Tok::kCaret) && Ahead(1 + braced).kind == Tok::kMinus && Ahead(2 + braced).kind == Tok::kNumber &&
         Ahead(2 + braced).text == "1" && Ahead(3 + 2 * braced).kind == Tok::kOpen && (braced == 0 || Ahead(4).kind == Tok::kBraceClose);
}

// ^{(n)} behind a name: the derivative of that order.
bool Parser::AtDerivative() const {
  const Tok order = Ahead(3).kind;
  return At(Tok::kCaret) && Ahead().kind == Tok::kBrace && Ahead(2).kind == Tok::kOpen && Ahead(2).text == "(" &&
         (order == Tok::kLetter || order == Tok::kNumber) && Ahead(4).kind == Tok::kClose && Ahead(5).kind == Tok::kBraceClose;
}

// A variable with its subscript and primes. C_n^k, A_n^k and P_n^k are counts of combinations and permutations; f(x) applies.
Expr Parser::ParseSymbol(std::string_view name) {
  const size_t start = position_ - 1;
  if ((name == "C" || name == "A" || name == "P") && At(Tok::kUnder)) {
    const size_t begin = position_;
    ++position_;
    const Expr low = ParseScript();
    if (low != nullptr && Eat(Tok::kCaret)) {
      return MakeChosen(name, low, ParseScript());
    }
    position_ = begin;
  }
  std::string full(name);
  if (name == "angle") {
    full += Vertices();
  }
  if (At(Tok::kUnder)) {
    ++position_;
    full += '_';
    full += ScriptText();
  }
  while (At(Tok::kPrime)) {
    full += Now().text;
    ++position_;
  }
  constexpr std::string_view kFunctions = "fghFGH";
  constexpr std::string_view kUnknowns = "yuvw";  // of differential equations
  const bool may_derive = full.size() == 1 && (IsOneOf(full[0], kFunctions) || full == "y" || IsOneOf(full[0], kUnknowns));
  if (may_derive && AtDerivative() && (full == "y" || full == "f" || full == "g" || Ahead(6).kind == Tok::kOpen)) {  // f^{(4)}
    constexpr size_t kMostPrimes = 4;
    const std::string& order = Ahead(3).text;
    const bool is_small = order.size() == 1 && '1' <= order[0] && order[0] <= '0' + static_cast<char>(kMostPrimes);
    full += is_small ? std::string(static_cast<size_t>(order[0] - '0'), '\'') : "^(" + order + ")";
    position_ += 6;
  }
  if (full.size() == 1 && IsOneOf(full[0], kFunctions) && AtInverse()) {
    position_ += Ahead().kind == Tok::kBrace ? 5 : 3;
    full += "'-1";
  }
  const bool is_function = full.ends_with("'-1") || full.ends_with(')')    ? true
                           : full.size() == full.find_last_not_of("'") + 1 ? full.size() == 1 && IsOneOf(full[0], kFunctions)
                                                                           : IsOneOf(full[0], kFunctions);
  const bool is_combination = (full == "C" || full == "P" || full == "A") && At(Tok::kOpen, "(");
  const bool takes_argument = At(Tok::kOpen, "(") && (is_function || full.size() > 1 || Ahead(2).kind == Tok::kClose);
  if (is_combination || (takes_argument && (is_function || (BeginsItem(start) && Ahead(3).kind == Tok::kRelation)))) {
    std::vector<Expr> arguments;
    if (ParseFunctionArguments(full, arguments) == nullptr) {
      return nullptr;
    }
    if (is_combination && arguments.size() == 2) {
      Node node;  // which may also be a point: the name is kept
      node.kind = Kind::kFunction;
      node.kids = std::move(arguments);
      node.text = full == "C" ? "binom" : "perm";
      node.name = full;
      return arena_.Add(std::move(node));
    }
    return arena_.Make(Kind::kApply, std::move(arguments), full);
  }
  return arena_.Symbol(full);
}

// The vertices behind the sign of an angle, if they are three or one: the angles ABC and CBA are one, ABC and ACB are not.
std::string Parser::Vertices() {
  const size_t braced = At(Tok::kBrace) && Ahead(2).kind == Tok::kBraceClose ? 1 : 0;
  const Token& token = Ahead(braced);
  std::string name = token.text;
  const bool are_points = (token.kind == Tok::kLetter || (token.kind == Tok::kWord && !token.is_prose)) &&
                          (name.size() == 1 || name.size() == 3) && std::ranges::all_of(name, [](char c) { return 'A' <= c && c <= 'Z'; });
  if (!are_points) {
    return {};
  }
  position_ += 1 + 2 * braced;
  if (name.back() < name.front()) {
    std::swap(name.front(), name.back());
  }
  return " " + name;
}

// Letters run together in mathematics are a product; powers and subscripts belong to the last of them.
Expr Parser::ParseWord() {
  const std::string word = Now().text;
  ++position_;
  if (word == ".") {
    return Fail("a lone dot");
  }
  std::vector<Expr> factors;
  for (size_t i = 0; i + 1 < word.size(); ++i) {
    factors.push_back(arena_.Symbol(std::string_view(word).substr(i, 1)));
  }
  const Expr symbol = ParseSymbol(std::string_view(word).substr(word.size() - 1));
  const Expr last = symbol == nullptr ? nullptr : ParsePostfix(symbol);
  if (last == nullptr) {
    return nullptr;
  }
  factors.push_back(last);
  return MakeProduct(std::move(factors));
}

// diag(1, 2, 3) is a matrix.
Expr Parser::ParseDiagonal() {
  ++position_;
  std::vector<Expr> values;
  if (ParseFunctionArguments("diag", values) == nullptr) {
    return nullptr;
  }
  constexpr size_t kMaxSize = 8;
  const size_t size = values.size();
  if (size < 2 || size > kMaxSize || std::ranges::any_of(values, [](Expr value) { return value->Is(Kind::kDots); })) {
    return Fail("a diagonal of too few or too many values");
  }
  std::vector<Expr> cells(size * size, arena_.Number(0));
  for (size_t i = 0; i < size; ++i) {
    cells[i * size + i] = values[i];
  }
  return arena_.Make(Kind::kMatrix, std::move(cells), {}, static_cast<int64_t>(size));
}

Expr Parser::ParseText() {
  std::string text;
  while (At(Tok::kWord) || (!text.empty() && At(Tok::kMinus) && Ahead().kind == Tok::kWord && Ahead().is_prose && !Ahead().space_before)) {
    text += (text.empty() || (!Now().space_before && text.ends_with('-')) ? "" : At(Tok::kMinus) ? "" : " ");
    text += At(Tok::kMinus) ? "-" : LowerCaseText(Now().text);
    ++position_;
  }
  return arena_.Make(Kind::kText, {}, text);
}

Expr Parser::ParseScript() {
  if (At(Tok::kMinus) || At(Tok::kPlus)) {
    const bool negative = At(Tok::kMinus);
    ++position_;
    const Expr operand = ParseScript();
    return operand == nullptr || !negative ? operand : arena_.Make(Kind::kNegate, {operand});
  }
  if (At(Tok::kBrace)) {
    return ParseInvisibleBraces();
  }
  if (At(Tok::kNumber)) {
    return ParseNumber();
  }
  return At(Tok::kWord) && !Now().is_prose && Now().text.size() > 1 ? ParseLetter() : ParseAtom();
}

// The first of letters that run together: e^xy is e^x y.
Expr Parser::ParseLetter() {
  const Expr letter = arena_.Symbol(std::string_view(Now().text).substr(0, 1));
  tokens_[position_].text.erase(0, 1);
  return letter;
}

// The argument of \frac: a group, or one character.
Expr Parser::ParseArgument() {
  if (At(Tok::kNumber) && Now().text.size() > 1 && Now().text.find('/') == std::string::npos) {
    if (!std::ranges::all_of(Now().text, &IsDigit)) {  // 2.5, .(3), 1e5
      return Fail("a fraction of half a number");
    }
    const Expr digit = NumberNode(std::string_view(Now().text).substr(0, 1));
    tokens_[position_].text.erase(0, 1);
    return digit;
  }
  if (At(Tok::kWord) && !Now().is_prose && Now().text.size() > 1) {
    return ParseLetter();
  }
  if (At(Tok::kLetter)) {
    const Expr letter = arena_.Symbol(Now().text);
    ++position_;
    return letter;
  }
  return ParseAtom();
}

Expr Parser::ParseFraction() {
  ++position_;
  const bool takes_groups = At(Tok::kBrace);
  const Expr numerator = ParseArgument();
  if (numerator == nullptr) {
    return nullptr;
  }
  if (takes_groups && At(Tok::kSlash)) {  // \frac{1}/{2}
    ++position_;
  }
  const Expr denominator = ParseArgument();
  return denominator == nullptr ? nullptr : arena_.Make(Kind::kDivide, {numerator, denominator});
}

Expr Parser::ParseRoot() {
  const std::string sign = Now().text;
  ++position_;
  Expr index = sign.empty() ? nullptr : arena_.Number(sign == "3" ? 3 : 4);
  if (sign.empty() && At(Tok::kOpen, "[")) {
    ++position_;
    index = InContext({}, &Parser::ParseSum);
    if (index == nullptr || !Eat(Tok::kClose)) {
      return Fail("a root without the end of its index");
    }
  }
  Expr radicand = nullptr;
  if (At(Tok::kNumber)) {
    radicand = NumberNode(Now().text);
    ++position_;
  } else {
    radicand = ParseAtom();
  }
  if (radicand == nullptr) {
    return nullptr;
  }
  return index == nullptr ? arena_.Make(Kind::kFunction, {radicand}, "sqrt") : arena_.Make(Kind::kFunction, {radicand, index}, "root");
}

Expr Parser::ParseBinomial() {
  ++position_;
  const Expr n = ParseArgument();
  const Expr k = n == nullptr ? nullptr : ParseArgument();
  return k == nullptr ? nullptr : arena_.Make(Kind::kFunction, {n, k}, "binom");
}

Expr Parser::ParseAccent() {
  const std::string accent = Now().text;
  ++position_;
  const std::string name = ScriptText();
  if (name.empty()) {
    return Fail("an accent over nothing");
  }
  if (accent == "overline" && std::ranges::any_of(name, &IsDigit)) {
    return Fail("a bar over digits that follow no point");
  }
  // A bar over two capitals is a segment.
  if (accent == "overline" && name.size() == 2 && std::ranges::all_of(name, [](char c) { return 'A' <= c && c <= 'Z'; })) {
    return MakeProduct({arena_.Symbol(name.substr(0, 1)), arena_.Symbol(name.substr(1))});
  }
  return ParseSymbol(accent == "vec" ? name : accent + " " + name);
}

bool Parser::AtDegree() const {
  return At(Tok::kDegree) ||
         (At(Tok::kCaret) && (Ahead().kind == Tok::kDegree ||
                              (Ahead().kind == Tok::kBrace && Ahead(2).kind == Tok::kDegree && Ahead(3).kind == Tok::kBraceClose)));
}

// 12 degrees 30' 15'' as one angle.
Expr Parser::ParseMinutes(Expr degrees) {
  Rational value = degrees->kid(0)->value;
  if (!IsInteger(degrees->kid(0))) {
    return Fail("minutes behind something that is no whole number of degrees");
  }
  int64_t last = 1;
  while (At(Tok::kNumber) && Ahead().kind == Tok::kPrime) {
    const Expr part = NumberNode(Now().text);
    if (part == nullptr) {
      return nullptr;
    }
    ++position_;
    int64_t divisor = 1;
    for (; At(Tok::kPrime) && divisor <= 3600; ++position_) {
      divisor *= Now().text == "''" ? 3600 : 60;
    }
    if (divisor <= last || divisor > 3600) {
      return Fail("minutes and seconds out of order");
    }
    last = divisor;
    value = value + part->value / Rational(divisor);
  }
  return arena_.Make(Kind::kDegree, {arena_.Number(value)});
}

Expr Parser::ParsePostfix(Expr atom) {
  while (atom != nullptr && arena_.budget().Spend(1)) {
    if (AtDegree()) {
      position_ += At(Tok::kDegree) ? 1 : Ahead().kind == Tok::kDegree ? 2 : 4;
      atom = arena_.Make(Kind::kDegree, {atom});
    } else if (At(Tok::kCaret)) {
      ++position_;
      if (At(Tok::kPrime)) {
        continue;
      }
      const bool takes_index = atom->Is(Kind::kSymbol) && atom->text.find('_') == std::string::npos;
      const bool is_digits = takes_index && At(Tok::kNumber) && Ahead().kind == Tok::kUnder;
      const Expr exponent = is_digits ? NumberNode(tokens_[position_++].text) : ParseScript();
      if (exponent == nullptr) {
        return nullptr;
      }
      if (takes_index && At(Tok::kUnder)) {
        atom = ParseIndex(atom, exponent);
        continue;
      }
      const Expr raised = At(Tok::kCaret) ? ParsePostfix(exponent) : exponent;
      atom = raised == nullptr ? nullptr : arena_.Make(Kind::kPower, {atom, raised});
    } else if (At(Tok::kBang)) {
      int64_t count = 0;
      while (Eat(Tok::kBang)) {
        ++count;
      }
      if (count > 2) {
        return Fail("more than two factorial signs");
      }
      atom = arena_.Make(Kind::kFactorial, {atom}, {}, count);
    } else if (At(Tok::kPercent)) {
      ++position_;
      atom = arena_.Make(Kind::kPercent, {atom});
    } else if (atom->Is(Kind::kDegree) && At(Tok::kNumber) && Ahead().kind == Tok::kPrime) {
      atom = ParseMinutes(atom);
    } else if (At(Tok::kUnder) && IsInteger(atom) && atom->value.sign() >= 0) {  // (1011)_2
      atom = ParseBase(ToText(atom));
    } else if (At(Tok::kUnder) && !atom->Is(Kind::kSymbol)) {
      return Fail("a subscript behind something that takes none");
    } else if (At(Tok::kCurrency) && atom->Is(Kind::kNumber)) {
      Node node;
      node.kind = Kind::kQuantity;
      node.kids = {atom};
      node.text = Now().text + "1";
      node.value = Rational(1);
      ++position_;
      atom = arena_.Add(std::move(node));
    } else {
      break;
    }
  }
  return atom;
}

}  // namespace cupel::math
