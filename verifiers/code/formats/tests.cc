// Tests in the notations that several data sets share.

#include <algorithm>

#include "base/status.h"
#include "verifiers/code/formats/record.h"

namespace cupel::code {
namespace {

constexpr size_t kMaxTests = 100'000;

// Python's == on values that came from JSON, as the published graders compare them.
ValueRules PublishedJsonRules() {
  ValueRules rules = PythonEquality();
  rules.sequences_alike = true;
  rules.keys_as_text = true;
  return rules;
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      lines.push_back(line);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A text, or a list of lines.
absl::StatusOr<std::string> StdioText(const Json& json, size_t index, std::string_view key) {
  if (json.is_string()) {
    return json.get<std::string>();
  }
  std::string text;
  for (const Json& line : json) {
    if (!json.is_array() || !line.is_string()) {
      return InvalidArgument("field \"{}\", item {}: expected text or a list of lines, found {}", key, index, DumpJson(json).substr(0, 60));
    }
    text += line.get_ref<const std::string&>() + "\n";
  }
  if (!json.is_array()) {
    return InvalidArgument("field \"{}\", item {}: expected text, found {}", key, index, json.type_name());
  }
  return text;
}

// A call whose arguments and result are JSON values (APPS). Results of this set are often wrapped in a list of one.
CallTest ParsedCall(std::string id, std::string_view function, const Json& input, const Json& output) {
  CallTest test;
  test.id = std::move(id);
  test.target = function;
  test.args = ValueOf(input).items;
  test.expected.push_back(ValueOf(output));
  if (test.expected[0].kind == Kind::kList && test.expected[0].items.size() == 1) {
    Value inner = test.expected[0].items[0];
    test.expected.push_back(std::move(inner));
  }
  test.rules = PublishedJsonRules();
  return test;
}

}  // namespace

absl::Status AddJsonCall(std::string id, std::string_view function, std::string_view input, std::string_view output, Problem& problem) {
  CallTest test;
  for (const std::string_view line : SplitLines(input)) {
    std::optional<Value> value = ParseLiteral(line, Notation::kJson);
    if (!value) {
      return InvalidArgument("test {}: the argument {} is not JSON", id, Describe(Value::String(std::string(line.substr(0, 60)))));
    }
    test.args.push_back(*std::move(value));
  }
  std::optional<Value> expected = ParseLiteral(output, Notation::kJson);
  if (!expected) {
    return InvalidArgument("test {}: the output {} is not JSON", id, Describe(Value::String(std::string(output.substr(0, 60)))));
  }
  test.id = std::move(id);
  test.target = function;
  test.expected.push_back(*std::move(expected));
  test.rules = PublishedJsonRules();
  problem.calls.push_back(std::move(test));
  return absl::OkStatus();
}

absl::Status AddInputsOutputs(const Json& object, Problem& problem) {
  if (!object.is_object()) {
    return InvalidArgument("the tests are {}, expected an object with \"inputs\" and \"outputs\"", object.type_name());
  }
  CUPEL_ASSIGN_OR_RETURN(const Json* inputs, ArrayField(object, "inputs"));
  CUPEL_ASSIGN_OR_RETURN(const Json* outputs, ArrayField(object, "outputs"));
  CUPEL_ASSIGN_OR_RETURN(const std::string function, TextField(object, "fn_name", ""));
  const size_t num_inputs = inputs == nullptr ? 0 : inputs->size();
  if (num_inputs != (outputs == nullptr ? 0 : outputs->size())) {
    return InvalidArgument("\"inputs\" has {} items and \"outputs\" {}; they must be as many", num_inputs,
                           outputs == nullptr ? 0 : outputs->size());
  }
  if (num_inputs > kMaxTests) {
    return InvalidArgument("{} tests are more than the {} allowed", num_inputs, kMaxTests);
  }
  for (size_t i = 0; i < num_inputs; ++i) {
    const Json& input = (*inputs)[i];
    const Json& output = (*outputs)[i];
    const std::string id = std::to_string(i);
    if (function.empty()) {
      CUPEL_ASSIGN_OR_RETURN(std::string in, StdioText(input, i, "inputs"));
      CUPEL_ASSIGN_OR_RETURN(std::string out, StdioText(output, i, "outputs"));
      problem.stdio.push_back({id, std::move(in), std::move(out)});
    } else if (input.is_string() && output.is_string()) {
      CUPEL_RETURN_IF_ERROR(AddJsonCall(id, function, input.get_ref<const std::string&>(), output.get_ref<const std::string&>(), problem));
    } else if (input.is_array()) {
      problem.calls.push_back(ParsedCall(id, function, input, output));
    } else {
      return InvalidArgument("field \"inputs\", item {}: expected the list of arguments, found {}", i, DumpJson(input).substr(0, 60));
    }
  }
  return absl::OkStatus();
}

void AddAssertions(const std::vector<std::string>& assertions, std::string_view setup, Problem& problem) {
  std::vector<CallTest> calls;
  for (size_t i = 0; i < assertions.size(); ++i) {
    std::optional<CallAssertion> assertion = ParseAssertion(assertions[i]);
    if (!assertion || !assertion->has_plain_args) {
      break;
    }
    CallTest test;
    test.id = std::to_string(i);
    test.target = assertion->function;
    test.args = std::move(assertion->args);
    test.transform = assertion->transform;
    test.expectation = assertion->expectation;
    test.expected.push_back(std::move(assertion->expected));
    test.rules = PythonEquality();
    test.rules.absolute_tolerance = assertion->absolute_tolerance;
    test.rules.relative_tolerance = assertion->relative_tolerance;
    calls.push_back(std::move(test));
  }
  problem.setup = setup;
  if (calls.size() == assertions.size()) {
    problem.calls = std::move(calls);
    return;
  }
  AssertTests tests;
  for (size_t i = 0; i < assertions.size(); ++i) {
    tests.units.emplace_back(std::to_string(i), assertions[i]);
  }
  problem.asserts = std::move(tests);
}

}  // namespace cupel::code
