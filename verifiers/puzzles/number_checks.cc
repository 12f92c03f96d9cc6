// Checks of answers that are numbers, or short texts that stand for a value.

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/extract.h"
#include "verifiers/answer/number.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/puzzles/reading.h"

namespace cupel {
namespace {

Finding Compare(std::string_view gold, std::string_view answer, bool is_equal) {
  return {is_equal, fmt::format("expected {}, found {}", Excerpt(gold), Excerpt(answer))};
}

// Digits with an optional sign, as many as there are; separators of thousands removed.
std::optional<std::string> PlainInteger(std::string_view text) {
  text = TrimSpace(text);
  const NumberReading reading = ReadNumber(text);
  if (!reading.number || reading.number->denominator != "1" || reading.number->exponent < 0 || reading.number->exponent > 4096 ||
      reading.number->is_percent) {
    return std::nullopt;
  }
  return (reading.number->is_negative ? "-" : "") + reading.number->numerator +
         std::string(static_cast<size_t>(reading.number->exponent), '0');
}

int DigitValue(char c) {
  c = LowerCase(c);
  return IsDigit(c) ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

// The value of digits in a base, or -1.
int64_t ValueInBase(std::string_view digits, int64_t base) {
  int64_t value = digits.empty() ? -1 : 0;
  for (const char c : digits) {
    const int digit = DigitValue(c);
    if (digit >= base || __builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value)) {
      return -1;
    }
  }
  return value;
}

uint64_t MultiplyModulo(uint64_t a, uint64_t b, uint64_t modulus) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>(static_cast<Wide>(a) * b % modulus);
}

// Miller-Rabin with bases that decide every number below 2^64 (Sinclair, 2011).
bool IsPrime(uint64_t n) {
  if (n < 2 || n % 2 == 0) {
    return n == 2;
  }
  uint64_t odd = n - 1;
  int twos = 0;
  for (; odd % 2 == 0; odd /= 2) {
    ++twos;
  }
  for (const uint64_t base : {2U, 325U, 9375U, 28178U, 450775U, 9780504U, 1795265022U}) {
    uint64_t x = 1, power = base % n;
    if (power == 0) {
      continue;
    }
    for (uint64_t e = odd; e > 0; e /= 2) {
      x = e % 2 == 1 ? MultiplyModulo(x, power, n) : x;
      power = MultiplyModulo(power, power, n);
    }
    bool passes = x == 1 || x == n - 1;
    for (int i = 1; i < twos && !passes; ++i) {
      x = MultiplyModulo(x, x, n);
      passes = x == n - 1;
    }
    if (!passes) {
      return false;
    }
  }
  return true;
}

// "\frac{a}{b}" and "a/b", with or without dollar signs.
std::optional<std::pair<int64_t, int64_t>> ReadFraction(std::string_view text) {
  text = TrimSpace(text);
  while (text.size() >= 2 && text.front() == '$' && text.back() == '$') {
    text = TrimSpace(text.substr(1, text.size() - 2));
  }
  for (const std::string_view command : {"\\frac{", "\\dfrac{", "\\tfrac{"}) {
    const size_t middle = text.find("}{");
    if (text.starts_with(command) && text.ends_with('}') && middle != std::string_view::npos) {
      const auto a = ReadInteger(text.substr(command.size(), middle - command.size()));
      const auto b = ReadInteger(text.substr(middle + 2, text.size() - middle - 3));
      return a && b ? std::optional(std::pair(*a, *b)) : std::nullopt;
    }
  }
  const size_t slash = text.find('/');
  const auto a = ReadInteger(text.substr(0, slash));
  const auto b = slash == std::string_view::npos ? std::optional<int64_t>(1) : ReadInteger(text.substr(slash + 1));
  return a && b ? std::optional(std::pair(*a, *b)) : std::nullopt;
}

// real and imaginary part of "3/2 - 5i", "-i", "7", "2.0 + 3.0i"; each part at most once.
std::optional<std::pair<Number, Number>> ReadComplex(std::string_view text) {
  std::string compact = WithAsciiMinus(text);
  std::erase_if(compact, [](char c) { return IsSpace(c) || c == '*'; });
  std::optional<Number> parts[2];
  for (size_t begin = 0; begin < compact.size();) {
    const size_t end = std::min(compact.find_first_of("+-", begin + 1), compact.size());
    std::string part = compact.substr(begin, end - begin);
    size_t imaginary = 0;
    if (part.ends_with('i') || part.ends_with('j')) {
      imaginary = 1;
      part.pop_back();
      part += part.empty() || part == "+" || part == "-" ? "1" : "";
    } else if (const size_t i = part.find("i/"); i != std::string::npos) {  // 3i/2
      imaginary = 1;
      part.erase(i, 1);
    }
    const NumberReading reading = ReadNumber(part);
    if (!reading.number || reading.number->is_percent || parts[imaginary]) {
      return std::nullopt;
    }
    parts[imaginary] = reading.number;
    begin = end;
  }
  if (!parts[0] && !parts[1]) {
    return std::nullopt;
  }
  const Number zero = *ReadNumber("0").number;
  return std::pair(parts[0].value_or(zero), parts[1].value_or(zero));
}

bool EqualValues(const Number& a, const Number& b) {
  int64_t cost = 0;
  return EqualNumbers(a, b, cost).value_or(false);
}

}  // namespace

Finding CheckInteger(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  const auto expected = PlainInteger(gold), found = PlainInteger(answer);
  return found ? Compare(gold, answer, expected == found) : Wrong("not one whole number");
}

Finding CheckNumber(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  const NumberReading expected = ReadNumber(gold), found = ReadNumber(TrimSpace(answer));
  if (!found.number || found.number->is_percent || !expected.number) {
    return Wrong("not one number");
  }
  return Compare(gold, answer, EqualValues(*expected.number, *found.number));
}

