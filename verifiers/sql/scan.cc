// What must be known of a query before SQLite parses it, from its words alone.

#include <algorithm>
#include <map>
#include <set>

#include "verifiers/answer/characters.h"
#include "verifiers/sql/database.h"

namespace cupel::sql {
namespace {

struct Token {
  std::string text;  // small letters; a name in quotes without them; a text literal is "'"
  size_t depth = 0;  // of parentheses around it; those themselves stand inside
};

bool IsNameByte(char c) { return IsLetter(c) || IsDigit(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80; }

// Past the quote that closes the one at `at`; doubled quotes are part of the text.
size_t SkipQuoted(std::string_view text, size_t at) {
  const char close = text[at] == '[' ? ']' : text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == close && (close == ']' || CharAt(text, i + 1) != close)) {
      return i + 1;
    }
    i += text[i] == close ? 1 : 0;
  }
  return text.size();
}

size_t SkipComment(std::string_view text, size_t at) {
  const bool is_line = text[at] == '-';
  const size_t end = is_line ? text.find('\n', at) : text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + (is_line ? 1 : 2);
}

std::vector<Token> Tokens(std::string_view text) {
  std::vector<Token> tokens;
  size_t depth = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    size_t end = at + 1;
    if ((c == '-' && CharAt(text, at + 1) == '-') || (c == '/' && CharAt(text, at + 1) == '*')) {
      at = SkipComment(text, at);
      continue;
    }
    depth += c == '(' ? 1 : 0;
    if (IsOneOf(c, "'\"`[")) {
      end = SkipQuoted(text, at);
      tokens.push_back({c == '\'' ? "'" : LowerCaseText(text.substr(at + 1, std::max(end, at + 2) - at - 2)), depth});
    } else if (IsNameByte(c)) {
      while (end < text.size() && IsNameByte(text[end])) {
        ++end;
      }
      tokens.push_back({LowerCaseText(text.substr(at, end - at)), depth});
    } else if (!IsSpace(c)) {
      tokens.push_back({std::string(1, c), depth});
    }
    depth -= c == ')' && depth > 0 ? 1 : 0;
    at = end;
  }
  return tokens;
}

// One NAME [(columns)] AS [NOT] [MATERIALIZED] (body).
struct Body {
  size_t begin = 0;  // tokens, without the parentheses
  size_t end = 0;
};

size_t MatchingClose(const std::vector<Token>& tokens, size_t open) {
  size_t at = open + 1;
  while (at < tokens.size() && !(tokens[at].text == ")" && tokens[at].depth == tokens[open].depth)) {
    ++at;
  }
  return at;
}

std::map<std::string, std::vector<Body>> FindBodies(const std::vector<Token>& tokens) {
  std::map<std::string, std::vector<Body>> bodies;
  for (size_t i = 1; i + 1 < tokens.size(); ++i) {
    size_t open = i + 1;
    while (open < tokens.size() && (tokens[open].text == "not" || tokens[open].text == "materialized")) {
      ++open;
    }
    if (tokens[i].text != "as" || open >= tokens.size() || tokens[open].text != "(") {
      continue;
    }
    size_t name = i - 1;
    if (tokens[name].text == ")") {  // over the list of columns
      const size_t depth = tokens[name].depth;
      while (name > 0 && !(tokens[name].text == "(" && tokens[name].depth == depth)) {
        --name;
      }
      name -= name > 0 ? 1 : 0;
    }
    bodies[tokens[name].text].push_back({open + 1, MatchingClose(tokens, open)});
  }
  return bodies;
}

// Adds up what the names in a stretch of tokens are expanded to; names that are being expanded stand for recursion and count once.
class Expander {
 public:
  explicit Expander(const std::vector<Token>& tokens) : tokens_(tokens), bodies_(FindBodies(tokens)) {}

  double Count(size_t begin, size_t end) {
    double total = 0;
    for (size_t i = begin; i < end && total <= kEnough; ++i) {
      const auto body = bodies_.find(tokens_[i].text);
      if (body != bodies_.end()) {
        total += 1 + CountName(body->first);
      }
    }
    return total;
  }

 private:
  static constexpr double kEnough = 1e15;

  double CountName(const std::string& name) {
    if (const auto known = known_.find(name); known != known_.end()) {
      return known->second;
    }
    if (!open_.insert(name).second) {
      return 0;
    }
    double total = 0;
    for (const Body& body : bodies_.at(name)) {
      total += Count(body.begin, body.end);
    }
    open_.erase(name);
    return known_[name] = total;
  }

  const std::vector<Token>& tokens_;
  std::map<std::string, std::vector<Body>> bodies_;
  std::map<std::string, double> known_;
  std::set<std::string> open_;
};

}  // namespace

bool IsOrdered(std::string_view query) {
  const std::vector<Token> tokens = Tokens(query);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i].text == "order" && tokens[i + 1].text == "by" && tokens[i].depth == 0) {
      return true;
    }
  }
  return false;
}

double ExpansionsOfWith(std::string_view query) {
  const std::vector<Token> tokens = Tokens(query);
  return Expander(tokens).Count(0, tokens.size());
}

}  // namespace cupel::sql
