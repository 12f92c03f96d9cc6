#include "verifiers/puzzles/reading.h"

#include <algorithm>
#include <limits>

#include "base/json.h"
#include "verifiers/answer/characters.h"
#include "verifiers/answer/number.h"

namespace cupel {
namespace {

// The inside of the last ``` block, or nullopt.
std::optional<std::string_view> LastFence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  const size_t close = text.rfind(kFence);
  const size_t open = close == std::string_view::npos || close == 0 ? std::string_view::npos : text.rfind(kFence, close - 1);
  if (open == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view inside = text.substr(open + kFence.size(), close - open - kFence.size());
  const size_t line = inside.find('\n');
  return line == std::string_view::npos ? inside : inside.substr(line + 1);
}

}  // namespace

std::string_view AnswerBody(std::string_view span) {
  if (const auto fenced = LastFence(span)) {
    return TrimSpace(*fenced);
  }
  const std::string_view plain = TrimSpace(span);
  return plain.find_first_of("{[(\n") == std::string_view::npos ? StripDecoration(plain) : plain;
}

std::optional<int64_t> ReadInteger(std::string_view text) {
  text = TrimSpace(text);
  const bool is_negative = text.starts_with('-') || text.starts_with(kMinusSign);
  text.remove_prefix(text.starts_with(kMinusSign) ? kMinusSign.size() : text.starts_with('-') || text.starts_with('+') ? 1 : 0);
  std::string digits;
  const size_t first_comma = text.find(',');
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_separator =
        text[i] == ',' && first_comma >= 1 && first_comma <= 3 && i % 4 == first_comma % 4 && (text.size() - i) % 4 == 0;
    if (!IsDigit(text[i]) && !is_separator) {
      return std::nullopt;
    }
    digits += is_separator ? "" : std::string(1, text[i]);
  }
  if (digits.empty() || digits.size() > 18 || (first_comma != std::string_view::npos && (text.size() - first_comma) % 4 != 0)) {
    return std::nullopt;
  }
  int64_t value = 0;
  for (const char digit : digits) {
    value = value * 10 + (digit - '0');
  }
  return is_negative ? -value : value;
}

std::vector<std::string_view> SplitTrimmed(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (parts.size() <= kMaxItems) {
    const size_t end = text.find(separator);
    parts.push_back(TrimSpace(text.substr(0, end)));
    if (end == std::string_view::npos) {
      break;
    }
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines = SplitTrimmed(text, '\n');
  std::erase_if(lines, [](std::string_view line) { return line.empty(); });
  return lines;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < text.size() && words.size() <= kMaxItems;) {
    if (IsSpace(text[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < text.size() && !IsSpace(text[i])) {
      ++i;
    }
    words.push_back(text.substr(begin, i - begin));
  }
  return words;
}

std::optional<std::vector<int64_t>> ReadIntegers(std::string_view text) {
  text = TrimSpace(text);
  if (text.starts_with('[') && text.ends_with(']') && text.size() >= 2) {
    text = text.substr(1, text.size() - 2);
  }
  std::vector<int64_t> values;
  const bool has_commas = text.find(',') != std::string_view::npos;
  for (const std::string_view part : has_commas ? SplitTrimmed(text, ',') : Words(text)) {
    const std::optional<int64_t> value = ReadInteger(part);
    if (!value || values.size() >= kMaxItems) {
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

std::optional<Grid> ReadGrid(std::string_view text) {
  Grid grid;
  std::vector<std::string> lines;
  if (text.starts_with("[[")) {
    const absl::StatusOr<Json> json = ParseJson(text, "answer", {.max_depth = 4});
    if (!json.ok() || !json->is_array()) {
      return std::nullopt;
    }
    for (const Json& row : *json) {
      lines.push_back(row.is_array() ? DumpJson(row) : "x");
    }
  } else {
    for (const std::string_view line : Lines(text)) {
      lines.emplace_back(line);
    }
  }
  for (const std::string& line : lines) {
    const auto row = ReadIntegers(line);
    if (!row || grid.size() > 64 || row->size() > 64) {
      return std::nullopt;
    }
    std::vector<int> cells;
    for (const int64_t value : *row) {
      if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
        return std::nullopt;
      }
      cells.push_back(static_cast<int>(value));
    }
    grid.push_back(std::move(cells));
  }
  return grid;
}

std::optional<std::vector<std::string>> ReadTexts(std::string_view text) {
  const absl::StatusOr<Json> json = ParseJson(text, "answer", {.max_depth = 2});
  if (!json.ok() || !json->is_array() || json->size() > kMaxItems ||
      !std::ranges::all_of(*json, [](const Json& element) { return element.is_string(); })) {
    return std::nullopt;
  }
  return json->get<std::vector<std::string>>();
}

std::optional<std::vector<std::pair<std::string, std::string>>> ReadPairs(std::string_view text, char sign) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : SplitTrimmed(text, ',')) {
    const size_t at = part.find(sign);
    if (at == std::string_view::npos || part.find(sign, at + 1) != std::string_view::npos) {
      return std::nullopt;
    }
    pairs.emplace_back(TrimSpace(part.substr(0, at)), TrimSpace(part.substr(at + 1)));
  }
  return pairs;
}

std::string WithAsciiMinus(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const bool is_minus = text.starts_with(kMinusSign);
    plain += is_minus ? '-' : text[0];
    text.remove_prefix(is_minus ? kMinusSign.size() : 1);
  }
  return plain;
}

}  // namespace cupel
