// HumanEval(+) and MBPP(+): one function, tests as assertions in Python.

#include <algorithm>

#include "base/status.h"
#include "verifiers/code/formats/record.h"

namespace cupel::code {
namespace {

// The assertions of "def check(candidate):" if the test text holds nothing else that matters: assignments of plain data before it, and in
// it assertions, constants and pass.
std::optional<std::vector<std::string>> PlainChecks(std::string_view test) {
  const std::optional<std::vector<PythonLine>> lines = SplitPython(test);
  if (!lines) {
    return std::nullopt;
  }
  std::vector<std::string> assertions;
  bool is_inside = false;
  for (const PythonLine& line : *lines) {
    if (line.indent == 0) {
      is_inside = line.text.starts_with("def check(candidate)") && line.text.ends_with(':');
      const size_t equals = line.text.find('=');
      if (!is_inside && (equals == std::string_view::npos || !ParseLiteral(line.text.substr(equals + 1)))) {
        return std::nullopt;
      }
      continue;
    }
    if (!is_inside) {
      return std::nullopt;
    }
    const bool is_constant = line.text.starts_with("assert True") &&
                             (line.text.size() == 11 || line.text[11] == ',' || line.text[11] == ' ') &&
                             line.text.find_first_of("=<>") == std::string_view::npos;
    if (line.text.starts_with("assert") && !is_constant) {
      assertions.emplace_back(line.text);
    } else if (!is_constant && line.text != "pass" && !ParseLiteral(line.text)) {
      return std::nullopt;
    }
  }
  return assertions;
}

// check(candidate): calls if every assertion is plain, else run with the reference solution's definitions at hand, so that what the tests
// compute themselves they compute with those and not with the program's.
void AddCheck(const Json& record, const std::string& test, const std::string& entry_point, const std::string& prompt, Problem& problem) {
  if (const std::optional<std::vector<std::string>> checks = PlainChecks(test)) {
    if (checks->empty()) {
      return;
    }
    AddAssertions(*checks, "", problem);
    if (!problem.calls.empty()) {
      for (CallTest& call : problem.calls) {
        call.target = call.target == "candidate" ? entry_point : call.target;
      }
      const bool is_all_candidate = std::ranges::all_of(problem.calls, [&](const CallTest& call) { return call.target == entry_point; });
      if (is_all_candidate) {
        return;
      }
    }
  }
  problem.calls.clear();
  AssertTests tests;
  const bool has_reference = record.contains("canonical_solution") && record["canonical_solution"].is_string();
  tests.prelude = has_reference ? prompt + record["canonical_solution"].get<std::string>() : prompt;
  if (!has_reference) {
    tests.names = {entry_point};
  }
  tests.source = test;
  tests.units = {{"check", fmt::format("check(_program('{}'))", entry_point)}};
  problem.asserts = std::move(tests);
}

// evalplus: lists of arguments; what the reference solution returns is expected, floats within the set's tolerance.
absl::Status AddReferenceCalls(const Json& record, const std::string& entry_point, Problem& problem) {
  CUPEL_ASSIGN_OR_RETURN(const std::string canonical, TextField(record, "canonical_solution"));
  problem.reference = problem.before + canonical;
  for (const char* key : {"base_input", "plus_input"}) {
    CUPEL_ASSIGN_OR_RETURN(const Json* inputs, ArrayField(record, key));
    for (size_t i = 0; inputs != nullptr && i < inputs->size(); ++i) {
      if (!(*inputs)[i].is_array()) {
        return InvalidArgument("field \"{}\", item {}: expected the list of arguments, found {}", key, i, (*inputs)[i].type_name());
      }
      CallTest test;
      test.id = fmt::format("{}/{}", key, i);
      test.target = entry_point;
      test.args = ValueOf((*inputs)[i]).items;
      test.rules = PythonEquality();
      const double tolerance = record.contains("atol") && record["atol"].is_number() ? record["atol"].get<double>() : 0;
      test.rules.absolute_tolerance = std::max(tolerance, 1e-6);
      test.rules.relative_tolerance = 1e-7;
      problem.calls.push_back(std::move(test));
    }
  }
  return absl::OkStatus();
}

bool HasReferenceInputs(const Json& record) { return record.contains("base_input") || record.contains("plus_input"); }

std::vector<std::string> TextItems(const Json& list) {
  std::vector<std::string> texts;
  std::ranges::transform(list, std::back_inserter(texts), [](const Json& item) { return item.get<std::string>(); });
  return texts;
}

absl::StatusOr<std::vector<std::string>> TextList(const Json& record, std::string_view key) {
  CUPEL_ASSIGN_OR_RETURN(const Json* list, ArrayField(record, key));
  if (list == nullptr) {
    return std::vector<std::string>();
  }
  if (!std::ranges::all_of(*list, [](const Json& item) { return item.is_string(); })) {
    return InvalidArgument("field \"{}\": every item must be text", key);
  }
  return TextItems(*list);
}

void BeginFunctionSet(Problem& problem) {
  problem.accepts_bare = true;
  problem.is_isolated = false;
}

}  // namespace

absl::StatusOr<Problem> ReadHumanEval(const Json& record) {
  Problem problem;
  BeginFunctionSet(problem);
  CUPEL_ASSIGN_OR_RETURN(problem.id, TextField(record, "task_id", ""));
  CUPEL_ASSIGN_OR_RETURN(const std::string prompt, TextField(record, "prompt"));
  CUPEL_ASSIGN_OR_RETURN(const std::string entry_point, TextField(record, "entry_point"));
  problem.before = prompt;
  if (HasReferenceInputs(record)) {
    CUPEL_RETURN_IF_ERROR(AddReferenceCalls(record, entry_point, problem));
    return problem;
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string test, TextField(record, "test"));
  AddCheck(record, test, entry_point, prompt, problem);
  return problem;
}

absl::StatusOr<Problem> ReadMbpp(const Json& record) {
  Problem problem;
  BeginFunctionSet(problem);
  if (record.contains("task_id")) {
    problem.id = record["task_id"].is_string() ? record["task_id"].get<std::string>() : DumpJson(record["task_id"]);
  }
  if (HasReferenceInputs(record)) {
    CUPEL_ASSIGN_OR_RETURN(const std::string entry_point, TextField(record, "entry_point"));
    CUPEL_RETURN_IF_ERROR(AddReferenceCalls(record, entry_point, problem));
    return problem;
  }
  CUPEL_ASSIGN_OR_RETURN(const std::vector<std::string> assertions, TextList(record, "test_list"));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<std::string> imports, TextList(record, "test_imports"));
  CUPEL_ASSIGN_OR_RETURN(std::string setup, TextField(record, "test_setup_code", ""));
  AddAssertions(assertions, setup, problem);
  if (problem.asserts) {
    for (const std::string& line : imports) {
      problem.asserts->prelude += line + "\n";
    }
  }
  return problem;
}

absl::StatusOr<Problem> ReadPytest(const Json& record) {
  Problem problem;
  problem.accepts_bare = true;
  CUPEL_ASSIGN_OR_RETURN(problem.id, TextField(record, "task_id", ""));
  CUPEL_ASSIGN_OR_RETURN(std::string source, TextField(record, "test"));
  problem.asserts = AssertTests{};
  problem.asserts->source = std::move(source);
  return problem;
}

}  // namespace cupel::code
