#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "verifiers/code/judge/compare.h"

namespace cupel::code {
namespace {

using Lines = std::vector<std::string_view>;

bool IsSpace(char c) { return c == ' ' || ('\t' <= c && c <= '\r'); }
bool IsDigit(char c) { return '0' <= c && c <= '9'; }
char Lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view TrimRight(std::string_view text) {
  while (!text.empty() && IsSpace(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view TrimLeft(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) {
    text.remove_prefix(1);
  }
  return text;
}

Lines SplitLines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(TrimRight(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!lines.empty() && lines.back().empty()) {
    lines.pop_back();
  }
  return lines;
}

// The next token of `text`, which loses it; empty at the end.
std::string_view NextToken(std::string_view& text) {
  text = TrimLeft(text);
  const auto end = std::ranges::find_if(text, IsSpace);
  const std::string_view token(text.begin(), end);
  text.remove_prefix(token.size());
  return token;
}

bool EqualText(std::string_view a, std::string_view b, bool ignores_case) {
  return ignores_case ? std::ranges::equal(a, b, {}, Lower, Lower) : a == b;
}

bool IsInteger(std::string_view token) {
  token.remove_prefix(!token.empty() && (token[0] == '-' || token[0] == '+') ? 1 : 0);
  return !token.empty() && std::ranges::all_of(token, IsDigit);
}

bool AreClose(std::string_view expected, std::string_view actual, const TextRules& rules) {
  if ((IsInteger(expected) && IsInteger(actual)) || CanonicalDecimal(expected).empty() || CanonicalDecimal(actual).empty()) {
    return false;
  }
  const double want = std::strtod(std::string(expected).c_str(), nullptr);
  const double found = std::strtod(std::string(actual).c_str(), nullptr);
  return std::isfinite(want) && std::isfinite(found) &&
         std::abs(want - found) <= std::max(rules.absolute_tolerance, rules.relative_tolerance * std::abs(want));
}

bool HasTolerance(const TextRules& rules) { return rules.absolute_tolerance > 0 || rules.relative_tolerance > 0; }

bool EqualTokens(std::string_view expected, std::string_view actual, const TextRules& rules) {
  if (EqualText(expected, actual, rules.ignores_case)) {
    return true;
  }
  if (rules.mode == TextMode::kDecimal) {
    const std::string want = CanonicalDecimal(expected);
    if (!want.empty() && want == CanonicalDecimal(actual)) {
      return true;
    }
  }
  return HasTolerance(rules) && AreClose(expected, actual, rules);
}

bool EqualLines(std::string_view expected, std::string_view actual, const TextRules& rules) {
  if (EqualText(expected, actual, rules.ignores_case)) {
    return true;
  }
  if (rules.mode == TextMode::kTrailing && !HasTolerance(rules)) {
    return false;
  }
  while (true) {
    const std::string_view want = NextToken(expected);
    const std::string_view found = NextToken(actual);
    if (want.empty() && found.empty()) {
      return true;
    }
    if (want.empty() != found.empty() || !EqualTokens(want, found, rules)) {
      return false;
    }
  }
}

// Whether two texts hold the same tokens, line ends, spaces and case aside.
bool IsPresentationOnly(std::string_view expected, std::string_view actual) {
  while (true) {
    const std::string_view want = NextToken(expected);
    const std::string_view found = NextToken(actual);
    if (!EqualText(want, found, true)) {
      return false;
    }
    if (want.empty()) {
      return true;
    }
  }
}

std::string Quoted(std::string_view text) { return Describe(Value::String(std::string(text.substr(0, 60))), 60); }

Match Differ(std::string_view expected, std::string_view actual, std::string_view where, std::string& why) {
  const bool presentation = IsPresentationOnly(expected, actual);
  why = fmt::format("{}{}", where, presentation ? " (equal except for white space or case)" : "");
  return presentation ? Match::kPresentation : Match::kDifferent;
}

}  // namespace

Match CompareText(std::string_view expected, std::string_view actual, const TextRules& rules, std::string& why) {
  why.clear();
  if (rules.mode == TextMode::kExact) {
    if (EqualText(expected, actual, rules.ignores_case)) {
      return Match::kEqual;
    }
    const auto [at, found] = std::ranges::mismatch(expected, actual);
    return Differ(expected, actual, fmt::format("the outputs differ from byte {} on", at - expected.begin()), why);
  }
  Lines want = SplitLines(expected);
  Lines found = SplitLines(actual);
  if (rules.mode != TextMode::kTrailing) {
    for (Lines* lines : {&want, &found}) {
      lines->erase(lines->begin(), std::ranges::find_if(*lines, [](std::string_view line) { return !line.empty(); }));
    }
  }
  if (want.size() != found.size()) {
    return Differ(expected, actual, fmt::format("expected {} lines, found {}", want.size(), found.size()), why);
  }
  if (rules.is_unordered) {
    std::ranges::sort(want);
    std::ranges::sort(found);
  }
  for (size_t i = 0; i < want.size(); ++i) {
    if (!EqualLines(want[i], found[i], rules)) {
      return Differ(expected, actual, fmt::format("line {}: expected {}, found {}", i + 1, Quoted(want[i]), Quoted(found[i])), why);
    }
  }
  return Match::kEqual;
}

std::string CanonicalDecimal(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  text.remove_prefix(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
  std::string digits;
  int64_t exponent = 0;
  bool has_point = false;
  size_t num_digits = 0;
  size_t i = 0;
  for (; i < text.size() && (IsDigit(text[i]) || (text[i] == '.' && !has_point)); ++i) {
    if (text[i] == '.') {
      has_point = true;
      continue;
    }
    ++num_digits;
    exponent -= has_point ? 1 : 0;
    if (text[i] != '0' || !digits.empty()) {
      digits += text[i];
    }
  }
  if (num_digits == 0) {
    return "";
  }
  if (i < text.size()) {
    std::string_view power = text.substr(i + 1);
    const bool is_small = power.starts_with('-');
    power.remove_prefix(power.starts_with('-') || power.starts_with('+') ? 1 : 0);
    if ((text[i] != 'e' && text[i] != 'E') || power.empty() || power.size() > 6 || !std::ranges::all_of(power, IsDigit)) {
      return "";
    }
    const int64_t shift = std::atoll(std::string(power).c_str());
    exponent += is_small ? -shift : shift;
  }
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  return digits.empty() ? "0" : fmt::format("{}{}e{}", is_negative ? "-" : "", digits, exponent);
}

}  // namespace cupel::code
