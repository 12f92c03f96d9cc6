#include "verifiers/text/similarity.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "verifiers/text/casing.h"
#include "verifiers/text/script.h"

namespace cupel {
namespace {

// What Python's str.split() splits at.
bool IsUnicodeSpace(char32_t c) {
  return (0x09 <= c && c <= 0x0D) || (0x1C <= c && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 || (0x2000 <= c && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool IsAsciiPunctuation(char32_t c) {
  return (0x21 <= c && c <= 0x2F) || (0x3A <= c && c <= 0x40) || (0x5B <= c && c <= 0x60) || (0x7B <= c && c <= 0x7E);
}

std::u32string CodePointsOf(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) {
    points += NextCodePoint(text);
  }
  return points;
}

bool IsArticle(std::u32string_view word) { return word == U"a" || word == U"an" || word == U"the"; }

// Replaces every article that is a word of its own by a blank, as \b(a|an|the)\b does: a word ends where a character of \w meets another.
std::u32string WithoutArticles(const std::u32string& text) {
  std::u32string kept;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsWordCharacter(text[end])) {
      ++end;
    }
    if (end == at) {
      kept += text[at++];
      continue;
    }
    const std::u32string_view word = std::u32string_view(text).substr(at, end - at);
    IsArticle(word) ? kept += U' ' : kept += word;
    at = end;
  }
  return kept;
}

}  // namespace

std::vector<std::string> SquadTokens(std::string_view text) {
  std::u32string points = CodePointsOf(text);
  std::ranges::transform(points, points.begin(), &SmallLetterOf);
  std::erase_if(points, &IsAsciiPunctuation);
  std::vector<std::string> tokens;
  bool is_inside = false;
  for (const char32_t c : WithoutArticles(points)) {
    if (!IsUnicodeSpace(c)) {
      is_inside ? tokens.back() += Utf8Of(c) : tokens.emplace_back(Utf8Of(c));
    }
    is_inside = !IsUnicodeSpace(c);
  }
  return tokens;
}

double TokenF1(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) {
    return a.empty() && b.empty() ? 1 : 0;
  }
  std::map<std::string_view, int64_t> left;
  for (const std::string& token : a) {
    ++left[token];
  }
  int64_t same = 0;
  for (const std::string& token : b) {
    const auto found = left.find(token);
    if (found != left.end() && found->second > 0) {
      --found->second;
      ++same;
    }
  }
  return 2.0 * static_cast<double>(same) / static_cast<double>(a.size() + b.size());
}

double EditSimilarityBound(std::string_view a, std::string_view b) {
  const size_t left = CodePointsOf(a).size(), right = CodePointsOf(b).size();
  return left + right == 0 ? 1 : static_cast<double>(std::min(left, right)) / static_cast<double>(std::max(left, right));
}

std::optional<double> EditSimilarity(std::string_view a, std::string_view b, int64_t& cost) {
  const std::u32string left = CodePointsOf(a), right = CodePointsOf(b);
  const size_t longest = std::max(left.size(), right.size());
  const int64_t steps = std::ssize(left) * std::ssize(right);
  if (longest == 0) {
    return 1;
  }
  if (steps > kMaxEditSteps) {
    return std::nullopt;
  }
  cost += steps;
  std::vector<size_t> row(right.size() + 1);  // distances between what was read of left and each beginning of right
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < left.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < right.size(); ++j) {
      const size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return 1 - static_cast<double>(row.back()) / static_cast<double>(longest);
}

}  // namespace cupel
