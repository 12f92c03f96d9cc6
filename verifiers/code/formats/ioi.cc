// Subtasks of the International Olympiad in Informatics as open-r1 publishes them: the answer is one C++ file, compiled together with the
// grader of the task; the score of a subtask is the smallest over its tests.

#include <algorithm>

#include "base/status.h"
#include "verifiers/code/formats/record.h"

namespace cupel::code {
namespace {

struct NamedText {
  std::string name;
  std::string text;
};

// [name, text] or {"name", "content"}.
absl::StatusOr<NamedText> ReadGraderFile(const Json& item, size_t index) {
  const Json* name = nullptr;
  const Json* text = nullptr;
  if (item.is_array() && item.size() == 2) {
    name = &item[0];
    text = &item[1];
  } else if (item.is_object() && item.contains("name") && item.contains("content")) {
    name = &item["name"];
    text = &item["content"];
  }
  if (name == nullptr || !name->is_string() || !text->is_string()) {
    return InvalidArgument("field \"grader_files\", item {}: expected [name, text]", index);
  }
  NamedText file{name->get<std::string>(), text->get<std::string>()};
  if (file.name.empty() || file.name.find('/') != std::string::npos) {
    return InvalidArgument("field \"grader_files\", item {}: \"{}\" is no name of a file", index, file.name);
  }
  return file;
}

// [input, output] or {"input", "output"}.
absl::StatusOr<StdioTest> ReadTest(const Json& item, std::string id) {
  StdioTest test{std::move(id), "", ""};
  if (item.is_array() && item.size() == 2 && item[0].is_string() && item[1].is_string()) {
    test.input = item[0].get<std::string>();
    test.expected = item[1].get<std::string>();
    return test;
  }
  if (!item.is_object()) {
    return InvalidArgument("field \"test_cases\", test {}: expected [input, output]", test.id);
  }
  CUPEL_ASSIGN_OR_RETURN(test.input, TextField(item, "input"));
  CUPEL_ASSIGN_OR_RETURN(test.expected, TextField(item, "output"));
  return test;
}

absl::Status AddGraderFiles(const Json& files, Problem& problem) {
  std::vector<sandbox::JobFile> headers;
  for (size_t i = 0; i < files.size(); ++i) {
    CUPEL_ASSIGN_OR_RETURN(NamedText file, ReadGraderFile(files[i], i));
    const bool is_source = file.name.ends_with(".cpp") || file.name.ends_with(".cc") || file.name.ends_with(".c");
    if (file.name.starts_with("manager") && is_source) {
      return InvalidArgument("field \"grader_files\": {} belongs to a task in which several processes talk; those cannot be judged",
                             file.name);
    }
    if (file.name.starts_with("checker") && is_source) {
      problem.checker = Checker{sandbox::Language::kCpp, std::move(file.text), true, {}};
      continue;
    }
    const bool is_header = file.name.ends_with(".h") || file.name.ends_with(".hpp");
    if (is_header) {
      headers.push_back({file.name, file.text, false});
    }
    if ((is_source || is_header) && file.name != problem.program_file) {
      problem.files.push_back({std::move(file.name), std::move(file.text), false});
    }
  }
  if (problem.checker) {
    problem.checker->files = std::move(headers);
  }
  return absl::OkStatus();
}

absl::Status AddTests(const Json& record, Problem& problem) {
  if (!record.contains("test_cases")) {
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const Json cases, NestedField(record, "test_cases"));
  CUPEL_ASSIGN_OR_RETURN(const Json* names, ArrayField(record, "test_names"));
  size_t index = 0;
  for (const auto& [key, item] : cases.items()) {
    const bool is_named = cases.is_array() && names != nullptr && index < names->size() && (*names)[index].is_string();
    CUPEL_ASSIGN_OR_RETURN(StdioTest test, ReadTest(item, is_named ? (*names)[index].get<std::string>() : key));
    problem.stdio.push_back(std::move(test));
    ++index;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Problem> ReadIoi(const Json& record) {
  Problem problem;
  problem.language = sandbox::Language::kCpp;
  problem.scoring = Scoring::kMinimum;
  CUPEL_ASSIGN_OR_RETURN(const std::string name, TextField(record, "id"));
  CUPEL_ASSIGN_OR_RETURN(const std::string subtask, TextField(record, "subtask", ""));
  problem.id = subtask.empty() ? name : name + "/" + subtask;
  problem.program_file = name + ".cpp";
  std::ranges::transform(problem.program_file, problem.program_file.begin(),
                         [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  CUPEL_ASSIGN_OR_RETURN(const Json files, NestedField(record, "grader_files"));
  CUPEL_RETURN_IF_ERROR(AddGraderFiles(files, problem));
  CUPEL_RETURN_IF_ERROR(AddTests(record, problem));
  CUPEL_ASSIGN_OR_RETURN(const std::optional<double> seconds, PositiveField(record, "time_limit"));
  CUPEL_ASSIGN_OR_RETURN(const std::optional<double> bytes, PositiveField(record, "memory_limit"));
  // Published in bytes; small numbers can only be megabytes.
  SetLimits(problem, seconds, bytes && *bytes > 1e5 ? std::optional(*bytes / (1 << 20)) : bytes);
  return problem;
}

}  // namespace cupel::code
