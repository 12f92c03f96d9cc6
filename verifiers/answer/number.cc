#include "verifiers/answer/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/units.h"

namespace cupel {
namespace {

constexpr size_t kMaxExponentDigits = 15;
constexpr int64_t kMaxProductSteps = int64_t{1} << 22;

constexpr std::string_view kNotANumber = "not a number";

void StripLeadingZeros(std::string& digits) { digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1)); }

// Removes trailing zeros and says how many there were. `digits` is not all zeros.
int64_t StripTrailingZeros(std::string& digits) {
  const size_t kept = digits.find_last_not_of('0') + 1;
  const size_t removed = digits.size() - kept;
  digits.resize(kept);
  return static_cast<int64_t>(removed);
}

void Normalize(Number& number) {
  StripLeadingZeros(number.numerator);
  StripLeadingZeros(number.denominator);
  if (number.numerator == "0") {
    number = {.numerator = "0", .denominator = "1", .is_percent = number.is_percent};
    return;
  }
  number.exponent += StripTrailingZeros(number.numerator);
  number.exponent -= StripTrailingZeros(number.denominator);
}

// Reads from the front of a text; what is left is `rest()`.
class NumberReader {
 public:
  explicit NumberReader(std::string_view text) : rest_(text) {}

  std::string_view rest() const { return rest_; }
  bool is_beyond_limit() const { return is_beyond_limit_; }

  // A number with its sign and percent mark, in normal form; nullopt when none stands here or it is beyond the limit.
  std::optional<Number> Read() {
    Number number{.numerator = "", .denominator = "1"};
    number.is_negative = SignAndCurrency();
    const bool is_read = TexFraction(number) || Fraction(number) || Decimal(number);
    if (!is_read || is_beyond_limit_ || number.denominator.find_first_not_of('0') == std::string::npos) {
      return std::nullopt;
    }
    number.is_percent = Percent();
    Normalize(number);
    return number;
  }

  // \frac{a}{b} with a sign of its own allowed in the numerator.
  bool TexFraction(Number& number) {
    const std::string_view start = rest_;
    if (Eat("\\frac{") || Eat("\\dfrac{") || Eat("\\tfrac{")) {
      SkipSpace();
      const bool is_negative = Sign();
      std::optional<std::string> numerator = Integer();
      SkipSpace();
      if (numerator && Eat("}") && Eat("{")) {
        SkipSpace();
        std::optional<std::string> denominator = Integer();
        SkipSpace();
        if (denominator && Eat("}")) {
          number.is_negative ^= is_negative;
          number.numerator = *std::move(numerator);
          number.denominator = *std::move(denominator);
          return true;
        }
      }
    }
    rest_ = start;
    return false;
  }

 private:
  bool Eat(std::string_view prefix) {
    const bool found = rest_.starts_with(prefix);
    rest_.remove_prefix(found ? prefix.size() : 0);
    return found;
  }

  void SkipSpace() {
    while (IsSpace(CharAt(rest_, 0))) {
      rest_.remove_prefix(1);
    }
  }

  // Eats a sign; true for minus.
  bool Sign() {
    const bool is_negative = Eat("-") || Eat(kMinusSign);
    if (!is_negative) {
      Eat("+");
    }
    SkipSpace();
    return is_negative;
  }

  // "-$5", "$-5" and "- 5"; one sign at most.
  bool SignAndCurrency() {
    const size_t size = rest_.size();
    const bool is_negative = Sign();
    const bool has_sign = rest_.size() < size;
    rest_.remove_prefix(CurrencyLength(rest_));
    SkipSpace();
    return has_sign ? is_negative : Sign();
  }

  std::string_view Digits() {
    size_t length = 0;
    while (IsDigit(CharAt(rest_, length))) {
      ++length;
    }
    const std::string_view digits = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return digits;
  }