Finding CheckFraction(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto a = metadata.at("numerator").get<int64_t>(), b = metadata.at("denominator").get<int64_t>();
  const auto found = ReadFraction(answer);
  if (!found || found->second <= 0) {
    return Wrong("not a fraction a/b of whole numbers with b above 0");
  }
  if (std::gcd(found->first, found->second) != 1) {
    return Wrong("not in lowest terms");
  }
  const int64_t common = std::gcd(a, b);
  return Compare(fmt::format("{}/{}", a / common, b / common), answer, found->first == a / common && found->second == b / common);
}

Finding CheckPrimeFactors(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto number = metadata.at("number").get<int64_t>();
  std::string text(answer);
  for (const std::string_view sign : {"×", "\\times", "\\cdot", "·"}) {
    for (size_t at = text.find(sign); at != std::string::npos; at = text.find(sign, at)) {
      text.replace(at, sign.size(), "*");
    }
  }
  int64_t product = 1;
  for (const std::string_view part : SplitTrimmed(text, '*')) {
    const auto factor = ReadInteger(part);
    if (!factor || *factor < 2) {
      return Wrong("not a product of whole numbers");
    }
    if (!IsPrime(static_cast<uint64_t>(*factor))) {
      return Wrong(fmt::format("{} is not prime", *factor));
    }
    if (__builtin_mul_overflow(product, *factor, &product) || product > number) {
      return Wrong("the product is too large");
    }
  }
  return product == number ? Right() : Wrong(fmt::format("the product is {}, not {}", product, number));
}

Finding CheckBaseConversion(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto base = metadata.at("target_base").get<int64_t>(), value = metadata.at("decimal_value").get<int64_t>();
  answer = TrimSpace(answer);
  if (answer.size() > 1 && answer[0] == '0') {
    return Wrong("a leading zero or a prefix");
  }
  const int64_t found = ValueInBase(answer, base);
  return found < 0 ? Wrong(fmt::format("not a number in base {}", base))
                   : Compare(std::to_string(value), std::to_string(found), found == value);
}

Finding CheckBitwise(const Json& metadata, std::string_view gold, std::string_view answer) {
  const bool is_hex = metadata.at("form").get<std::string>() == "hexadecimal";
  const std::string text = LowerCaseText(TrimSpace(answer));
  if (is_hex != text.starts_with("0x")) {
    return Wrong(is_hex ? "not a hexadecimal number that starts with 0x" : "not a decimal number");
  }
  const auto value = [&](std::string_view t) { return ValueInBase(is_hex ? t.substr(2) : t, is_hex ? 16 : 10); };
  const int64_t found = value(text);
  return found < 0 ? Wrong("not a number") : Compare(gold, text, found == value(gold));
}

Finding CheckBitwiseRg(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  // Hexadecimal of any length: compared as digits.
  const auto normal = [](std::string_view t) {
    std::string text = LowerCaseText(TrimSpace(t));
    const bool is_negative = text.starts_with('-');
    text.erase(0, is_negative ? 1 : 0);
    if (!text.starts_with("0x") || text.size() == 2 || text.find_first_not_of("0123456789abcdef", 2) != std::string::npos) {
      return std::string();
    }
    text.erase(0, 2);
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    return (is_negative && text != "0" ? "-" : "") + text;
  };
  const std::string found = normal(answer);
  return found.empty() ? Wrong("not a hexadecimal number that starts with 0x or -0x") : Compare(gold, answer, found == normal(gold));
}

Finding CheckComplex(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  const auto expected = ReadComplex(gold), found = ReadComplex(answer);
  if (!found || !expected) {
    return Wrong("not a number of the form a + bi");
  }
  return Compare(gold, answer, EqualValues(expected->first, found->first) && EqualValues(expected->second, found->second));
}

Finding CheckCalendar(const Json& metadata, std::string_view gold, std::string_view answer) {
  if (metadata.at("task").get<std::string>() == "leap_years") {
    const auto found = ReadIntegers(answer), expected = ReadIntegers(gold);
    return Compare(gold, answer, found.has_value() && found == expected);
  }
  return metadata.at("task").get<std::string>() == "date_offset" || metadata.at("task").get<std::string>() == "nth_weekday"
             ? Compare(gold, answer, TrimSpace(answer) == gold)
             : CheckInteger(metadata, gold, answer);
}

Finding CheckWordRg(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  return Compare(gold, answer, LowerCaseText(TrimSpace(answer)) == LowerCaseText(gold));
}

Finding CheckCalendarRg(const Json& metadata, std::string_view gold, std::string_view answer) {
  return ReadInteger(gold) ? CheckInteger(metadata, gold, answer) : CheckWordRg(metadata, gold, answer);
}

Finding CheckBits(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  return Compare(gold, answer, TrimSpace(answer) == gold);
}

Finding CheckWords(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  const std::string lowered = LowerCaseText(answer);
  return Compare(gold, answer, Words(lowered) == Words(gold));
}

Finding CheckWordList(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  const std::string lowered = LowerCaseText(answer);
  return Compare(gold, answer, SplitTrimmed(lowered, ',') == SplitTrimmed(gold, ','));
}

Finding CheckLetterCounting(const Json& /*metadata*/, std::string_view gold, std::string_view answer) {
  const auto found = ReadPairs(answer, '='), expected = ReadPairs(gold, '=');
  return found ? Compare(gold, answer, found == expected) : Wrong("not of the form a=1, b=2");
}

Finding RgNone(const Json& /*metadata*/, std::string_view /*gold*/, std::string_view /*answer*/) {
  return Wrong("this family has no rg variant");
}

}  // namespace cupel
