#include "datasets/repair/code_tokens.h"

#include <algorithm>
#include <array>

namespace cupel::repair {
namespace {

bool IsDigit(char c) { return '0' <= c && c <= '9'; }
bool IsWordByte(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == '_' || IsDigit(c); }

constexpr std::array<std::string_view, 23> kLongOperators = {"<<=", ">>=", "**=", "//=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=",
                                                             "%=",  "//",  "**",  "->",  "::", "&&", "||", "++", "--", "<<", ">>"};

// The end of a string or character that begins at `at`.
size_t TextEnd(std::string_view text, size_t at) {
  const char quote = text[at];
  const std::string_view triple = text.substr(at, 3);
  if (triple == "'''" || triple == "\"\"\"") {
    const size_t end = text.find(triple, at + 3);
    return end == std::string_view::npos ? text.size() : end + 3;
  }
  for (++at; at < text.size() && text[at] != quote; ++at) {
    at += text[at] == '\\' ? 1 : 0;
  }
  return std::min(at + 1, text.size());
}

// The end of what is no token at `at`: white space, a comment, a line of the preprocessor. `at` itself when a token begins.
size_t SkippedEnd(std::string_view text, size_t at, bool is_cpp) {
  if (text[at] == ' ' || text[at] == '\n' || text[at] == '\t') {
    return at + 1;
  }
  if (text[at] == '#' || (is_cpp && text.substr(at).starts_with("//"))) {
    return std::min(text.find('\n', at), text.size());
  }
  return at;
}

}  // namespace

std::vector<CodeToken> TokensOf(std::string_view text, bool is_cpp) {
  using Kind = CodeToken::Kind;
  std::vector<CodeToken> tokens;
  for (size_t at = 0; at < text.size();) {
    if (const size_t end = SkippedEnd(text, at, is_cpp); end > at) {
      at = end;
      continue;
    }
    CodeToken token{Kind::kOperator, at, at + 1};
    if (text[at] == '"' || text[at] == '\'') {
      token = {Kind::kText, at, TextEnd(text, at)};
    } else if (IsWordByte(text[at])) {
      token.kind = IsDigit(text[at]) ? Kind::kNumber : Kind::kWord;
      while (token.end < text.size() && (IsWordByte(text[token.end]) || (token.kind == Kind::kNumber && text[token.end] == '.'))) {
        ++token.end;
      }
    } else {
      const auto match = std::ranges::find_if(kLongOperators, [&](std::string_view one) { return text.substr(at).starts_with(one); });
      token.end = at + (match == kLongOperators.end() ? 1 : match->size());
    }
    tokens.push_back(token);
    at = token.end;
  }
  return tokens;
}

std::vector<CodeLine> LinesOf(std::string_view text) {
  std::vector<CodeLine> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const size_t indent = std::min(line.find_first_not_of(' '), line.size());
    lines.push_back({at, end, indent, line.substr(indent)});
    at = end + 1;
  }
  return lines;
}

}  // namespace cupel::repair
