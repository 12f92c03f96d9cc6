#include <algorithm>
#include <array>

#include "verifiers/math/parser_impl.h"

namespace cupel::math {
namespace {

// Whether square brackets only group: a sum without division and roots, which a floor would leave as it is or not be meant of.
bool IsGroupedSum(Expr inner) {
  const auto has = [&](const auto& test) { return AnyNode(inner, test); };
  return inner->Is(Kind::kAdd) && !has([](const Node& node) {
           return node.kind == Kind::kDivide || node.kind == Kind::kPlusMinus || (node.kind == Kind::kNumber && !node.value.is_integer()) ||
                  (node.kind == Kind::kFunction && (node.text == "sqrt" || node.text == "root"));
         });
}

}  // namespace

Expr Parser::InContext(const Context& context, Expr (Parser::*parse)()) {
  const Context saved = context_;
  context_ = context;
  const Expr expr = (this->*parse)();
  context_ = saved;
  return expr;
}

// ( ), [ ], < >, floor and ceiling. One value in round brackets is the value.
Expr Parser::ParseGroup() {
  const std::string open = Now().text;
  ++position_;
  if (open == "floor" || open == "ceil") {
    const Expr inner = InContext({}, &Parser::ParseSum);
    if (inner == nullptr || !Eat(Tok::kClose)) {
      return Fail("a floor or ceiling without its end");
    }
    return arena_.Make(Kind::kFunction, {inner}, open);
  }
  if (At(Tok::kClose)) {
    ++position_;
    return arena_.Make(Kind::kGroup, {}, "()");
  }
  Context context;
  context.in_square = open != "<";
  const Expr inner = InContext(context, &Parser::ParseList);
  if (inner == nullptr) {
    return nullptr;
  }
  std::string close;
  if (At(Tok::kClose)) {
    close = Now().text;
    ++position_;
  } else if (At(Tok::kOpen, "[")) {  // [0, 1[
    close = ")";
    ++position_;
  } else if (At(Tok::kEnd) || At(Tok::kBraceClose)) {
    close = open == "(" ? ")" : open == "[" ? "]" : ">";
    return Fail("an opening bracket without its closing one");
  } else {
    return Fail("an opening bracket without its closing one");
  }
  if (inner->Is(Kind::kMatrix)) {
    return inner;
  }
  if (!inner->Is(Kind::kList) && (open == "(") != (close == ")")) {
    return Fail("brackets of two kinds around one value");
  }
  if (!inner->Is(Kind::kList)) {
    return open == "<"                                           ? arena_.Make(Kind::kGroup, {inner}, "<>")
           : open == "[" && close == "]" && !IsGroupedSum(inner) ? arena_.Make(Kind::kGroup, {inner}, "[]")
                                                                 : inner;
  }
  const bool has_words = inner->text.find_first_of("&|") != std::string::npos;
  if (has_words) {
    return inner;
  }
  std::vector<Expr> items = inner->kids;
  if (open == "[" && inner->text.find(';') != std::string::npos) {  // [3; 7, 15]: the order counts in every part
    for (Expr& item : items) {
      const bool is_part = item->Is(Kind::kList) && item->text.find_first_not_of(',') == std::string::npos;
      item = is_part ? arena_.Make(Kind::kGroup, item->kids, "()") : item;
    }
  }
  return arena_.Make(Kind::kGroup, std::move(items), open + close);
}

// ]a, b[ as written in Europe: the brackets look away from what they leave out.
Expr Parser::ParseReversedInterval() {
  ++position_;
  Context context;
  context.in_square = true;
  const Expr inner = InContext(context, &Parser::ParseList);
  if (inner == nullptr) {
    return nullptr;
  }
  const bool is_open = At(Tok::kOpen, "[");
  const bool is_closed = At(Tok::kClose);
  if ((!is_open && !is_closed) || !inner->Is(Kind::kList) || inner->kids.size() != 2) {
    return Fail("a closing bracket without its opening one");
  }
  const std::string close = is_open ? ")" : Now().text;
  ++position_;
  return arena_.Make(Kind::kGroup, inner->kids, "(" + close);
}

// \{ items \} or \{ head | conditions \}.
Expr Parser::ParseVisibleBraces() {
  ++position_;
  if (At(Tok::kClose)) {
    ++position_;
    return arena_.Make(Kind::kEmptySet, {});
  }
  // A system: \left\{ \begin{array}{l} .. \end{array} \right.
  if (At(Tok::kBegin) && (Now().text == "array" || Now().text.starts_with("align"))) {
    tokens_[position_].text = "cases";
    const Expr system = ParseEnvironment();
    Eat(Tok::kClose);
    return system;
  }
  Context context;
  context.in_braces = true;
  const Expr head = InContext(context, &Parser::ParseList);
  if (head == nullptr) {
    return nullptr;
  }
  if (At(Tok::kBar) || At(Tok::kColon)) {
    ++position_;
    const Expr condition = InContext({}, &Parser::ParseList);
    if (condition == nullptr || !Eat(Tok::kClose)) {
      return Fail("a set without its closing brace");
    }
    return arena_.Make(Kind::kSetBuilder, {head, condition});
  }
  if (!Eat(Tok::kClose)) {
    return Fail("a set without its closing brace");
  }
  return head->Is(Kind::kList) ? arena_.Make(Kind::kSet, head->kids) : arena_.Make(Kind::kSet, {head});
}

// TeX's braces only group; around a list without TeX they are a set's.
Expr Parser::ParseInvisibleBraces() {
  ++position_;
  if (Eat(Tok::kBraceClose)) {
    if (At(Tok::kCaret)) {
      return ParseIndexedBinomial();
    }
    if (At(Tok::kUnder)) {  // {}_nC_k
      position_ += 0;
      return ParseIndexedBinomial();
    }
    return StartsOperand() ? ParseAtom() : arena_.Make(Kind::kEmptySet, {});
  }
  Context context = context_;
  context.in_function = false;
  context.in_square = false;
  context.in_bars = false;
  const Expr inner = InContext(context, &Parser::ParseList);
  if (inner == nullptr) {
    return nullptr;
  }
  if (!Eat(Tok::kBraceClose) && !At(Tok::kEnd)) {
    return Fail("an opening brace without its closing one");
  }
  return inner->Is(Kind::kList) ? arena_.Make(Kind::kSet, inner->kids) : inner;
}

// Two bars side by side are one sign or two, as what stands on the other side tells: ||x||, |x||y|, ||x| - 1|.
Expr Parser::ParseBars() {
  const size_t open = position_++;
  const bool is_double = tokens_[open].text == "||";
  Context context;
  context.in_bars = true;
  const Expr inner = InContext(context, &Parser::ParseSum);
  if (inner != nullptr && At(Tok::kBar) && is_double != (Now().text == "||")) {
    const size_t split = is_double ? open : position_;
    tokens_[split].text = "|";
    tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(split), Token(tokens_[split]));
    if (is_double) {
      position_ = open;
      return ParseBars();
    }
  }
  if (inner == nullptr || !Eat(Tok::kBar)) {
    return Fail("an absolute value without its end");
  }
  return arena_.Make(Kind::kFunction, {inner}, "abs");
}

