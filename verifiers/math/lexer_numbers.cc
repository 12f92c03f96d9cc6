#include "verifiers/math/lexer_numbers.h"

#include <algorithm>

#include "verifiers/answer/characters.h"

namespace cupel::math {
namespace {

class NumberReader {
 public:
  NumberReader(std::string_view text, size_t& position, const LexOptions& options, LexResult& result)
      : text_(text), position_(position), options_(options), result_(result) {}

  std::string Run() {
    size_t end = DigitsEnd(position_);
    std::string digits(text_.substr(position_, end - position_));
    const size_t first = digits.size();
    const std::string_view before = TrimSpace(text_.substr(0, position_));
    is_bracketed_ = before.ends_with('(') || before.ends_with('[');
    if (0 < first && first <= 3 && digits.front() != '0') {
      while (const size_t separator = SeparatorLength(end)) {
        digits.append(text_.substr(end + separator, 3));
        end += separator + 3;
      }
    }
    position_ = end;
    if (options_.decimal_comma && At() == ',' && IsDigit(At(1)) && digits.size() == first) {
      digits += '.';
      end = DigitsEnd(position_ + 1);
      digits.append(text_.substr(position_ + 1, end - position_ - 1));
      position_ = end;
    } else {
      result_.has_decimal_comma = result_.has_decimal_comma || (At() == ',' && IsDigit(At(1)));
      Decimals(digits);
    }
    return digits;
  }

 private:
  char At(size_t ahead = 0) const { return CharAt(text_, position_ + ahead); }

  size_t DigitsEnd(size_t at) const {
    while (at < text_.size() && IsDigit(text_[at])) {
      ++at;
    }
    return at;
  }

  // Length of a thousands separator at `at` with exactly three digits behind it, else 0.
  size_t SeparatorLength(size_t at) {
    size_t length = 0;
    const std::string_view rest = text_.substr(at);
    bool is_comma = false;
    for (const std::string_view mark :
         {"{,}", ",\\!", ",", "\\,", "\\!", "\\ ", "~", " ", "\xE2\x80\x89", "\xE2\x80\xAF", "\xC2\xA0", "'"}) {
      if (rest.starts_with(mark)) {
        length = mark.size();
        is_comma = mark == ",";
        break;
      }
    }
    if (length == 0) {
      return 0;
    }
    while (rest.substr(length).starts_with("\\!") || (rest.substr(0, length).ends_with("\\!") && CharAt(rest, length) == ' ')) {
      length += CharAt(rest, length) == ' ' ? 1 : 2;
    }
    if (DigitsEnd(at + length) != at + length + 3) {
      return 0;
    }
    if (is_comma) {
      if (!options_.comma_groups || is_bracketed_) {
        return 0;
      }
      result_.has_comma_groups = true;
    }
    return length;
  }

  // ".25", ".1\overline{6}", ".1(6)", ".333...", "e-5" behind the whole part.
  void Decimals(std::string& digits) {
    const bool has_point = At() == '.' && At(1) != '.';
    if (has_point && IsDigit(At(1))) {
      const size_t end = DigitsEnd(position_ + 1);
      if (end == text_.size() || text_[end] != '.' || !IsDigit(CharAt(text_, end + 1))) {
        digits.append(text_.substr(position_, end - position_));
        position_ = end;
      }
    } else if (has_point && (RepeatLength(position_ + 1) > 0)) {
      digits += '.';
      ++position_;
    }
    if (digits.find('.') != std::string::npos) {
      Repeat(digits);
    }
    Exponent(digits);
  }

  // Length of "\overline{12}", "\bar{3}", "\dot{3}" or "(12)" at `at`.
  size_t RepeatLength(size_t at) const {
    const std::string_view rest = text_.substr(at);
    for (const std::string_view mark : {"\\overline{", "\\bar{", "\\dot{", "("}) {
      if (rest.starts_with(mark)) {
        const size_t end = DigitsEnd(at + mark.size());
        const bool closed = CharAt(text_, end) == (mark == "(" ? ')' : '}');
        return closed && end > at + mark.size() && end - at < 40 ? end + 1 - at : 0;
      }
    }
    for (const std::string_view mark : {"\\overline", "\\bar", "\\dot"}) {
      if (rest.starts_with(mark) && IsDigit(CharAt(rest, mark.size() + (CharAt(rest, mark.size()) == ' ' ? 1 : 0)))) {
        return mark.size() + (CharAt(rest, mark.size()) == ' ' ? 2 : 1);
      }
    }
    return 0;
  }

  void Repeat(std::string& digits) {
    std::string block;
    while (const size_t length = RepeatLength(position_)) {
      for (const char c : text_.substr(position_, length)) {
        if (IsDigit(c)) {
          block += c;
        }
      }
      position_ += length;
      // "\\dot{1}4285\\dot{7}": the dots mark both ends of the block.
      const size_t end = DigitsEnd(position_);
      if (end > position_ && RepeatLength(end) > 0 && text_.substr(end).starts_with("\\dot")) {
        block.append(text_.substr(position_, end - position_));
        position_ = end;
      }
    }
    if (!block.empty()) {
      digits += "(" + block + ")";
      while (At() == '.') {
        ++position_;
      }
      return;
    }
    // "0.333..." repeats its last digits where they stand there three times.
    if (text_.substr(position_).starts_with("...") || text_.substr(position_).starts_with("\\ldots") ||
        text_.substr(position_).starts_with("\\dots") || text_.substr(position_).starts_with("\xE2\x80\xA6")) {
      for (size_t period = 1; period <= 6; ++period) {
        if (digits.size() >= digits.find('.') + 1 + 3 * period &&
            digits.compare(digits.size() - period, period, digits, digits.size() - 2 * period, period) == 0 &&
            digits.compare(digits.size() - period, period, digits, digits.size() - 3 * period, period) == 0) {
          const std::string tail = digits.substr(digits.size() - period);
          digits = digits.substr(0, digits.size() - period) + "(" + tail + ")";
          SkipDots();
          return;
        }
      }
    }
  }

  void SkipDots() {
    if (At() == '\\') {
      position_ += text_.substr(position_).starts_with("\\ldots") ? 6 : 5;
    } else {
      position_ += 3;
    }
  }

  // Only where Euler's number is no likely reading: a point or a lone 1 before, a capital, or two digits behind.
  void Exponent(std::string& digits) {
    if ((At() != 'e' && At() != 'E') || digits.find('(') != std::string::npos) {
      return;
    }
    const size_t begin = position_ + 1 + (At(1) == '+' || At(1) == '-' ? 1 : 0);
    const size_t end = DigitsEnd(begin);
    const bool is_exponent = digits.find('.') != std::string::npos || digits == "1" || At() == 'E' || end - begin >= 2;
    if (end > begin && is_exponent && end - begin <= 6 && !IsLetter(CharAt(text_, end))) {
      digits += 'e';
      digits.append(text_.substr(position_ + 1, end - position_ - 1));
      position_ = end;
    }
  }

  std::string_view text_;
  size_t& position_;
  const LexOptions& options_;
  LexResult& result_;
  bool is_bracketed_ = false;  // "(1,234)" is a pair
};

}  // namespace

std::string ReadNumber(std::string_view text, size_t& position, const LexOptions& options, LexResult& result) {
  return NumberReader(text, position, options, result).Run();
}

}  // namespace cupel::math
