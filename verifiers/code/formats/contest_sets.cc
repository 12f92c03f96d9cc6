// APPS and TACO, CodeContests, LiveCodeBench, and the records that verl and open-r1 pass to their graders.

#include <algorithm>

#include "base/status.h"
#include "verifiers/code/formats/record.h"

namespace cupel::code {
namespace {

// {seconds, nanos}, or a number of seconds.
absl::StatusOr<std::optional<double>> Seconds(const Json& record, std::string_view key) {
  const auto it = record.find(std::string(key));
  if (it == record.end() || !it->is_object()) {
    return PositiveField(record, key);
  }
  const double seconds = it->value("seconds", 0.0) + 1e-9 * it->value("nanos", 0.0);
  return seconds > 0 ? std::optional(seconds) : std::nullopt;
}

// Lists of equal length {"input": [..], "output": [..]}, or a list of {"input", "output"}.
absl::Status AddTestPairs(const Json& record, std::string_view key, Problem& problem) {
  const auto it = record.find(std::string(key));
  if (it == record.end() || it->is_null()) {
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const Json tests, NestedField(record, key));
  if (tests.is_object()) {
    CUPEL_ASSIGN_OR_RETURN(const Json* inputs, ArrayField(tests, "input"));
    CUPEL_ASSIGN_OR_RETURN(const Json* outputs, ArrayField(tests, "output"));
    const size_t count = inputs == nullptr ? 0 : inputs->size();
    if (count != (outputs == nullptr ? 0 : outputs->size())) {
      return InvalidArgument("field \"{}\": \"input\" and \"output\" must have as many items", key);
    }
    for (size_t i = 0; i < count; ++i) {
      if (!(*inputs)[i].is_string() || !(*outputs)[i].is_string()) {
        return InvalidArgument("field \"{}\", item {}: expected text", key, i);
      }
      problem.stdio.push_back({fmt::format("{}/{}", key, i), (*inputs)[i].get<std::string>(), (*outputs)[i].get<std::string>()});
    }
    return absl::OkStatus();
  }
  for (size_t i = 0; i < tests.size(); ++i) {
    if (!tests[i].is_object()) {
      return InvalidArgument("field \"{}\", item {}: expected an object with \"input\" and \"output\", found {}", key, i,
                             tests[i].type_name());
    }
    const absl::StatusOr<std::string> input = TextField(tests[i], "input", "");
    const absl::StatusOr<std::string> output = TextField(tests[i], "output");
    CUPEL_RETURN_IF_ERROR(Annotate(input.status(), fmt::format("field \"{}\", item {}", key, i)));
    CUPEL_RETURN_IF_ERROR(Annotate(output.status(), fmt::format("field \"{}\", item {}", key, i)));
    problem.stdio.push_back({fmt::format("{}/{}", key, i), *input, *output});
  }
  return absl::OkStatus();
}

// Standard input and output unless the record names files.
absl::Status ReadFileNames(const Json& record, Problem& problem) {
  CUPEL_ASSIGN_OR_RETURN(problem.input_file, TextField(record, "input_file", ""));
  CUPEL_ASSIGN_OR_RETURN(problem.output_file, TextField(record, "output_file", ""));
  for (std::string* name : {&problem.input_file, &problem.output_file}) {
    if (*name == "stdin" || *name == "stdout" || *name == "standard input" || *name == "standard output") {
      name->clear();
    }
    if (name->find('/') != std::string::npos || name->starts_with('.')) {
      return InvalidArgument("\"{}\" cannot name the input or output file of a program; expected a plain name", *name);
    }
  }
  return absl::OkStatus();
}

// LiveCodeBench: a list of {input, output, testtype}, itself or as JSON text.
absl::Status AddLiveTests(const Json& record, std::string_view key, std::string_view function, Problem& problem) {
  const auto it = record.find(std::string(key));
  if (it == record.end() || it->is_null()) {
    return absl::OkStatus();
  }
  if (it->is_string() && !it->get_ref<const std::string&>().starts_with('[')) {
    return InvalidArgument(
        "field \"{}\" is the compressed pickle of the published files, which is never read here: a pickle is a program. Convert it once, "
        "offline, into the JSON list it holds (docs/code-verifier.md)",
        key);
  }
  CUPEL_ASSIGN_OR_RETURN(const Json tests, NestedField(record, key));
  for (size_t i = 0; i < tests.size(); ++i) {
    const std::string id = fmt::format("{}/{}", key, i);
    if (!tests[i].is_object()) {
      return InvalidArgument("test {}: expected an object, found {}", id, tests[i].type_name());
    }
    CUPEL_ASSIGN_OR_RETURN(const std::string input, TextField(tests[i], "input"));
    CUPEL_ASSIGN_OR_RETURN(const std::string output, TextField(tests[i], "output"));
    CUPEL_ASSIGN_OR_RETURN(const std::string type, TextField(tests[i], "testtype", "stdin"));
    if (type == "functional" && function.empty()) {
      return InvalidArgument("test {} is functional, but \"metadata\" names no \"func_name\"", id);
    }
    if (type == "functional") {
      CUPEL_RETURN_IF_ERROR(AddJsonCall(id, function, input, output, problem));
    } else {
      problem.stdio.push_back({id, input, output});
    }
  }
  return absl::OkStatus();
}

absl::Status AddOpenR1Test(const Json& test, size_t index, Problem& problem) {
  const std::string id = std::to_string(index);
  if (!test.is_object()) {
    return InvalidArgument("test {}: expected an object with \"input\" and \"output\", found {}", id, test.type_name());
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string input, TextField(test, "input", ""));
  CUPEL_ASSIGN_OR_RETURN(const std::string output, TextField(test, "output"));
  CUPEL_ASSIGN_OR_RETURN(const std::string function, TextField(test, "fn_name", ""));
  if (!function.empty()) {
    return AddJsonCall(id, function, input, output, problem);
  }
  problem.stdio.push_back({id, input, output});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Problem> ReadApps(const Json& record) {
  Problem problem;
  SetLimits(problem, 4, std::nullopt);
  CUPEL_ASSIGN_OR_RETURN(const Json tests, NestedField(record, "input_output"));
  CUPEL_RETURN_IF_ERROR(AddInputsOutputs(tests, problem));
  return problem;
}

absl::StatusOr<Problem> ReadCodeContests(const Json& record) {
  Problem problem;
  CUPEL_ASSIGN_OR_RETURN(problem.id, TextField(record, "name", ""));
  for (const char* key : {"public_tests", "private_tests", "generated_tests"}) {
    CUPEL_RETURN_IF_ERROR(AddTestPairs(record, key, problem));
  }
  CUPEL_ASSIGN_OR_RETURN(const std::optional<double> seconds, Seconds(record, "time_limit"));
  CUPEL_ASSIGN_OR_RETURN(const std::optional<double> bytes, PositiveField(record, "memory_limit_bytes"));
  SetLimits(problem, seconds, bytes ? std::optional(*bytes / (1 << 20)) : std::nullopt);
  CUPEL_RETURN_IF_ERROR(ReadFileNames(record, problem));
  problem.text_rules.mode = TextMode::kTokens;
  return problem;
}

absl::StatusOr<Problem> ReadLiveCodeBench(const Json& record) {
  Problem problem;
  SetLimits(problem, 6, std::nullopt);
  CUPEL_ASSIGN_OR_RETURN(problem.id, TextField(record, "question_id", ""));
  problem.text_rules.mode = TextMode::kDecimal;
  if (record.contains("input_output")) {
    CUPEL_ASSIGN_OR_RETURN(const Json tests, NestedField(record, "input_output"));
    CUPEL_RETURN_IF_ERROR(AddInputsOutputs(tests, problem));
    return problem;
  }
  std::string function;
  if (record.contains("metadata") && !record["metadata"].is_null()) {
    CUPEL_ASSIGN_OR_RETURN(const Json metadata, NestedField(record, "metadata"));
    CUPEL_ASSIGN_OR_RETURN(function, TextField(metadata, "func_name", ""));
  }
  CUPEL_RETURN_IF_ERROR(AddLiveTests(record, "public_test_cases", function, problem));
  CUPEL_RETURN_IF_ERROR(AddLiveTests(record, "private_test_cases", function, problem));
  return problem;
}

absl::StatusOr<Problem> ReadVerl(const Json& record) {
  Problem problem;
  problem.extract = ExtractRule::kAfterLastFence;
  Json tests = record;
  for (const char* key : {"reward_model", "ground_truth"}) {
    if (tests.is_object() && tests.contains(key)) {
      CUPEL_ASSIGN_OR_RETURN(Json inner, NestedField(tests, key));
      tests = std::move(inner);
    }
  }
  if (tests.is_object() && tests.contains("assert_case")) {
    CUPEL_ASSIGN_OR_RETURN(const Json* assertions, ArrayField(tests, "assert_case"));
    std::vector<std::string> texts;
    for (size_t i = 0; assertions != nullptr && i < assertions->size(); ++i) {
      if (!(*assertions)[i].is_string()) {
        return InvalidArgument("field \"assert_case\", item {}: expected text, found {}", i, (*assertions)[i].type_name());
      }
      texts.push_back((*assertions)[i].get<std::string>());
    }
    problem.is_isolated = false;
    AddAssertions(texts, "", problem);
    return problem;
  }
  CUPEL_RETURN_IF_ERROR(AddInputsOutputs(tests, problem));
  return problem;
}

absl::StatusOr<Problem> ReadOpenR1(const Json& record) {
  if (record.contains("grader_files")) {
    return ReadIoi(record);
  }
  Problem problem;
  Json info = record;
  if (record.contains("verification_info")) {
    CUPEL_ASSIGN_OR_RETURN(info, NestedField(record, "verification_info"));
  }
  CUPEL_ASSIGN_OR_RETURN(problem.id, TextField(info, "id", ""));
  CUPEL_ASSIGN_OR_RETURN(const std::string language, TextField(info, "language", "python"));
  CUPEL_ASSIGN_OR_RETURN(problem.language, LanguageOf(language));
  size_t index = 0;
  for (const char* key : {"test_cases", "official_tests", "generated_tests"}) {
    CUPEL_ASSIGN_OR_RETURN(const Json* tests, ArrayField(info, key));
    for (size_t i = 0; tests != nullptr && i < tests->size(); ++i) {
      CUPEL_RETURN_IF_ERROR(AddOpenR1Test((*tests)[i], index++, problem));
    }
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string checker, TextField(info, "generated_checker", ""));
  if (!checker.empty()) {
    problem.checker = Checker{sandbox::Language::kPython, checker, true, {}};
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string mode, TextField(info, "input_mode", "stdio"));
  if (mode == "file") {
    problem.input_file = "input.txt";
    problem.output_file = "output.txt";
  }
  CUPEL_ASSIGN_OR_RETURN(const std::optional<double> seconds, PositiveField(info, "time_limit"));
  CUPEL_ASSIGN_OR_RETURN(const std::optional<double> megabytes, PositiveField(info, "memory_limit"));
  SetLimits(problem, seconds, megabytes);
  return problem;
}

}  // namespace cupel::code