Expr Parser::ParseFunctionArguments(std::string_view, std::vector<Expr>& arguments) {
  const std::string_view close = Now().text == "(" ? ")" : Now().text == "[" ? "]" : "}";
  ++position_;
  const Expr inner = InContext({}, &Parser::ParseList);
  if (inner == nullptr || !At(Tok::kClose, close) || !Eat(Tok::kClose)) {
    return Fail("a function without the end of its arguments");
  }
  if (inner->Is(Kind::kList)) {
    arguments = inner->kids;
  } else {
    arguments.push_back(inner);
  }
  return inner;
}

// \sin^2 x, \log_2 8, \max\{a, b\}, \sin(x).
Expr Parser::ParseFunction() {
  std::string name = Now().text;
  ++position_;
  Expr base = nullptr;
  Expr exponent = nullptr;
  while (At(Tok::kUnder) || (At(Tok::kCaret) && !AtDegree())) {
    Expr& script = At(Tok::kUnder) ? base : exponent;
    ++position_;
    script = ParseScript();
    if (script == nullptr) {
      return nullptr;
    }
  }
  const bool has_joined_base = name == "log" && base == nullptr && exponent == nullptr && At(Tok::kNumber) && !Now().space_before &&
                               (Now().text == "2" || Now().text == "10") && Ahead().kind == Tok::kOpen && !Ahead().space_before;
  if (has_joined_base) {  // log2(x), log10(x)
    base = NumberNode(Now().text);
    ++position_;
  }
  if (At(Tok::kRelation) && (name == "max" || name == "min") && base == nullptr && exponent == nullptr) {
    return arena_.Symbol(name);  // "\\max = 12" names a value
  }
  std::vector<Expr> arguments;
  if (At(Tok::kOpen) && (Now().text == "(" || Now().text == "[" || Now().text == "{")) {
    if (ParseFunctionArguments(name, arguments) == nullptr) {
      return nullptr;
    }
  } else {
    Context context = context_;
    context.in_function = true;
    const Expr argument = InContext(context, &Parser::ParseTerm);
    if (argument == nullptr) {
      return nullptr;
    }
    arguments = argument->Is(Kind::kSet) || argument->Is(Kind::kList) ? argument->kids : std::vector<Expr>{argument};
  }
  constexpr auto kOfSeveral = std::to_array<std::string_view>({"binom", "gcd", "inf", "lcm", "log", "max", "min", "sup"});
  if (arguments.size() > 1 && std::ranges::find(kOfSeveral, name) == kOfSeveral.end()) {
    return Fail("a function of one value with several");
  }
  if (base != nullptr && name == "log") {
    arguments.push_back(base);
  } else if (base != nullptr) {
    return Fail("a subscript behind a function that takes none");
  }
  if (name == "binom" && arguments.size() != 2) {
    return Fail("a binomial coefficient without two arguments");
  }
  if (exponent != nullptr && exponent->Is(Kind::kNegate) && IsInteger(exponent->kid(0)) && exponent->kid(0)->value == Rational(1)) {
    name = "arc" + name;
    exponent = nullptr;
  }
  const Expr call = arena_.Make(Kind::kFunction, std::move(arguments), name);
  return exponent == nullptr ? call : arena_.Make(Kind::kPower, {call, exponent});
}

