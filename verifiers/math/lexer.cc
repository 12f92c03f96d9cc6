#include <algorithm>
#include <array>

#include "verifiers/answer/characters.h"
#include "verifiers/math/lexer_impl.h"
#include "verifiers/math/lexer_numbers.h"
#include "verifiers/math/lexer_tables.h"
#include "verifiers/math/token.h"
#include "verifiers/math/word_list.h"

namespace cupel::math {
namespace {

constexpr auto kFunctionNames = std::to_array<std::string_view>({
    "Re",     "Im",      "abs",    "acos",  "arccos", "arccosh", "arccot", "arccsc", "arcosh", "arcsec", "arcsin", "arcsinh",
    "arctan", "arctanh", "arcctg", "arctg", "arsinh", "artanh",  "asin",   "atan",   "binom",  "cbrt",   "ceil",   "ceiling",
    "cis",    "conj",    "cos",    "cosec", "cosh",   "cot",     "cotg",   "coth",   "csc",    "csch",   "ctg",    "det",
    "erf",    "exp",     "floor",  "gcd",   "lcm",    "lg",      "ln",     "log",    "max",    "min",    "nCr",    "sec",
    "sech",   "sgn",     "sin",    "sinh",  "sqrt",   "tan",     "tanh",   "tg",
});

constexpr auto kTextCommands = std::to_array<std::string_view>(
    {"text", "mbox", "textbf", "textit", "textrm", "hbox", "textnormal", "texttt", "textsf", "textsc", "emph", "textup", "intertext"});
constexpr auto kUprightCommands = std::to_array<std::string_view>({"mathrm", "operatorname", "mathop"});
constexpr auto kStyleCommands = std::to_array<std::string_view>(
    {"mathbf", "boldsymbol", "bm",   "mathit", "mathsf",    "mathcal", "mathscr", "mathfrak", "mathnormal", "pmb",
     "bold",   "boxed",      "fbox", "smash",  "underline", "mathbin", "mathrel", "mathord",  "ensuremath", "cancel"});
constexpr auto kGreekWords = std::to_array<std::string_view>(
    {"alpha", "beta", "gamma", "delta", "theta", "lambda", "omega", "phi", "rho", "sigma", "epsilon", "mu", "tau", "psi"});

}  // namespace

LexResult Lexer::Run() {
  is_dollar_money_ = std::ranges::count(text_, '$') % 2 == 1;
  while (position_ < text_.size() && result_.problem.empty()) {
    Step();
  }
  Emit(Tok::kEnd);
  return std::move(result_);
}

void Lexer::Emit(Tok kind, std::string_view text, bool is_prose) {
  Token token{kind, std::string(text), space_, is_prose || InText(), IsUpright()};
  space_ = false;
  if (!budget_.Spend(1) || std::ssize(result_.tokens) >= budget_.limits().max_tokens) {
    result_.problem = "too many symbols";
    return;
  }
  result_.tokens.push_back(std::move(token));
}

void Lexer::Step() {
  const char c = At();
  if (IsSpace(c)) {
    space_ = true;
    ++position_;
  } else if (IsDigit(c) || (c == '.' && IsDigit(At(1)))) {
    Emit(Tok::kNumber, ReadNumber(text_, position_, options_, result_));
  } else if (IsLetter(c)) {
    Letters();
  } else if (c == '\\') {
    ++position_;
    Command();
  } else if (static_cast<unsigned char>(c) >= 0x80) {
    Character();
  } else if (text_.substr(position_).starts_with("{:}")) {  // 7{:}30
    position_ += 3;
    Emit(Tok::kColon, ":");
  } else {
    PunctuationAs(c);
  }
}

void Lexer::Letters() {
  size_t end = position_;
  while (end < text_.size() && IsLetter(text_[end])) {
    ++end;
  }
  const std::string_view word = text_.substr(position_, end - position_);
  position_ = end;
  EmitWord(word);
}

void Lexer::EmitWord(std::string_view word) {
  if (word.size() == 1) {
    Emit(InText() ? Tok::kWord : Tok::kLetter, word);
  } else if (word == "pi" || word == "Pi" || word == "PI") {
    Emit(Tok::kConstant, "pi");
  } else if (word == "oo") {
    Emit(Tok::kConstant, "inf");
  } else if (word == "sqrt" || word == "cbrt") {
    Emit(Tok::kRoot, word == "cbrt" ? "3" : "");
  } else if (word == "sec" && InText() && !result_.tokens.empty() && result_.tokens.back().kind == Tok::kNumber) {
    Emit(Tok::kWord, word);  // of time
  } else if (Has(kFunctionNames, word)) {
    Emit(Tok::kFunction, FunctionName(word));
  } else if (Has(kGreekWords, word) && !InText()) {
    Emit(Tok::kLetter, word);
  } else {
    Emit(Tok::kWord, word);
  }
}

std::string_view Lexer::FunctionName(std::string_view word) {
  constexpr auto kAliases = std::to_array<std::pair<std::string_view, std::string_view>>({{"acos", "arccos"},
                                                                                          {"asin", "arcsin"},
                                                                                          {"atan", "arctan"},
                                                                                          {"arccosh", "arcosh"},
                                                                                          {"arcctg", "arccot"},
                                                                                          {"arctg", "arctan"},
                                                                                          {"cotg", "cot"},
                                                                                          {"arcsinh", "arsinh"},
                                                                                          {"arctanh", "artanh"},
                                                                                          {"ceiling", "ceil"},
                                                                                          {"cosec", "csc"},
                                                                                          {"ctg", "cot"},
                                                                                          {"tg", "tan"},
                                                                                          {"nCr", "binom"}});
  const auto found = std::ranges::find(kAliases, word, &std::pair<std::string_view, std::string_view>::first);
  return found == kAliases.end() ? word : found->second;
}

void Lexer::Command() {
  size_t end = position_;
  while (end < text_.size() && IsLetter(text_[end])) {
    ++end;
  }
  if (end == position_) {
    SymbolCommand();
    return;
  }
  const std::string_view name = text_.substr(position_, end - position_);
  position_ = end;
  NamedCommand(name);
}

// "\\frac" with two backslashes outside an environment is one command, escaped twice on its way.
bool Lexer::IsEscapedTwice() const {
  size_t end = position_ + 1;
  while (end < text_.size() && IsLetter(text_[end])) {
    ++end;
  }
  const std::string_view name = text_.substr(std::min(position_ + 1, text_.size()), end - std::min(position_ + 1, end));
  return environments_ == 0 && !name.empty() && name != "begin" &&
         (CommandToken(name) || IsIgnoredCommand(name) || Has(kTextCommands, name) || Has(kStyleCommands, name) ||
          Has(kUprightCommands, name));
}

// A bold letter beside the cross of a product: \mathbf a \times \mathbf{b}.
bool Lexer::IsBoldVector(std::string_view command) const {
  if (command != "mathbf" && command != "boldsymbol" && command != "bm") {
    return false;
  }
  const auto skip_spaces = [&](size_t at) {
    while (at < text_.size() && IsSpace(text_[at])) {
      ++at;
    }
    return at;
  };
  size_t at = skip_spaces(position_);
  const bool braced = at < text_.size() && text_[at] == '{';
  at = braced ? skip_spaces(at + 1) : at;
  if (at >= text_.size() || !IsLetter(text_[at])) {
    return false;
  }
  if (!braced && at + 1 < text_.size() && IsLetter(text_[at + 1])) {
    return false;
  }
  at = skip_spaces(at + 1);
  if (braced && (at >= text_.size() || text_[at] != '}')) {
    return false;
  }
  at = skip_spaces(at + (braced ? 1 : 0));
  return text_.substr(at).starts_with("\\times") || (!result_.tokens.empty() && result_.tokens.back().kind == Tok::kTimes);
}

void Lexer::SymbolCommand() {
  const char c = At();
  if (c == '\\' && IsEscapedTwice()) {
    return;  // the second backslash begins the command
  }
  ++position_;
  if (c == '\\') {
    Emit(Tok::kRow);
    while (IsSpace(At())) {
      ++position_;
    }
  } else if (c == '(' || c == ')' || c == '[' || c == ']') {
    space_ = true;  // \( \) \[ \] only say where mathematics is
  } else if (c == '$') {
    Emit(Tok::kCurrency, "$");
  } else if (c == '_' || c == '#' || c == '\0') {
    space_ = true;
  } else if (IsSpace(c) || IsIgnoredCommand({&c, 1})) {
    space_ = space_ || c != '!';
  } else if (const auto symbol = CommandToken({&c, 1})) {
    if (c == '&') {
      space_ = true;
    }
    Emit(*symbol);
  }
}

void Lexer::NamedCommand(std::string_view name) {
  if (Has(kTextCommands, name)) {
    OpenMode('t');
  } else if (Has(kUprightCommands, name)) {
    OpenMode('u');
  } else if (name == "rm" || name == "roman") {
    if (!modes_.empty() && modes_.back() == 'b') {
      modes_.back() = 'v';
    }
  } else if (name == "mathbb" || name == "Bbb") {
    BlackboardLetter();
  } else if (name == "begin" || name == "end") {
    Environment(name == "begin");
  } else if (name == "color" || name == "textcolor" || name == "hspace" || name == "vspace" || name == "phantom" || name == "hphantom" ||
             name == "tag" || name == "label") {
    SkipArgument();
  } else if (IsBoldVector(name)) {
    Emit(Tok::kAccent, "vec");
  } else if (Has(kStyleCommands, name) || name == "bf" || name == "it" || name == "displaylimits" || IsIgnoredCommand(name)) {
    const bool is_left = name == "left" || name == "mleft";
    space_ = space_ || !is_left;
    if ((is_left || name == "right" || name == "mright") && At() == '.') {
      ++position_;
    }
  } else if (name.starts_with("quad") && name.size() > 4) {  // "\\quadx"
    Emit(Tok::kGap);
    EmitWord(name.substr(4));
  } else if (name == "not") {
    is_negated_ = true;
  } else if (const auto symbol = CommandToken(name)) {
    Negated(*symbol);
  } else if (Has(kFunctionNames, name)) {
    Emit(Tok::kFunction, FunctionName(name));
  } else {
    Emit(name.size() == 1 ? Tok::kLetter : Tok::kWord, name);
  }
}

void Lexer::Negated(Symbolic symbol) {
  if (is_negated_ && symbol.kind == Tok::kRelation) {
    symbol.text = symbol.text == "in" ? "notin" : symbol.text == "=" ? "!=" : "not";
  }
  is_negated_ = false;
  Emit(symbol);
}

void Lexer::SkipSpaces() {
  while (IsSpace(At())) {
    ++position_;
  }
}

void Lexer::OpenMode(char mode) {
  SkipSpaces();
  if (At() == '*') {  // \operatorname*
    ++position_;
  }
  if (At() == '{') {
    ++position_;
    modes_.push_back(mode);
    space_ = space_ || mode == 't';
  }
}

void Lexer::BlackboardLetter() {
  SkipSpaces();
  const bool braced = At() == '{';
  position_ += braced ? 1 : 0;
  SkipSpaces();
  if (IsLetter(At())) {
    const std::string_view letter = text_.substr(position_, 1);
    ++position_;
    Emit(Has(std::to_array<std::string_view>({"R", "Z", "N", "Q", "C"}), letter) ? Tok::kSet : Tok::kLetter, letter);
  }
  SkipSpaces();
  position_ += braced && At() == '}' ? 1 : 0;
}

void Lexer::Environment(bool begins) {
  SkipSpaces();
  const size_t close = At() == '{' ? text_.find('}', position_) : std::string_view::npos;
  if (close == std::string_view::npos || close - position_ > 20) {
    return;
  }
  std::string_view name = text_.substr(position_ + 1, close - position_ - 1);
  position_ = close + 1;
  if (name.ends_with('*')) {
    name.remove_suffix(1);
  }
  if (name == "document" || name == "center" || name == "equation" || name == "displaymath" || name == "math" || name == "split" ||
      name == "gathered") {
    return;
  }
  environments_ += begins ? 1 : -1;
  Emit(begins ? Tok::kBegin : Tok::kFinish, name);
  if (begins && (name == "array" || name == "tabular")) {
    SkipArgument();
  }
}

void Lexer::SkipArgument() {
  SkipSpaces();
  if (At() == '{') {
    const size_t close = text_.find('}', position_);
    position_ = close == std::string_view::npos ? text_.size() : close + 1;
  }
}

LexResult Lex(std::string_view text, const LexOptions& options, Budget& budget) { return Lexer(text, options, budget).Run(); }

bool IsFunctionName(std::string_view name) { return Has(kFunctionNames, name); }

std::string CanonicalText(const std::vector<Token>& tokens) {
  std::string text;
  const bool has_vectors =
      std::ranges::any_of(tokens, [](const Token& token) { return token.kind == Tok::kAccent && token.text == "vec"; });
  for (const Token& token : tokens) {
    if (token.kind == Tok::kGap || token.kind == Tok::kEnd) {
      continue;
    }
    text += static_cast<char>('A' + static_cast<int>(token.kind));
    if (token.kind != Tok::kTimes || has_vectors) {  // \times is \cdot but between vectors
      text += token.text;
    }
    text += '\x1F';
  }
  return text;
}

}  // namespace cupel::math
