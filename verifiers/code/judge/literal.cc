#include "verifiers/code/judge/literal.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "verifiers/code/judge/python_scanner.h"

namespace cupel::code {
namespace {

constexpr int kMaxDepth = 64;
constexpr size_t kMaxDigits = 100'000;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return '0' <= c && c <= '9'; }

class LiteralParser {
 public:
  LiteralParser(std::string_view text, Notation notation) : text_(text), is_json_(notation == Notation::kJson) {}

  std::optional<Value> ParseAll() {
    Value value;
    Skip();
    if (!Parse(value, 0)) {
      return std::nullopt;
    }
    Skip();
    // A row of literals without parentheses is a tuple: "1, 2".
    return at_ == text_.size() ? std::optional<Value>(std::move(value)) : std::nullopt;
  }

 private:
  void Skip() {
    while (at_ < text_.size()) {
      if (IsSpace(text_[at_]) || (!is_json_ && text_.substr(at_, 2) == "\\\n")) {
        ++at_;
      } else if (!is_json_ && text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }

  bool Is(char c) const { return at_ < text_.size() && text_[at_] == c; }

  bool Accept(char c) {
    Skip();
    if (!Is(c)) {
      return false;
    }
    ++at_;
    Skip();
    return true;
  }

  bool Parse(Value& value, int depth) {
    Skip();
    if (depth > kMaxDepth || at_ >= text_.size()) {
      return false;
    }
    const char c = text_[at_];
    if (c == '[') {
      return ParseItems(']', Kind::kList, value, depth);
    }
    if (c == '{') {
      return ParseBraces(value, depth);
    }
    if (c == '(' && !is_json_) {
      return ParseParentheses(value, depth);
    }
    if (IsDigit(c) || c == '-' || ((c == '+' || c == '.') && !is_json_)) {
      return ParseSigned(value, depth);
    }
    return IsStringStart() ? ParseStrings(value) : ParseName(value);
  }

  bool ParseItems(char close, Kind kind, Value& value, int depth) {
    ++at_;
    value.kind = kind;
    while (!Accept(close)) {
      value.items.emplace_back();
      if (!Parse(value.items.back(), depth + 1)) {
        return false;
      }
      if (!Accept(',')) {
        return Accept(close);
      }
      if (is_json_ && Is(close)) {
        return false;
      }
    }
    return true;
  }

  bool ParseParentheses(Value& value, int depth) {
    const size_t begin = at_;
    if (!ParseItems(')', Kind::kTuple, value, depth)) {
      return false;
    }
    // (1) is 1, (1,) is a tuple: look for the comma before the bracket.
    if (value.items.size() == 1) {
      size_t last = at_;
      while (last > begin && text_[last - 1] != ')') {
        --last;
      }
      --last;
      while (last > begin && IsSpace(text_[last - 1])) {
        --last;
      }
      if (text_[last - 1] != ',') {
        Value inner = std::move(value.items[0]);
        value = std::move(inner);
      }
    }
    return true;
  }

  bool ParseBraces(Value& value, int depth) {
    ++at_;
    value.kind = Kind::kDict;
    if (Accept('}')) {
      return true;
    }
    std::vector<Value> items;
    bool is_dict = false;
    while (true) {
      items.emplace_back();
      if (!Parse(items.back(), depth + 1)) {
        return false;
      }
      if (items.size() == 1) {
        Skip();
        is_dict = Is(':');
      }
      if (is_dict) {
        if ((is_json_ && items.back().kind != Kind::kString) || !Accept(':')) {
          return false;
        }
        items.emplace_back();
        if (!Parse(items.back(), depth + 1)) {
          return false;
        }
      }
      const bool has_comma = Accept(',');
      if (Accept('}')) {
        if (is_json_ && (has_comma || !is_dict)) {
          return false;
        }
        break;
      }
      if (!has_comma) {
        return false;
      }
    }
    value = Value::Sequence(is_dict ? Kind::kDict : Kind::kSet, Distinct(std::move(items), is_dict ? 2 : 1));
    return true;
  }

  // Sets and dictionaries hold a key once; of a dictionary the last value counts. Keys that are equal but of several types are left alone.
  static std::vector<Value> Distinct(std::vector<Value> items, size_t step) {
    std::vector<std::pair<std::string, size_t>> keys;
    for (size_t i = 0; i < items.size(); i += step) {
      keys.emplace_back(Encode(items[i]), i);
    }
    std::ranges::sort(keys);
    std::vector<bool> is_dropped(items.size(), false);
    for (size_t i = 1; i < keys.size(); ++i) {
      is_dropped[keys[i - 1].second] = keys[i - 1].first == keys[i].first;
    }
    std::vector<Value> kept;
    for (size_t i = 0; i < items.size(); i += step) {
      for (size_t j = 0; j < step && !is_dropped[i]; ++j) {
        kept.push_back(std::move(items[i + j]));
      }
    }
    return kept;
  }

  bool ParseSigned(Value& value, int depth) {
    if (Is('-') || Is('+')) {
      const bool is_negative = Is('-');
      ++at_;
      if (is_json_ ? !(at_ < text_.size() && IsDigit(text_[at_])) : depth > kMaxDepth) {
        return false;
      }
      Skip();
      if (at_ >= text_.size() || !(IsDigit(text_[at_]) || text_[at_] == '.' || text_[at_] == 'f')) {
        return false;
      }
      if (!(text_[at_] == 'f' ? ParseName(value) : ParseNumber(value))) {
        return false;
      }
      if (is_negative) {
        Negate(value);
      }
    } else if (!ParseNumber(value)) {
      return false;
    }
    return is_json_ || ParseImaginaryPart(value);
  }

  static void Negate(Value& value) {
    if (value.kind == Kind::kInt && value.text != "0") {
      value.text.insert(value.text.begin(), '-');
    }
    value.number = -value.number;
    value.imaginary = -value.imaginary;
  }

  // 1+2j
  bool ParseImaginaryPart(Value& value) {
    Skip();
    if (!Is('+') && !Is('-')) {
      return true;
    }
    if (value.kind != Kind::kInt && value.kind != Kind::kFloat) {
      return false;
    }
    const bool is_negative = Is('-');
    ++at_;
    Skip();
    Value part;
    if (at_ >= text_.size() || !(IsDigit(text_[at_]) || text_[at_] == '.') || !ParseNumber(part) || part.kind != Kind::kComplex) {
      return false;
    }
    const double real = value.kind == Kind::kInt ? std::strtod(value.text.c_str(), nullptr) : value.number;
    value = Value::Complex(real, is_negative ? -part.imaginary : part.imaginary);
    return true;
  }

  // The digits of a base at at_, underscores between digits left out; empty when there are none.
  std::string TakeDigits(int base) {
    std::string digits;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool is_digit = base == 16 ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : '0' <= c && c < '0' + base;
      if (is_digit) {
        digits += c;
      } else if (c != '_' || is_json_ || digits.empty() || text_[at_ - 1] == '_') {
        break;
      }
      ++at_;
    }
    return digits;
  }

  bool ParseRadix(int base, Value& value) {
    at_ += 2;
    const std::string digits = TakeDigits(base);
    if (digits.empty() || digits.size() > (base == 2 ? 63U : 15U)) {
      return false;
    }
    value = Value::Int(std::strtoll(digits.c_str(), nullptr, base));
    return at_ >= text_.size() || !IsNameByte(text_[at_]);
  }

  bool ParseNumber(Value& value) {
    const std::string_view rest = text_.substr(at_);
    if (!is_json_ && rest.size() > 2 && rest[0] == '0' && IsNameStart(rest[1])) {
      const char kind = static_cast<char>(rest[1] | 0x20);
      if (kind == 'x' || kind == 'o' || kind == 'b') {
        return ParseRadix(kind == 'x' ? 16 : kind == 'o' ? 8 : 2, value);
      }
    }
    std::string digits = TakeDigits(10);
    const size_t num_whole = digits.size();
    bool is_float = false;
    if (Is('.')) {
      is_float = true;
      ++at_;
      const std::string fraction = TakeDigits(10);
      if ((digits.empty() && fraction.empty()) || (is_json_ && (digits.empty() || fraction.empty()))) {
        return false;
      }
      digits += "." + fraction;
    }
    if (digits.empty()) {
      return false;
    }
    if (Is('e') || Is('E')) {
      is_float = true;
      ++at_;
      digits += 'e';
      if (Is('-') || Is('+')) {
        digits += text_[at_++];
      }
      const std::string exponent = TakeDigits(10);
      if (exponent.empty()) {
        return false;
      }
      digits += exponent;
    }
    const bool is_imaginary = !is_json_ && (Is('j') || Is('J'));
    at_ += is_imaginary ? 1 : 0;
    if ((at_ < text_.size() && IsNameByte(text_[at_])) || digits.size() > kMaxDigits) {
      return false;
    }
    if (is_imaginary || is_float) {
      const double number = std::strtod(digits.c_str(), nullptr);
      value = is_imaginary ? Value::Complex(0, number) : Value::Float(number);
      return std::isfinite(number) || !is_json_;
    }
    const bool has_leading_zero = num_whole > 1 && digits[0] == '0';
    if (has_leading_zero && (is_json_ || digits.find_first_not_of('0') != std::string::npos)) {
      return false;
    }
    value = Value::BigInt(has_leading_zero ? "0" : digits);
    return true;
  }

  bool IsStringStart() const {
    if (text_[at_] == '"' || (text_[at_] == '\'' && !is_json_)) {
      return true;
    }
    size_t i = at_;
    while (!is_json_ && i < text_.size() && i < at_ + 2 && std::string_view("rRbBuU").find(text_[i]) != std::string_view::npos) {
      ++i;
    }
    return i > at_ && i < text_.size() && (text_[i] == '"' || text_[i] == '\'');
  }

  bool ParseStrings(Value& value) {
    value.kind = Kind::kString;
    for (bool is_first = true; at_ < text_.size() && IsStringStart(); is_first = false) {
      bool is_raw = false;
      bool is_bytes = false;
      for (; text_[at_] != '"' && text_[at_] != '\''; ++at_) {
        is_raw = is_raw || (text_[at_] | 0x20) == 'r';
        is_bytes = is_bytes || (text_[at_] | 0x20) == 'b';
      }
      if (!is_first && is_bytes != (value.kind == Kind::kBytes)) {
        return false;
      }
      value.kind = is_bytes ? Kind::kBytes : Kind::kString;
      const size_t end = EndOfPythonString(text_, at_);
      if (end == std::string_view::npos) {
        return false;
      }
      const size_t num_quotes = !is_json_ && text_.substr(at_, 3) == std::string(3, text_[at_]) && end - at_ >= 6 ? 3 : 1;
      const std::string_view inside = text_.substr(at_ + num_quotes, end - at_ - 2 * num_quotes);
      if (is_raw) {
        value.text += inside;
      } else if (!(is_json_ ? UnescapeJson(inside, value.text) : UnescapePython(inside, is_bytes, value.text))) {
        return false;
      }
      at_ = end;
      if (is_json_) {
        return true;
      }
      Skip();
    }
    return true;
  }

  bool ParseName(Value& value) {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameByte(text_[at_])) {
      ++at_;
    }
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name == (is_json_ ? "null" : "None")) {
      value = Value::None();
      return true;
    }
    const bool is_true = name == (is_json_ ? "true" : "True");
    if (is_true || name == (is_json_ ? "false" : "False")) {
      value = Value::Bool(is_true);
      return true;
    }
    return !is_json_ && ParseConstructor(name, value);
  }

  // set(), set([1, 2]), frozenset(..), float('inf')
  bool ParseConstructor(std::string_view name, Value& value) {
    if ((name != "set" && name != "frozenset" && name != "float") || !Accept('(')) {
      return false;
    }
    if (name == "float") {
      Value text;
      if (!IsStringStart() || !ParseStrings(text) || !Accept(')')) {
        return false;
      }
      const bool is_negative = text.text.starts_with('-');
      const std::string_view word = std::string_view(text.text).substr(is_negative ? 1 : 0);
      value = Value::Float(is_negative ? -INFINITY : INFINITY);
      return word == "inf" || word == "infinity";
    }
    Value inner = Value::Sequence(Kind::kList, {});
    if (!Is(')') && (!Parse(inner, 1) || (inner.kind != Kind::kList && inner.kind != Kind::kTuple && inner.kind != Kind::kSet))) {
      return false;
    }
    value = Value::Sequence(Kind::kSet, Distinct(std::move(inner.items), 1));
    return Accept(')');
  }

  std::string_view text_;
  bool is_json_;
  size_t at_ = 0;
};

}  // namespace

std::optional<Value> ParseLiteral(std::string_view text, Notation notation) { return LiteralParser(text, notation).ParseAll(); }

}  // namespace cupel::code