  // Length of "," or "{,}" with exactly three digits behind it at the front; 0 when there is none.
  size_t GroupLength() const {
    for (const std::string_view separator : {",", "{,}"}) {
      const size_t end = separator.size() + 3;
      if (rest_.starts_with(separator) && rest_.size() >= end && std::ranges::all_of(rest_.substr(separator.size(), 3), IsDigit) &&
          !IsDigit(CharAt(rest_, end))) {
        return end;
      }
    }
    return 0;
  }

  // A whole number, grouped or not.
  std::optional<std::string> Integer() {
    std::string digits(Digits());
    if (digits.empty()) {
      return std::nullopt;
    }
    if (digits.size() <= 3 && digits.front() != '0') {
      for (size_t length; (length = GroupLength()) > 0; rest_.remove_prefix(length)) {
        digits += rest_.substr(length - 3, 3);
      }
    }
    return digits;
  }

  bool Fraction(Number& number) {
    const std::string_view start = rest_;
    std::optional<std::string> numerator = Integer();
    SkipSpace();
    if (numerator && Eat("/")) {
      SkipSpace();
      if (std::optional<std::string> denominator = Integer()) {
        number.numerator = *std::move(numerator);
        number.denominator = *std::move(denominator);
        return true;
      }
    }
    rest_ = start;
    return false;
  }

  bool Decimal(Number& number) {
    std::optional<std::string> integer = Integer();
    const bool has_decimals = CharAt(rest_, 0) == '.' && IsDigit(CharAt(rest_, 1));
    if (!integer && !has_decimals) {
      return false;
    }
    number.numerator = std::move(integer).value_or("");
    if (has_decimals) {
      rest_.remove_prefix(1);
      const std::string_view decimals = Digits();
      number.numerator += decimals;
      number.exponent -= std::ssize(decimals);
    }
    Exponent(number);
    return true;
  }

  void Exponent(Number& number) {
    const std::string_view start = rest_;
    if (!Eat("e") && !Eat("E")) {
      return;
    }
    const bool is_negative = Eat("-") || (!Eat("+") && Eat(kMinusSign));
    std::string digits(Digits());
    if (digits.empty()) {
      rest_ = start;
      return;
    }
    StripLeadingZeros(digits);
    is_beyond_limit_ = digits.size() > kMaxExponentDigits;
    int64_t exponent = 0;
    std::from_chars(digits.data(), digits.data() + std::min(digits.size(), kMaxExponentDigits), exponent);
    number.exponent += is_negative ? -exponent : exponent;
  }

  bool Percent() {
    const std::string_view start = rest_;
    SkipSpace();
    if (Eat("%") || Eat("\\%") || ((Eat("percent") || Eat("per cent")) && !IsLetter(CharAt(rest_, 0)))) {
      return true;
    }
    rest_ = start;
    return false;
  }

  std::string_view rest_;
  bool is_beyond_limit_ = false;
};

template <class AcceptRest>
NumberReading ReadAll(std::string_view text, AcceptRest accept_rest) {
  NumberReader reader(text);
  NumberReading reading{.number = reader.Read(), .problem = {}, .is_beyond_limit = reader.is_beyond_limit()};
  if (reading.is_beyond_limit) {
    reading.problem = "an exponent of more than 15 digits";
  } else if (!reading.number) {
    reading.problem = kNotANumber;
  } else if (!accept_rest(reader.rest())) {
    reading.number.reset();
    reading.problem = std::ranges::any_of(reader.rest(), IsDigit) ? "more than one number" : kNotANumber;
  }
  return reading;
}

// The schoolbook product of two digit strings; one step per pair of digits.
std::string Multiply(std::string_view a, std::string_view b) {
  std::vector<uint64_t> columns(a.size() + b.size(), 0);  // most significant first; at most 81 * 2^20 in each
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j) {
      columns[i + j + 1] += static_cast<uint64_t>((a[i] - '0') * (b[j] - '0'));
    }
  }
  std::string product(columns.size(), '0');
  uint64_t carry = 0;
  for (size_t i = columns.size(); i-- > 0; carry /= 10) {
    carry += columns[i];
    product[i] = static_cast<char>('0' + carry % 10);
  }
  return product;
}

}  // namespace

