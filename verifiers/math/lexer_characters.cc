#include <array>

#include "verifiers/answer/characters.h"
#include "verifiers/math/lexer_impl.h"
#include "verifiers/math/lexer_numbers.h"
#include "verifiers/math/word_list.h"

namespace cupel::math {
namespace {

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

}  // namespace

void Lexer::Character() {
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
    Emit(Tok::kWord, "cents", true);
  } else if (const std::string_view vulgar = VulgarFraction(code); !vulgar.empty()) {
    Emit(Tok::kNumber, vulgar);
  } else if (const std::string_view command = CommandOfCharacter(code); !command.empty()) {
    NamedCommand(command);
  } else if (const std::string_view ascii = AsciiOfCharacter(code, buffer); !ascii.empty()) {
    IsCircled(code) ? Circled(ascii) : Plain(ascii);
  } else {
    Emit(Tok::kWord, text_.substr(position_ - length, length), true);
  }
}

void Lexer::Plain(std::string_view ascii) {
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

// A circled number stands for itself: two of them side by side are a list.
void Lexer::Circled(std::string_view digits) {
  if (std::ssize(result_.tokens) == circled_end_) {
    Emit(Tok::kComma);
  }
  Emit(Tok::kNumber, digits);
  circled_end_ = std::ssize(result_.tokens);
}

// Digits of other scripts come one by one.
void Lexer::AppendDigits(std::string_view digits) {
  Token* last = result_.tokens.empty() ? nullptr : &result_.tokens.back();
  if (last != nullptr && last->kind == Tok::kNumber && !space_ && last->text.find('/') == std::string::npos) {
    last->text += digits;
  } else {
    Emit(Tok::kNumber, digits);
  }
}

void Lexer::Script(Tok mark, char (*plain)(uint32_t)) {
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

bool Lexer::Eat(std::string_view mark, Tok kind, std::string_view text) {
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

bool Lexer::EatHtml() {
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

bool Lexer::EatLong() {
  return Eat("...", Tok::kDots, "...") || Eat("**", Tok::kCaret, "") || Eat("<=>", Tok::kRelation, "->") ||
         Eat("<=", Tok::kRelation, "<=") || Eat(">=", Tok::kRelation, ">=") || Eat("=<", Tok::kRelation, "<=") ||
         Eat("!==", Tok::kRelation, "!=") || Eat("!=", Tok::kRelation, "!=") || Eat("==", Tok::kRelation, "=") ||
         Eat("=>", Tok::kRelation, "->") || Eat("->", Tok::kRelation, "->") || Eat("<>", Tok::kRelation, "!=") ||
         Eat("+/-", Tok::kPlusMinus, "+-") || Eat("+-", Tok::kPlusMinus, "+-") || Eat("||", Tok::kBar, "||") ||
         Eat(":=", Tok::kRelation, "=") || Eat("&lt;", Tok::kRelation, "<") || Eat("&gt;", Tok::kRelation, ">") ||
         Eat("&le;", Tok::kRelation, "<=") || Eat("&ge;", Tok::kRelation, ">=") || Eat("''", Tok::kPrime, "''");
}

void Lexer::CloseBrace() {
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

void Lexer::PunctuationAs(char c) {
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
void Lexer::Point() {
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

}  // namespace cupel::math
