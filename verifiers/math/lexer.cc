#include <algorithm>
#include <array>

#include "verifiers/answer/characters.h"
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

// The code point at the front of `text` and its length; an invalid byte gives 0xFFFD and 1.
uint32_t DecodeUtf8(std::string_view text, size_t& length) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
  if (length == 0 || length > text.size()) {
    length = 1;
    return 0xFFFD;
  }
  uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      length = 1;
      return 0xFFFD;
    }
    code = (code << 6) | (byte(i) & 0x3FU);
  }
  return code;
}

class Lexer {
 public:
  Lexer(std::string_view text, const LexOptions& options, Budget& budget) : text_(text), options_(options), budget_(budget) {}

  LexResult Run() {
    is_dollar_money_ = std::ranges::count(text_, '$') % 2 == 1;
    while (position_ < text_.size() && result_.problem.empty()) {
      Step();
    }
    Emit(Tok::kEnd);
    return std::move(result_);
  }

 private:
  char At(size_t ahead = 0) const { return CharAt(text_, position_ + ahead); }
  bool InText() const { return !modes_.empty() && modes_.back() == 't'; }
  bool IsUpright() const { return !modes_.empty() && modes_.back() == 'u'; }

  void Emit(Tok kind, std::string_view text = {}) {
    Token token{kind, std::string(text), space_, InText(), IsUpright()};
    space_ = false;
    if (!budget_.Spend(1) || std::ssize(result_.tokens) >= budget_.limits().max_tokens) {
      result_.problem = "too many symbols";
      return;
    }
    result_.tokens.push_back(std::move(token));
  }
  void Emit(const Symbolic& symbol) { Emit(symbol.kind, symbol.text); }