Expr Parser::ParseEnvironment() {
  const std::string name = Now().text;
  ++position_;
  std::vector<std::vector<Expr>> rows(1);
  const bool aligned = name == "aligned" || name == "align" || name == "alignat" || name == "alignedat" || name == "eqnarray";
  while (!At(Tok::kFinish)) {
    if (At(Tok::kEnd)) {
      return Fail("an environment without its end");
    }
    if (Eat(Tok::kRow)) {
      rows.emplace_back();
    } else if (Eat(Tok::kAmpersand) || Eat(Tok::kComma) || Eat(Tok::kSemicolon) || Eat(Tok::kGap)) {
      continue;
    } else {
      while (name == "cases" && At(Tok::kWord) &&
             (Now().text == "if" || Now().text == "for" || Now().text == "when" || Now().text == "where")) {
        ++position_;
      }
      const Expr cell = InContext({}, aligned || name == "cases" ? &Parser::ParseItem : &Parser::ParseRelation);
      if (cell == nullptr) {
        return nullptr;
      }
      rows.back().push_back(cell);
    }
  }
  ++position_;
  std::erase_if(rows, [](const auto& row) { return row.empty(); });
  return rows.empty() ? Fail("an empty environment") : FinishEnvironment(name, std::move(rows));
}

Expr Parser::FinishEnvironment(std::string_view name, std::vector<std::vector<Expr>> rows) {
  const size_t columns = rows[0].size();
  const bool is_even = std::ranges::all_of(rows, [&](const auto& row) { return row.size() == columns; });
  std::vector<Expr> cells;
  for (const auto& row : rows) {
    cells.insert(cells.end(), row.begin(), row.end());
  }
  if (name.ends_with("matrix") || name == "array" || name == "tabular") {
    if (!is_even) {
      return Fail("a matrix with rows of different lengths");
    }
    const Expr matrix = arena_.Make(Kind::kMatrix, std::move(cells), {}, static_cast<int64_t>(columns));
    return name == "vmatrix" ? arena_.Make(Kind::kFunction, {matrix}, "det") : matrix;
  }
  if (name == "cases" && columns == 2 && is_even) {
    return arena_.Make(Kind::kCases, std::move(cells));
  }
  return cells.size() == 1 ? cells[0] : MakeList(cells, std::string(cells.size() - 1, ','));
}

}  // namespace cupel::math
