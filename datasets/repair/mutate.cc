#include "datasets/repair/mutate.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "datasets/repair/code_tokens.h"

namespace cupel::repair {
namespace {

using Kind = CodeToken::Kind;

struct Swap {
  std::string_view kind;
  std::string_view from;
  std::string_view to;
};

// Operators stand between spaces where they have two operands; words stand by themselves.
constexpr std::array kOperatorSwaps = {
    Swap{"comparison", "<", "<="}, Swap{"comparison", "<", ">"},   Swap{"comparison", "<=", "<"},   Swap{"comparison", ">", ">="},
    Swap{"comparison", ">", "<"},  Swap{"comparison", ">=", ">"},  Swap{"comparison", "==", "!="},  Swap{"comparison", "!=", "=="},
    Swap{"operator", "+", "-"},    Swap{"operator", "-", "+"},     Swap{"operator", "*", "+"},      Swap{"operator", "/", "*"},
    Swap{"operator", "//", "%"},   Swap{"operator", "%", "//"},    Swap{"operator", "**", "*"},     Swap{"assignment", "+=", "="},
    Swap{"assignment", "-=", "="}, Swap{"assignment", "+=", "-="}, Swap{"assignment", "-=", "+="},  Swap{"assignment", "*=", "+="},
    Swap{"logic", "&&", "||"},     Swap{"logic", "||", "&&"},      Swap{"assignment", "//=", "-="},
};
constexpr std::array kWordSwaps = {
    Swap{"logic", "and", "or"},          Swap{"logic", "or", "and"},          Swap{"constant", "True", "False"},
    Swap{"constant", "False", "True"},   Swap{"constant", "true", "false"},   Swap{"constant", "false", "true"},
    Swap{"loop", "break", "continue"},   Swap{"loop", "continue", "break"},   Swap{"function", "min", "max"},
    Swap{"function", "max", "min"},      Swap{"function", "any", "all"},      Swap{"function", "all", "any"},
    Swap{"function", "lstrip", "strip"}, Swap{"function", "rstrip", "strip"}, Swap{"function", "startswith", "endswith"},
    Swap{"function", "ljust", "rjust"},  Swap{"function", "sorted", "list"},  Swap{"function", "sum", "len"},
};

bool StartsWithAny(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.starts_with(word); });
}

// The mutations of one file.
class Finder {
 public:
  Finder(std::string path, std::string_view text, bool is_cpp)
      : path_(std::move(path)), text_(text), is_cpp_(is_cpp), tokens_(TokensOf(text, is_cpp)), lines_(LinesOf(text)) {}

