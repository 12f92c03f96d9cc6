#include <algorithm>

#include "verifiers/answer/characters.h"
#include "verifiers/math/parser_impl.h"

namespace cupel::math {
namespace {

// n, n+1, ij and n0, but no word: a_{min}, v_{in}.
bool HoldsIndex(std::string_view script, std::string_view index) {
  const auto letters = std::ranges::count_if(script, &IsLetter);
  const bool is_word = (letters > 2 && static_cast<size_t>(letters) == script.size()) || script == "in";
  return !is_word && script.find(index) != std::string_view::npos;
}

}  // namespace

// \sum_{k=1}^{n} body, \int_a^b body dx and \lim_{x \to a} body. Big unions are only ever equal to their own text.
Expr Parser::ParseBig() {
  const std::string name = Now().text;
  ++position_;
  if (name != "sum" && name != "prod" && name != "int" && name != "lim") {
    return Fail("an integral, limit or big union");
  }
  Expr low = nullptr;
  Expr high = nullptr;
  int side = 0;
  while (At(Tok::kUnder) || At(Tok::kCaret)) {
    Expr& bound = At(Tok::kUnder) ? low : high;
    ++position_;
    Expr parsed = nullptr;
    if (Eat(Tok::kBrace)) {
      side = name == "lim" ? TakeSide() : 0;
      parsed = InContext({}, &Parser::ParseRelation);
      if (parsed == nullptr || !Eat(Tok::kBraceClose)) {
        return Fail("a sum without the end of its bounds");
      }
    } else if (At(Tok::kLetter) || At(Tok::kNumber)) {  // what follows is the other bound, no index or base
      parsed = At(Tok::kLetter) ? arena_.Symbol(Now().text) : NumberNode(Now().text);
      ++position_;
    } else {
      parsed = ParseScript();
    }
    if (parsed == nullptr) {
      return nullptr;
    }
    bound = parsed;
  }
  if (name == "int") {
    return (low == nullptr) != (high == nullptr) ? Fail("an integral with one bound") : ParseIntegral(low, high);
  }
  const bool is_limit = name == "lim";
  high = is_limit && low != nullptr && low->Is(Kind::kRelation) ? low->kid(1) : high;
  if (low == nullptr || high == nullptr || !low->Is(Kind::kRelation) || low->text != (is_limit ? "a" : "=") ||
      !low->kid(0)->Is(Kind::kSymbol)) {
    return Fail("a sum without bounds");
  }
  const Expr body = ParseTerm();
  if (body == nullptr) {
    return nullptr;
  }
  Node node;
  node.kind = Kind::kSum;
  node.text = name;
  node.name = low->kid(0)->text;
  node.info = side;
  node.kids = {WithTerms(body, node.name), low->kid(1), high};
  return arena_.Add(std::move(node));
}

// a_n under a sum over n is a function of n, as are a_{n+1}, J_n(x) and f^{(n)}(0).
Expr Parser::WithTerms(Expr body, const std::string& index) {
  const size_t bar = body->text.find_first_of("_^");
  const bool is_name = body->Is(Kind::kSymbol) || body->Is(Kind::kApply);
  const bool is_term = is_name && bar != std::string::npos && HoldsIndex(std::string_view(body->text).substr(bar + 1), index);
  if (body->kids.empty() && !is_term) {
    return body;
  }
  Node node = *body;
  for (Expr& kid : node.kids) {
    kid = WithTerms(kid, index);
  }
  if (!is_term) {
    return arena_.Add(std::move(node));
  }
  // "n" and "n+1"; what else holds the index keeps its spelling.
  const std::string_view script = std::string_view(body->text).substr(bar + 1);
  const bool is_plain = script == index;
  const bool is_moved = script.size() == index.size() + 2 && script.starts_with(index) && IsDigit(script.back()) &&
                        (script[index.size()] == '+' || script[index.size()] == '-');
  Expr place = arena_.Symbol(index);
  if (is_moved) {
    const int64_t step = script.back() - '0';
    place = arena_.Make(Kind::kAdd, {place, arena_.Number(script[index.size()] == '+' ? step : -step)});
  }
  node.kind = Kind::kApply;
  node.kids.insert(node.kids.begin(), place);
  node.text = is_plain || is_moved ? body->text.substr(0, bar + 1) : body->text;
  return arena_.Add(std::move(node));
}

// The side from which a limit is taken, 1 in x \to 3^+ and -1 in x \to 3^{-}, whose tokens are taken out. A limit from both sides is both.
int Parser::TakeSide() {
  size_t end = position_;
  while (tokens_[end].kind != Tok::kBraceClose && tokens_[end].kind != Tok::kEnd && tokens_[end].kind != Tok::kCaret) {
    ++end;
  }
  const size_t braced = tokens_[end].kind == Tok::kCaret && tokens_[end + 1].kind == Tok::kBrace ? 1 : 0;
  const size_t sign = end + 1 + braced;
  if (tokens_[end].kind != Tok::kCaret || sign + 1 + braced >= tokens_.size() ||
      (tokens_[sign].kind != Tok::kPlus && tokens_[sign].kind != Tok::kMinus) || tokens_[sign + 1].kind != Tok::kBraceClose) {
    return 0;
  }
  const int side = tokens_[sign].kind == Tok::kPlus ? 1 : -1;
  tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(end), tokens_.begin() + static_cast<std::ptrdiff_t>(sign + 1 + braced));
  return side;
}

// The integrand ends with "dx", or has it in a numerator. The tokens of "dx" become the end of a pair of braces, or a one.
Expr Parser::ParseIntegral(Expr low, Expr high) {
  constexpr int kMaxIntegrals = 4;
  if (++integrals_ > kMaxIntegrals) {
    return Fail("too many integrals");
  }
  int depth = 0;
  int inner = 0;  // integrals inside this one, whose variables come first
  for (size_t i = position_; i + 1 < tokens_.size() && depth >= 0; ++i) {
    const Token& token = tokens_[i];
    inner += token.kind == Tok::kBig && token.text == "int" ? 1 : 0;
    depth += token.kind == Tok::kBrace || token.kind == Tok::kOpen         ? 1
             : token.kind == Tok::kBraceClose || token.kind == Tok::kClose ? -1
                                                                           : 0;
    const bool is_word = token.kind == Tok::kWord && token.text.size() == 2 && token.text[0] == 'd' && !token.is_prose;
    const bool is_pair = token.kind == Tok::kLetter && token.text == "d" && tokens_[i + 1].kind == Tok::kLetter;
    if (!is_word && !is_pair) {
      continue;
    }
    if (inner > 0) {
      --inner;
      continue;
    }
    const std::string variable = is_word ? token.text.substr(1) : tokens_[i + 1].text;
    if (is_pair) {
      tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    const bool is_empty = i == position_;
    tokens_[i] = depth > 0 || is_empty ? Token{Tok::kNumber, "1", true, false, false} : Token{Tok::kBraceClose, "", false, false, false};
    if (depth == 0 && !is_empty) {
      tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(position_), Token{Tok::kBrace, "", false, false, false});
    }
    const Expr body = depth == 0 ? ParseAtom() : ParseTerm();
    if (body == nullptr) {
      return nullptr;
    }
    if (low == nullptr) {  // without bounds it only names what it is equal to
      return arena_.Make(Kind::kApply, {body, arena_.Symbol(variable)}, "integral");
    }
    Node node;
    node.kind = Kind::kSum;
    node.text = "int";
    node.name = variable;
    node.kids = {body, low, high};
    return arena_.Add(std::move(node));
  }
  return Fail("an integral without its variable");
}

}  // namespace cupel::math