  void Step() {
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
    } else {
      Punctuation(c);
    }
  }

  // --- Words and commands ---

  void Letters() {
    size_t end = position_;
    while (end < text_.size() && IsLetter(text_[end])) {
      ++end;
    }
    const std::string_view word = text_.substr(position_, end - position_);
    position_ = end;
    EmitWord(word);
  }

  void EmitWord(std::string_view word) {
    if (word.size() == 1) {
      Emit(InText() ? Tok::kWord : Tok::kLetter, word);
    } else if (word == "pi" || word == "Pi" || word == "PI") {
      Emit(Tok::kConstant, "pi");
    } else if (word == "oo") {
      Emit(Tok::kConstant, "inf");
    } else if (word == "sqrt" || word == "cbrt") {
      Emit(Tok::kRoot, word == "cbrt" ? "3" : "");
    } else if (Has(kFunctionNames, word)) {
      Emit(Tok::kFunction, FunctionName(word));
    } else if (Has(kGreekWords, word) && !InText()) {
      Emit(Tok::kLetter, word);
    } else {
      Emit(Tok::kWord, word);
    }
  }

  static std::string_view FunctionName(std::string_view word) {
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

  void Command() {
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
  bool IsEscapedTwice() const {
    size_t end = position_ + 1;
    while (end < text_.size() && IsLetter(text_[end])) {
      ++end;
    }
    const std::string_view name = text_.substr(std::min(position_ + 1, text_.size()), end - std::min(position_ + 1, end));
    return environments_ == 0 && !name.empty() && name != "begin" &&
           (CommandToken(name) || IsIgnoredCommand(name) || Has(kTextCommands, name) || Has(kStyleCommands, name) ||
            Has(kUprightCommands, name));
  }

  void SymbolCommand() {
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

  void NamedCommand(std::string_view name) {
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
    } else if (Has(kStyleCommands, name) || name == "bf" || name == "it" || name == "displaylimits" || IsIgnoredCommand(name)) {
      space_ = space_ || name != "left";
      if ((name == "left" || name == "right") && At() == '.') {
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

  void Negated(Symbolic symbol) {
    if (is_negated_ && symbol.kind == Tok::kRelation) {
      symbol.text = symbol.text == "in" ? "notin" : symbol.text == "=" ? "!=" : "not";
    }
    is_negated_ = false;
    Emit(symbol);
  }

  void SkipSpaces() {
    while (IsSpace(At())) {
      ++position_;
    }
  }

  void OpenMode(char mode) {
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

  void BlackboardLetter() {
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

  void Environment(bool begins) {
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

  void SkipArgument() {
    SkipSpaces();
    if (At() == '{') {
      const size_t close = text_.find('}', position_);
      position_ = close == std::string_view::npos ? text_.size() : close + 1;
    }
  }

  // --- Characters beyond ASCII ---

  void Character() {
    size_t length = 0;
    const uint32_t code = DecodeUtf8(text_.substr(position_), length);
    if (SuperscriptOf(code) != '\0') {
      Script(Tok::kCaret, &SuperscriptOf);
      return;
    }
    if (SubscriptOf(code) != '\0') {
      Script(Tok::kUnder, &SubscriptOf);
      return;
    }
    position_ += length;
    char buffer[8];
    if (code == 0xA2) {  // the sign of the cent
      Emit(Tok::kWord, "cents");
      result_.tokens.back().is_prose = true;
    } else if (const std::string_view vulgar = VulgarFraction(code); !vulgar.empty()) {
      Emit(Tok::kNumber, vulgar);
    } else if (const std::string_view command = CommandOfCharacter(code); !command.empty()) {
      NamedCommand(command);
    } else if (const std::string_view ascii = AsciiOfCharacter(code, buffer); !ascii.empty()) {
      IsCircled(code) ? Circled(ascii) : Plain(ascii);
    } else {
      Emit(Tok::kWord, text_.substr(position_ - length, length));
      result_.tokens.back().is_prose = true;
    }
  }

  void Plain(std::string_view ascii) {
    if (ascii == "\x01") {
      return;
    }
    if (ascii == " ") {
      space_ = true;
    } else if (IsDigit(ascii[0])) {
      AppendDigits(ascii);
    } else if (IsLetter(ascii[0])) {
      Emit(Tok::kLetter, ascii);
    } else if (ascii.size() > 1) {
      Emit(Tok::kPrime, ascii);
    } else {
      --position_;  // the character is read as its ASCII form in place
      PunctuationAs(ascii[0]);
    }
  }

  static bool IsCircled(uint32_t code) { return (0x2460 <= code && code <= 0x249B) || (0x2776 <= code && code <= 0x2793); }

  // A circled number stands for itself: two of them side by side are a list.
  void Circled(std::string_view digits) {
    if (std::ssize(result_.tokens) == circled_end_) {
      Emit(Tok::kComma);
    }
    Emit(Tok::kNumber, digits);
    circled_end_ = std::ssize(result_.tokens);
  }

  // Digits of other scripts come one by one.
  void AppendDigits(std::string_view digits) {
    Token* last = result_.tokens.empty() ? nullptr : &result_.tokens.back();
    if (last != nullptr && last->kind == Tok::kNumber && !space_ && last->text.find('/') == std::string::npos) {
      last->text += digits;
    } else {
      Emit(Tok::kNumber, digits);
    }
  }

  void Script(Tok mark, char (*plain)(uint32_t)) {
    std::string content;
    while (position_ < text_.size()) {
      size_t length = 0;
      const char c = plain(DecodeUtf8(text_.substr(position_), length));
      if (c == '\0') {
        break;
      }
      content += c;
      position_ += length;
    }
    Emit(mark);
    Emit(Tok::kBrace);
    for (size_t i = 0; i < content.size();) {
      const size_t begin = i;
      while (i < content.size() && IsDigit(content[i])) {
        ++i;
      }
      if (i > begin) {
        Emit(Tok::kNumber, std::string_view(content).substr(begin, i - begin));
      } else {
        const char c = content[i++];
        Emit(c == '+' ? Tok::kPlus : c == '-' ? Tok::kMinus : c == '(' ? Tok::kOpen : c == ')' ? Tok::kClose : Tok::kLetter, {&c, 1});
      }
    }
    Emit(Tok::kBraceClose);
  }

  // --- ASCII ---

  void Punctuation(char c) { PunctuationAs(c); }

  bool Eat(std::string_view mark, Tok kind, std::string_view text) {
    if (!text_.substr(position_).starts_with(mark)) {
      return false;
    }
    position_ += mark.size();
    if (kind == Tok::kRelation) {
      Negated({kind, text});
    } else {
      Emit(kind, text);
    }
    return true;
  }

  bool EatHtml() {
    for (const auto& [tag, script] : {std::pair{"<sup>", Tok::kCaret}, std::pair{"<sub>", Tok::kUnder}}) {
      if (text_.substr(position_).starts_with(tag)) {
        position_ += 5;
        Emit(script);
        Emit(Tok::kBrace);
        modes_.push_back('b');
        return true;
      }
    }
    for (const std::string_view tag : {"</sup>", "</sub>"}) {
      if (text_.substr(position_).starts_with(tag)) {
        position_ += tag.size();
        CloseBrace();
        return true;
      }
    }
    for (const std::string_view tag : {"<br>", "<br/>", "<b>", "</b>", "<i>", "</i>"}) {
      if (text_.substr(position_).starts_with(tag)) {
        position_ += tag.size();
        space_ = true;
        return true;
      }
    }
    return false;
  }

  bool EatLong() {
    return Eat("...", Tok::kDots, "...") || Eat("**", Tok::kCaret, "") || Eat("<=>", Tok::kRelation, "->") ||
           Eat("<=", Tok::kRelation, "<=") || Eat(">=", Tok::kRelation, ">=") || Eat("=<", Tok::kRelation, "<=") ||
           Eat("!==", Tok::kRelation, "!=") || Eat("!=", Tok::kRelation, "!=") || Eat("==", Tok::kRelation, "=") ||
           Eat("=>", Tok::kRelation, "->") || Eat("->", Tok::kRelation, "->") || Eat("<>", Tok::kRelation, "!=") ||
           Eat("+/-", Tok::kPlusMinus, "+-") || Eat("+-", Tok::kPlusMinus, "+-") || Eat("||", Tok::kBar, "||") ||
           Eat(":=", Tok::kRelation, "=") || Eat("&lt;", Tok::kRelation, "<") || Eat("&gt;", Tok::kRelation, ">") ||
           Eat("&le;", Tok::kRelation, "<=") || Eat("&ge;", Tok::kRelation, ">=") || Eat("''", Tok::kPrime, "''");
  }

  void CloseBrace() {
    const char mode = modes_.empty() ? 'b' : modes_.back();
    if (!modes_.empty()) {
      modes_.pop_back();
    }
    if (mode == 'b' || mode == 'v') {
      Emit(Tok::kBraceClose);
    } else {
      space_ = space_ || mode == 't';
    }
  }

  void PunctuationAs(char c) {
    if (c == At() && ((c == '<' && EatHtml()) || EatLong())) {
      return;
    }
    ++position_;
    switch (c) {
      case '{':
        modes_.push_back(InText() ? 'i' : 'b');
        if (modes_.back() == 'b') {
          Emit(Tok::kBrace);
        }
        return;
      case '}':
        CloseBrace();
        return;
      case '$':
        if (is_dollar_money_ && IsDigit(At())) {
          Emit(Tok::kCurrency, "$");
          is_dollar_money_ = false;
        } else {
          space_ = true;
        }
        return;
      case '+':
        return Emit(Tok::kPlus);
      case '-':
        return Emit(Tok::kMinus);
      case '*':
        return Emit(Tok::kTimes, "*");
      case '/':
        return Emit(Tok::kSlash, "/");
      case '^':
        return Emit(Tok::kCaret);
      case '_':
        return Emit(Tok::kUnder);
      case '!':
        return Emit(Tok::kBang);
      case '%':
        return Emit(Tok::kPercent, "%");
      case '\'':
        return Emit(Tok::kPrime, "'");
      case '(':
      case '[':
        return Emit(Tok::kOpen, {&c, 1});
      case ')':
      case ']':
        return Emit(Tok::kClose, {&c, 1});
      case '|':
        return Emit(Tok::kBar, "|");
      case ',':
        return Emit(Tok::kComma);
      case ';':
        return Emit(Tok::kSemicolon);
      case ':':
        return Emit(Tok::kColon, ":");
      case '=':
        return Negated({Tok::kRelation, "="});
      case '<':
      case '>':
        return Negated({Tok::kRelation, {&c, 1}});
      case '&':
        return Emit(Tok::kAmpersand);
      case '.':
        return Point();
      case '\n':
      case '\r':
        space_ = true;
        return;
      default:
        if (c == '?' || c == '"' || c == '`' || c == '#' || c == '@' || c == '~' || IsSpace(c) || static_cast<unsigned char>(c) < 0x20) {
          space_ = true;
        } else if (static_cast<unsigned char>(c) >= 0x80) {
          space_ = true;
        } else {
          Emit(Tok::kWord, {&c, 1});
        }
    }
  }

  // A dot that is no part of a number: a product in "2 . 3" for nobody, the end of a sentence otherwise.
  void Point() {
    const bool ends = TrimSpace(text_.substr(position_)).empty() || IsSpace(At()) || IsOneOf(At(), "$}\\)*");
    if (!ends) {
      Emit(Tok::kWord, ".");
      return;
    }
    space_ = true;
    if (!TrimSpace(text_.substr(position_)).empty() && IsSpace(At())) {
      Emit(Tok::kSemicolon, ".");
    }
  }

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

}  // namespace

LexResult Lex(std::string_view text, const LexOptions& options, Budget& budget) { return Lexer(text, options, budget).Run(); }

bool IsFunctionName(std::string_view name) { return Has(kFunctionNames, name); }

std::string CanonicalText(const std::vector<Token>& tokens) {
  std::string text;
  for (const Token& token : tokens) {
    if (token.kind == Tok::kGap || token.kind == Tok::kEnd) {
      continue;
    }
    text += static_cast<char>('A' + static_cast<int>(token.kind));
    if (token.kind != Tok::kTimes) {
      text += token.text;
    }
    text += '\x1F';
  }
  return text;
}

}  // namespace cupel::math