  std::vector<Mutation> Find() && {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      SwapToken(i);
      ChangeNumber(i);
      DropOffset(i);
      DropNegation(i);
      SwapArguments(i);
    }
    for (size_t i = 0; i < lines_.size(); ++i) {
      DropGuard(i);
      DropStatement(i);
      ConfuseParameters(i);
    }
    std::ranges::stable_sort(found_, {}, &Mutation::begin);
    return std::move(found_);
  }

 private:
  std::string_view At(size_t token) const { return token < tokens_.size() ? tokens_[token].In(text_) : std::string_view(); }

  void Add(std::string_view kind, size_t begin, size_t end, std::string_view to) {
    if (text_.substr(begin, end - begin) == to) {
      return;
    }
    Mutation mutation{kind, path_, begin, end, std::string(to), 0, 0};
    const auto line = std::ranges::upper_bound(lines_, begin, {}, &CodeLine::begin) - 1;
    mutation.line = static_cast<int>(line - lines_.begin()) + 1;
    mutation.column = static_cast<int>(begin - line->begin) + 1;
    if (texts_.insert(Mutated(text_, mutation)).second) {
      found_.push_back(std::move(mutation));
    }
  }

  bool IsBetweenSpaces(const CodeToken& token) const {
    return token.begin > 0 && text_[token.begin - 1] == ' ' && token.end < text_.size() && text_[token.end] == ' ';
  }

  void SwapToken(size_t i) {
    const CodeToken& token = tokens_[i];
    const std::string_view word = At(i);
    if (token.kind == Kind::kOperator && IsBetweenSpaces(token)) {
      for (const Swap& swap : kOperatorSwaps) {
        if (swap.from == word) {
          // Division is written // in Python and / in C++.
          const std::string_view to = is_cpp_ && swap.to == "//" ? "/" : swap.to;
          Add(swap.kind, token.begin, token.end, to);
        }
      }
    } else if (token.kind == Kind::kWord) {
      for (const Swap& swap : kWordSwaps) {
        if (swap.from == word) {
          Add(swap.kind, token.begin, token.end, swap.to);
        }
      }
    }
  }

  void ChangeNumber(size_t i) {
    const std::string_view digits = At(i);
    if (tokens_[i].kind != Kind::kNumber || digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string_view::npos) {
      return;
    }
    const int value = std::stoi(std::string(digits));
    const std::string_view kind = i > 0 && At(i - 1) == "=" ? "initial_value" : "off_by_one";
    Add(kind, tokens_[i].begin, tokens_[i].end, std::to_string(value + 1));
    if (value > 0) {
      Add(kind, tokens_[i].begin, tokens_[i].end, std::to_string(value - 1));
    }
  }

  // "n + 1" becomes "n".
  void DropOffset(size_t i) {
    if ((At(i) == "+" || At(i) == "-") && IsBetweenSpaces(tokens_[i]) && At(i + 1) == "1") {
      Add("off_by_one", tokens_[i].begin - 1, tokens_[i + 1].end, "");
    }
  }

  void DropNegation(size_t i) {
    if (At(i) == "not" || (is_cpp_ && At(i) == "!")) {
      Add("negation", tokens_[i].begin, tokens_[i].end + (At(i) == "not" ? 1 : 0), "");
    }
  }

  // f(a, b) becomes f(b, a).
  void SwapArguments(size_t i) {
    const CodeLine& line = *(std::ranges::upper_bound(lines_, tokens_[i].begin, {}, &CodeLine::begin) - 1);
    const bool is_definition = is_cpp_ ? line.indent == 0 : i > 0 && At(i - 1) == "def";
    if (tokens_[i].kind != Kind::kWord || At(i + 1) != "(" || tokens_[i + 1].begin != tokens_[i].end || is_definition) {
      return;
    }
    std::vector<size_t> commas;
    int depth = 1;
    size_t close = i + 2;
    for (; close < tokens_.size() && depth > 0; ++close) {
      const std::string_view token = At(close);
      depth += token == "(" || token == "[" || token == "{" ? 1 : token == ")" || token == "]" || token == "}" ? -1 : 0;
      if (depth == 1 && token == ",") {
        commas.push_back(close);
      }
      if (depth == 1 && (token == "=" || token == "for" || token == ";")) {
        return;  // keywords, generators, loops
      }
    }
    if (commas.empty() || depth > 0) {
      return;
    }
    const size_t last = commas.size() > 1 ? commas[1] : close - 1;
    const auto span = [&](size_t from, size_t to) { return text_.substr(tokens_[from].begin, tokens_[to - 1].end - tokens_[from].begin); };
    const size_t begin = tokens_[i + 2].begin;
    const size_t end = tokens_[last - 1].end;
    if (commas[0] + 1 < last) {
      Add("arguments", begin, end, fmt::format("{}, {}", span(commas[0] + 1, last), span(i + 2, commas[0])));
    }
  }

  void DropLines(std::string_view kind, size_t first, size_t count) {
    const size_t end = first + count < lines_.size() ? lines_[first + count].begin : text_.size();
    Add(kind, lines_[first].begin, end, "");
  }

  // "if ...: return ..." goes.
  void DropGuard(size_t i) {
    if (i + 2 >= lines_.size() || !StartsWithAny(lines_[i].rest, {"if "}) || lines_[i].indent == 0 ||
        !StartsWithAny(lines_[i + 1].rest, {"return", "raise", "continue", "break"})) {
      return;
    }
    const CodeLine& after = lines_[i + 2];
    if (is_cpp_ ? after.rest == "}" : after.indent <= lines_[i].indent && !StartsWithAny(after.rest, {"else", "elif"})) {
      DropLines("guard", i, is_cpp_ ? 3 : 2);
    }
  }

  bool IsSibling(size_t i, size_t other) const {
    return other < lines_.size() && !lines_[other].rest.empty() && lines_[other].indent == lines_[i].indent &&
           !StartsWithAny(lines_[other].rest, {"else", "elif", "}"});
  }

  // A line that is an assignment or a call goes, if another stands beside it.
  void DropStatement(size_t i) {
    const CodeLine& line = lines_[i];
    const auto first = std::ranges::lower_bound(tokens_, line.begin, {}, &CodeToken::begin);
    const auto last = std::ranges::lower_bound(tokens_, line.end, {}, &CodeToken::begin);
    if (line.indent == 0 || last - first < 3 || first->kind != Kind::kWord || (first + 1)->kind == Kind::kWord) {
      return;
    }
    if (StartsWithAny(line.rest, {"if", "elif", "else", "for", "while", "return", "raise", "std::", "const ", "struct", "class"}) ||
        (is_cpp_ ? !line.rest.ends_with(';') : line.rest.ends_with(':') || line.rest.ends_with(','))) {
      return;
    }
    const auto count = [&](std::string_view open, std::string_view close) {
      return std::count_if(first, last, [&](const CodeToken& token) { return token.In(text_) == open; }) -
             std::count_if(first, last, [&](const CodeToken& token) { return token.In(text_) == close; });
    };
    if (count("(", ")") == 0 && count("[", "]") == 0 && count("{", "}") == 0 && (IsSibling(i, i + 1) || (i > 0 && IsSibling(i, i - 1)))) {
      DropLines("statement", i, 1);
    }
  }

  // The names of the parameters of the function whose definition is line `i`; none if it is no definition.
  std::vector<std::string_view> ParametersOf(size_t i) const {
    const CodeLine& line = lines_[i];
    const bool is_definition = is_cpp_ ? line.indent == 0 && line.rest.ends_with('{') && line.rest.find('(') != std::string_view::npos
                                       : line.rest.starts_with("def ");
    std::vector<std::string_view> names;
    if (!is_definition) {
      return names;
    }
    std::string_view word;
    for (auto token = std::ranges::lower_bound(tokens_, line.begin + line.rest.find('('), {}, &CodeToken::begin);
         token != tokens_.end() && token->begin < line.end; ++token) {
      const std::string_view text = token->In(text_);
      if ((text == "," || text == ")" || text == "=") && !word.empty() && word != "self") {
        names.push_back(word);
      }
      word = token->kind == Kind::kWord ? text : std::string_view();
    }
    return names;
  }

  // A parameter of a function where another is meant.
  void ConfuseParameters(size_t i) {
    const std::vector<std::string_view> names = ParametersOf(i);
    if (names.size() < 2) {
      return;
    }
    size_t end = i + 1;
    while (end < lines_.size() && (lines_[end].rest.empty() || lines_[end].indent > lines_[i].indent)) {
      ++end;
    }
    const size_t end_byte = end < lines_.size() ? lines_[end].begin : text_.size();
    for (size_t t = 0; t < tokens_.size(); ++t) {
      if (tokens_[t].begin < lines_[i].end || tokens_[t].begin >= end_byte) {
        continue;
      }
      const auto name = std::ranges::find(names, At(t));
      const bool is_use = name != names.end() && At(t - 1) != "." && At(t + 1) != "=" && At(t + 1) != "," && At(t - 1) != "for";
      if (is_use) {
        Add("variable", tokens_[t].begin, tokens_[t].end, name + 1 == names.end() ? names.front() : *(name + 1));
      }
    }
  }

  std::string path_;
  std::string_view text_;
  bool is_cpp_;
  std::vector<CodeToken> tokens_;
  std::vector<CodeLine> lines_;
  std::set<std::string> texts_;
  std::vector<Mutation> found_;
};

}  // namespace

std::string Mutation::Key() const {
  std::string shown;
  for (const char c : to) {
    shown += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return fmt::format("{}:{}:{} {} {}", path, line, column, kind, shown);
}

std::vector<std::string_view> MutationKinds() {
  return {"arguments", "assignment", "comparison", "constant",   "function", "guard",     "initial_value",
          "logic",     "loop",       "negation",   "off_by_one", "operator", "statement", "variable"};
}

std::vector<Mutation> FindMutations(const Project& project) {
  std::vector<Mutation> all;
  for (const auto& [path, text] : project.files) {
    if (path.ends_with(".py") || path.ends_with(".cc")) {
      std::ranges::move(Finder(path, text, project.is_cpp).Find(), std::back_inserter(all));
    }
  }
  return all;
}

std::string Mutated(std::string_view text, const Mutation& mutation) {
  return fmt::format("{}{}{}", text.substr(0, mutation.begin), mutation.to, text.substr(mutation.end));
}

}  // namespace cupel::repair