Number Number::PercentAsFraction() const {
  Number result = *this;
  result.exponent -= is_percent && numerator != "0" ? 2 : 0;
  result.is_percent = false;
  return result;
}

NumberReading ReadNumber(std::string_view text) {
  return ReadAll(TrimSpace(text), [](std::string_view rest) { return rest.empty(); });
}

NumberReading ReadDecoratedNumber(std::string_view text) { return ReadAll(StripDecoration(text), IsUnit); }

std::optional<bool> EqualNumbers(const Number& a, const Number& b, int64_t& cost) {
  cost += std::ssize(a.numerator) + std::ssize(b.numerator) + std::ssize(a.denominator) + std::ssize(b.denominator);
  if (a.numerator == "0" || b.numerator == "0" || a.denominator == b.denominator || a.is_negative != b.is_negative) {
    return a.is_negative == b.is_negative && a.numerator == b.numerator && (a.exponent == b.exponent || a.numerator == "0");
  }
  // a = b exactly if left = a.numerator * b.denominator * 10^a.exponent equals right = b.numerator * a.denominator * 10^b.exponent. A
  // product of m and n digits has m + n - 1 or m + n digits.
  const int64_t left_length = std::ssize(a.numerator) + std::ssize(b.denominator) + a.exponent;
  const int64_t right_length = std::ssize(b.numerator) + std::ssize(a.denominator) + b.exponent;
  if (left_length - right_length > 1 || right_length - left_length > 1) {
    return false;
  }
  const int64_t steps = std::ssize(a.numerator) * std::ssize(b.denominator) + std::ssize(b.numerator) * std::ssize(a.denominator);
  if (steps > kMaxProductSteps) {
    return std::nullopt;
  }
  cost += steps;
  Number left{.numerator = Multiply(a.numerator, b.denominator), .denominator = "1", .exponent = a.exponent};
  Number right{.numerator = Multiply(b.numerator, a.denominator), .denominator = "1", .exponent = b.exponent};
  Normalize(left);
  Normalize(right);
  return left.numerator == right.numerator && left.exponent == right.exponent;
}

size_t CurrencyLength(std::string_view text) {
  for (const std::string_view sign : {"$", "\\$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5"}) {  // dollar, euro, pound, yen
    if (text.starts_with(sign)) {
      return sign.size();
    }
  }
  return 0;
}

size_t TexFractionLength(std::string_view text) {
  Number ignored;
  NumberReader reader(text);
  return reader.TexFraction(ignored) ? text.size() - reader.rest().size() : 0;
}

size_t DegreeLength(std::string_view text) {
  for (const std::string_view sign : {"^\\circ", "^{\\circ}"}) {
    if (text.starts_with(sign)) {
      return sign.size();
    }
  }
  return 0;
}

std::string_view StripDecoration(std::string_view text) {
  constexpr std::string_view kAround = "*_`$\"";
  constexpr auto kPairs = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"\\(", "\\)"}, {"\\[", "\\]"}, {"\\text{", "}"}, {"\\mathrm{", "}"}, {"\\textbf{", "}"}, {"\\mathbf{", "}"}, {"{", "}"}});
  for (size_t before = text.size() + 1; text.size() < before;) {
    before = text.size();
    text = TrimSpace(text);
    for (const auto& [opening, closing] : kPairs) {
      if (text.size() >= opening.size() + closing.size() && text.starts_with(opening) && text.ends_with(closing)) {
        text.remove_prefix(opening.size());
        text.remove_suffix(closing.size());
      }
    }
    while (!text.empty() && IsOneOf(text.front(), kAround)) {
      text.remove_prefix(1);
    }
    while (!text.empty() && IsOneOf(text.back(), "*_`$\".,;:") && !(text.size() > 1 && text[text.size() - 2] == '\\')) {
      text.remove_suffix(1);
    }
  }
  return text;
}

}  // namespace cupel
