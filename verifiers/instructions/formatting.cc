#include "verifiers/instructions/formatting.h"

#include <algorithm>
#include <string>
#include <vector>

#include "verifiers/answer/characters.h"
#include "verifiers/text/casing.h"

namespace cupel {
namespace {

bool IsBlank(std::string_view text) { return TrimSpace(text).empty(); }

std::vector<std::string_view> Split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  for (size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator, begin)) {
    pieces.push_back(text.substr(begin, end - begin));
    begin = end + separator.size();
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

size_t LineEnd(std::string_view text, size_t from) { return std::min(text.find('\n', from), text.size()); }

// Matches of ^\s*MARK.*$ where MARK is `mark` and, if `needs_other`, one character that is not an asterisk (a line end is such a one).
int64_t CountMarkedLines(std::string_view text, char mark, bool needs_other) {
  int64_t count = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (at > 0 && text[at - 1] != '\n') {
      at = LineEnd(text, at) + 1;
      continue;
    }
    size_t begin = at;
    while (begin < text.size() && IsSpace(text[begin])) {
      ++begin;
    }
    const bool is_marked = CharAt(text, begin) == mark && begin < text.size();
    const bool has_other = begin + 1 < text.size() && text[begin + 1] != '*';
    if (is_marked && (!needs_other || has_other)) {
      ++count;
      at = LineEnd(text, begin + (needs_other ? 2 : 1));
      at += at == begin ? 1 : 0;
      if (at < text.size() && text[at - 1] != '\n') {
        ++at;
      }
    } else {
      at = LineEnd(text, std::max(at, begin)) + 1;
    }
  }
  return count;
}

// Matches of STARS[^\n*]*STARS whose inside is not blank.
int64_t CountStarred(std::string_view text, std::string_view stars) {
  int64_t count = 0;
  for (size_t at = text.find(stars); at != std::string_view::npos;) {
    const size_t begin = at + stars.size();
    const size_t end = std::min(text.find_first_of("\n*", begin), text.size());
    if (text.substr(end).starts_with(stars)) {
      count += IsBlank(text.substr(begin, end - begin)) ? 0 : 1;
      at = text.find(stars, end + stars.size());
    } else {
      at = text.find(stars, at + 1);
    }
  }
  return count;
}

}  // namespace

int64_t CountPlaceholders(std::string_view text) {
  int64_t count = 0;
  for (size_t at = text.find('['); at != std::string_view::npos;) {
    const size_t end = text.find_first_of("]\n", at + 1);
    const bool is_closed = end != std::string_view::npos && text[end] == ']';
    count += is_closed ? 1 : 0;
    at = end == std::string_view::npos ? end : text.find('[', end);
  }
  return count;
}

int64_t CountBullets(std::string_view text) { return CountMarkedLines(text, '*', true) + CountMarkedLines(text, '-', false); }

int64_t CountHighlights(std::string_view text) { return CountStarred(text, "*") + CountStarred(text, "**"); }

bool HasTitle(std::string_view text) {
  for (size_t at = text.find("<<"); at != std::string_view::npos;) {
    const size_t line_end = LineEnd(text, at);
    const size_t close = text.substr(0, line_end).rfind(">>");
    if (close == std::string_view::npos || close < at + 3) {
      at = text.find("<<", at + 1);
      continue;
    }
    std::string_view inside = text.substr(at, close + 2 - at);
    while (inside.starts_with('<')) {
      inside.remove_prefix(1);
    }
    while (inside.ends_with('>')) {
      inside.remove_suffix(1);
    }
    if (!IsBlank(inside)) {
      return true;
    }
    at = text.find("<<", close + 2);
  }
  return false;
}

int64_t CountStarredParagraphs(std::string_view text) {
  const std::vector<std::string_view> pieces = Split(text, "***");
  auto count = static_cast<int64_t>(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (IsBlank(pieces[i])) {
      if (i != 0 && i != pieces.size() - 1) {
        return -1;
      }
      --count;
    }
  }
  return count;
}

bool HasTwoResponses(std::string_view text) {
  const std::vector<std::string_view> pieces = Split(text, "******");
  std::vector<std::string_view> responses;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view piece = TrimSpace(pieces[i]);
    if (!piece.empty()) {
      responses.push_back(piece);
    } else if (i != 0 && i != pieces.size() - 1) {
      return false;
    }
  }
  return responses.size() == 2 && responses[0] != responses[1];
}

bool ParagraphBegins(std::string_view text, int64_t count, int64_t nth, std::string_view word) {
  const std::vector<std::string_view> paragraphs = Split(text, "\n\n");
  const auto filled = std::ranges::count_if(paragraphs, [](std::string_view paragraph) { return !IsBlank(paragraph); });
  if (nth < 1 || nth > filled || filled != count) {
    return false;
  }
  std::string_view rest = TrimSpace(paragraphs[static_cast<size_t>(nth - 1)]);
  while (rest.starts_with('\'')) {
    rest.remove_prefix(1);
  }
  while (rest.starts_with('"')) {
    rest.remove_prefix(1);
  }
  size_t end = 0;
  while (end < rest.size() && !IsSpace(rest[end]) && !IsOneOf(rest[end], ".,?!'\"")) {
    ++end;
  }
  return !rest.empty() && LowerCaseText(rest.substr(0, end)) == word;
}

}  // namespace cupel
