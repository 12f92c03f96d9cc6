#include <algorithm>

#include "verifiers/code/judge/literal.h"
#include "verifiers/code/judge/python_scanner.h"

namespace cupel::code {
namespace {

using std::string_view;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\'; }

string_view Trim(string_view text) {
  while (!text.empty() && IsSpace(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && IsSpace(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

// Calls `visit(i)` at each byte outside brackets, strings and names; false when a bracket or string does not close.
template <class Visit>
bool VisitTopLevel(string_view text, Visit visit) {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '(' || c == '[' || c == '{' || c == '"' || c == '\'') {
      const size_t end = c == '"' || c == '\'' ? EndOfPythonString(text, i) : EndOfBrackets(text, i);
      if (end == string_view::npos) {
        return false;
      }
      i = end;
    } else if (IsNameByte(c)) {
      const size_t begin = i;
      while (i < text.size() && IsNameByte(text[i])) {
        ++i;
      }
      visit(begin, text.substr(begin, i - begin));
    } else {
      visit(i, text.substr(i, 1));
      ++i;
    }
  }
  return true;
}

// Splits at the commas outside brackets and strings.
std::optional<std::vector<string_view>> SplitArguments(string_view text) {
  std::vector<string_view> parts;
  size_t begin = 0;
  const bool closed = VisitTopLevel(text, [&](size_t at, string_view token) {
    if (token == ",") {
      parts.push_back(Trim(text.substr(begin, at - begin)));
      begin = at + 1;
    }
  });
  if (!closed) {
    return std::nullopt;
  }
  if (const string_view last = Trim(text.substr(begin)); !last.empty()) {
    parts.push_back(last);
  }
  return parts;
}

string_view StripParentheses(string_view text) {
  text = Trim(text);
  while (text.starts_with('(') && EndOfBrackets(text, 0) == text.size()) {
    const auto parts = SplitArguments(text.substr(1, text.size() - 2));
    if (!parts || parts->size() != 1 || Trim(text.substr(1, text.size() - 2)).ends_with(',')) {
      break;  // a tuple
    }
    text = Trim(text.substr(1, text.size() - 2));
  }
  return text;
}

struct CallText {
  string_view name;
  string_view arguments;
};

// NAME(...) and nothing else; the name may have dots.
std::optional<CallText> SplitCall(string_view text) {
  text = Trim(text);
  size_t i = 0;
  while (i < text.size() && (IsNameByte(text[i]) || (text[i] == '.' && i > 0))) {
    ++i;
  }
  if (i == 0 || i >= text.size() || text[i] != '(' || !IsNameStart(text[0]) || EndOfBrackets(text, i) != text.size()) {
    return std::nullopt;
  }
  return CallText{text.substr(0, i), text.substr(i + 1, text.size() - i - 2)};
}

bool ReadJudgedCall(string_view text, CallAssertion& assertion) {
  text = StripParentheses(text);
  const std::optional<CallText> call = SplitCall(text);
  if (!call || call->name.find('.') != string_view::npos) {
    return false;
  }
  const auto arguments = SplitArguments(call->arguments);
  if (!arguments) {
    return false;
  }
  assertion.function = call->name;
  assertion.call = text;
  assertion.has_plain_args = true;
  for (const string_view argument : *arguments) {
    std::optional<Value> value = ParseLiteral(argument);
    assertion.has_plain_args = assertion.has_plain_args && value.has_value();
    if (value) {
      assertion.args.push_back(*std::move(value));
    }
  }
  return true;
}

// A call, or sorted(call) or set(call).
bool ReadSubject(string_view text, CallAssertion& assertion) {
  text = StripParentheses(text);
  const std::optional<CallText> outer = SplitCall(text);
  if (outer && (outer->name == "sorted" || outer->name == "set")) {
    const auto arguments = SplitArguments(outer->arguments);
    if (!arguments || arguments->size() != 1) {
      return false;
    }
    assertion.transform = outer->name == "set" ? Transform::kSet : Transform::kSorted;
    return ReadJudgedCall((*arguments)[0], assertion);
  }
  return ReadJudgedCall(text, assertion);
}

bool ReadExpected(string_view text, CallAssertion& assertion) {
  text = StripParentheses(text);
  const std::optional<CallText> outer = SplitCall(text);
  if (outer && outer->name == "sorted" && assertion.transform == Transform::kSorted) {
    text = outer->arguments;  // compared without order
  }
  std::optional<Value> value = ParseLiteral(text);
  if (!value) {
    return false;
  }
  const bool is_set = value->kind == Kind::kSet;
  const bool is_list = value->kind == Kind::kList;
  if ((assertion.transform == Transform::kSet && !is_set) || (assertion.transform == Transform::kSorted && !is_list)) {
    return false;
  }
  assertion.expected = *std::move(value);
  return true;
}

std::optional<double> ReadNumber(string_view text) {
  const std::optional<Value> value = ParseLiteral(text);
  if (value && value->kind == Kind::kFloat) {
    return value->number;
  }
  if (value && value->kind == Kind::kInt && value->text.size() < 16) {
    return static_cast<double>(std::strtoll(value->text.c_str(), nullptr, 10));
  }
  return std::nullopt;
}

// abs(CALL - NUMBER) < NUMBER
bool ReadAbsolute(string_view left, string_view right, CallAssertion& assertion) {
  const std::optional<CallText> outer = SplitCall(left);
  const std::optional<double> bound = ReadNumber(right);
  if (!outer || outer->name != "abs" || !bound || *bound <= 0) {
    return false;
  }
  size_t minus = string_view::npos;
  size_t num_minus = 0;
  VisitTopLevel(outer->arguments, [&](size_t at, string_view token) {
    if (token == "-" && at > 0) {
      minus = num_minus++ == 0 ? at : minus;
    }
  });
  if (minus == string_view::npos || !ReadJudgedCall(outer->arguments.substr(0, minus), assertion)) {
    return false;
  }
  const std::optional<double> center = ReadNumber(outer->arguments.substr(minus + 1));
  if (!center) {
    return false;
  }
  assertion.expected = Value::Float(*center);
  assertion.absolute_tolerance = *bound;
  return true;
}

// math.isclose(CALL, LITERAL, rel_tol=1e-9, abs_tol=0)
bool ReadIsClose(string_view text, CallAssertion& assertion) {
  const std::optional<CallText> outer = SplitCall(text);
  if (!outer || (outer->name != "math.isclose" && outer->name != "isclose")) {
    return false;
  }
  const auto arguments = SplitArguments(outer->arguments);
  if (!arguments || arguments->size() < 2) {
    return false;
  }
  assertion.relative_tolerance = 1e-9;
  for (size_t i = 2; i < arguments->size(); ++i) {
    const string_view argument = (*arguments)[i];
    const size_t equals = argument.find('=');
    const std::optional<double> value = equals == string_view::npos ? std::nullopt : ReadNumber(argument.substr(equals + 1));
    const string_view name = Trim(argument.substr(0, equals));
    if (!value || (name != "rel_tol" && name != "abs_tol")) {
      return false;
    }
    (name == "rel_tol" ? assertion.relative_tolerance : assertion.absolute_tolerance) = *value;
  }
  const std::optional<double> center = ReadNumber((*arguments)[1]);
  if (!center || !ReadJudgedCall((*arguments)[0], assertion)) {
    return false;
  }
  assertion.expected = Value::Float(*center);
  return true;
}

struct Operator {
  size_t begin = 0;
  size_t end = 0;
  string_view text;
};

// The operators of comparison and logic outside brackets. Nullopt when a bracket does not close.
std::optional<std::vector<Operator>> FindOperators(string_view text) {
  std::vector<Operator> found;
  const bool closed = VisitTopLevel(text, [&](size_t at, string_view token) {
    constexpr string_view kWords[] = {"and", "or", "not", "in", "is", "if", "else", "lambda"};
    if (!found.empty() && at < found.back().end) {
      return;
    }
    if (token == "=" || token == "<" || token == ">" || token == "!") {
      const bool is_double = at + 1 < text.size() && text[at + 1] == '=';
      found.push_back({at, at + (is_double ? 2 : 1), text.substr(at, is_double ? 2 : 1)});
    } else if (std::ranges::find(kWords, token) != std::end(kWords)) {
      found.push_back({at, at + token.size(), token});
    }
  });
  return closed ? std::optional(std::move(found)) : std::nullopt;
}

bool ReadIdentity(string_view left, string_view right, CallAssertion& assertion) {
  right = Trim(right);
  return (right == "None" || right == "True" || right == "False") && ReadJudgedCall(left, assertion) && ReadExpected(right, assertion);
}

bool ReadTest(string_view test, CallAssertion& assertion) {
  const auto operators = FindOperators(test);
  if (!operators) {
    return false;
  }
  if (operators->empty()) {
    assertion.expectation = Expectation::kTruthy;
    if (ReadJudgedCall(test, assertion)) {
      return true;
    }
    assertion = {};
    return ReadIsClose(test, assertion);
  }
  const Operator& first = operators->front();
  const string_view left = Trim(test.substr(0, first.begin));
  const string_view right = Trim(test.substr(first.end));
  if (operators->size() == 2 && first.text == "is" && (*operators)[1].text == "not") {
    assertion.expectation = Expectation::kNotNone;
    return Trim(test.substr((*operators)[1].end)) == "None" && ReadJudgedCall(left, assertion);
  }
  if (operators->size() != 1) {
    return false;
  }
  if (first.text == "not") {
    assertion.expectation = Expectation::kFalsy;
    return left.empty() && ReadJudgedCall(right, assertion);
  }
  if (first.text == "is") {
    return ReadIdentity(left, right, assertion);
  }
  if (first.text == "<" || first.text == "<=") {
    return ReadAbsolute(left, right, assertion);
  }
  if (first.text != "==") {
    return false;
  }
  if (ReadSubject(left, assertion)) {
    return ReadExpected(right, assertion);
  }
  assertion = {};
  return ReadSubject(right, assertion) && ReadExpected(left, assertion);
}

}  // namespace

std::optional<CallAssertion> ParseAssertion(string_view statement) {
  statement = Trim(statement);
  if (!statement.starts_with("assert") || statement.size() < 8 || IsNameByte(statement[6])) {
    return std::nullopt;
  }
  statement.remove_prefix(6);
  const auto parts = SplitArguments(statement);
  if (!parts || parts->empty() || parts->size() > 2) {
    return std::nullopt;
  }
  CallAssertion assertion;
  return ReadTest(StripParentheses((*parts)[0]), assertion) ? std::optional(std::move(assertion)) : std::nullopt;
}

std::optional<std::vector<PythonLine>> SplitPython(string_view text) {
  std::vector<PythonLine> lines;
  size_t i = 0;
  while (i < text.size()) {
    PythonLine line;
    for (; i < text.size() && (text[i] == ' ' || text[i] == '\t'); ++i) {
      line.indent = text[i] == ' ' ? line.indent + 1 : (line.indent / 8 + 1) * 8;
    }
    const size_t begin = i;
    size_t end = i;  // after the last byte that is no comment
    while (i < text.size() && text[i] != '\n') {
      const char c = text[i];
      if (c == '#') {
        i = std::min(text.find('\n', i), text.size());
        break;
      }
      if (c == '"' || c == '\'' || c == '(' || c == '[' || c == '{') {
        i = c == '"' || c == '\'' ? EndOfPythonString(text, i) : EndOfBrackets(text, i);
        if (i == string_view::npos) {
          return std::nullopt;
        }
      } else {
        i += c == '\\' ? 2 : 1;
      }
      i = std::min(i, text.size());
      end = i;
    }
    line.text = Trim(text.substr(begin, end - begin));
    if (!line.text.empty()) {
      lines.push_back(line);
    }
    ++i;
  }
  return lines;
}

}  // namespace cupel::code
