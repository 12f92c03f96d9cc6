// Patches to small projects, offline: the members of SWE-bench that matter here (instance_id, FAIL_TO_PASS, PASS_TO_PASS) beside the
// project itself, because there is no network to clone it from.

#include <algorithm>
#include <memory>

#include "base/status.h"
#include "verifiers/code/formats/record.h"
#include "verifiers/code/judge/swe/swe_judge.h"

namespace cupel::code {
namespace {

constexpr size_t kMaxFiles = 200;

// {"path": "text"}
absl::StatusOr<Project> ReadProject(const Json& record, const std::string& key) {
  Project project;
  if (!record.contains(key)) {
    return project;
  }
  const Json& files = record[key];
  if (!files.is_object() || files.size() > kMaxFiles) {
    return InvalidArgument("field \"{}\": expected an object of at most {} files, path to text", key, kMaxFiles);
  }
  for (const auto& [path, text] : files.items()) {
    if (!text.is_string()) {
      return InvalidArgument("field \"{}\": file \"{}\" is {}, expected text", key, path, text.type_name());
    }
    if (path.empty() || path.starts_with('/') || path.find("..") != std::string::npos) {
      return InvalidArgument("field \"{}\": \"{}\" is no path inside the project", key, path);
    }
    project[path] = text.get<std::string>();
  }
  return project;
}

// A list of ids, or JSON text that holds one, as SWE-bench has it.
absl::StatusOr<std::vector<std::string>> ReadIds(const Json& record, std::string_view key) {
  std::vector<std::string> ids;
  if (!record.contains(std::string(key))) {
    return ids;
  }
  CUPEL_ASSIGN_OR_RETURN(const Json list, NestedField(record, key));
  for (const Json& id : list) {
    if (!id.is_string()) {
      return InvalidArgument("field \"{}\": expected a list of test ids", key);
    }
    ids.push_back(id.get<std::string>());
  }
  return ids;
}

absl::Status ReadRuns(const Json& record, Problem& problem) {
  CUPEL_ASSIGN_OR_RETURN(const Json* runs, ArrayField(record, "runs"));
  for (size_t i = 0; runs != nullptr && i < runs->size(); ++i) {
    const Json& run = (*runs)[i];
    if (!run.is_object()) {
      return InvalidArgument("field \"runs\", item {}: expected an object with \"id\", \"input\" and \"output\"", i);
    }
    CUPEL_ASSIGN_OR_RETURN(const std::string id, TextField(run, "id"));
    CUPEL_ASSIGN_OR_RETURN(const std::string input, TextField(run, "input", ""));
    CUPEL_ASSIGN_OR_RETURN(const std::string output, TextField(run, "output"));
    problem.stdio.push_back({id, input, output});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Problem> ReadSwe(const Json& record) {
  Problem problem;
  problem.extract = ExtractRule::kLastPatch;
  problem.accepts_bare = true;
  CUPEL_ASSIGN_OR_RETURN(problem.id, TextField(record, "instance_id", ""));
  CUPEL_ASSIGN_OR_RETURN(const std::string language, TextField(record, "language", "python"));
  CUPEL_ASSIGN_OR_RETURN(problem.language, LanguageOf(language));
  if (problem.language == sandbox::Language::kJavaScript) {
    return InvalidArgument("projects in JavaScript cannot be judged; languages are python, c, cpp");
  }
  SweTask task;
  CUPEL_ASSIGN_OR_RETURN(task.project, ReadProject(record, "files"));
  CUPEL_ASSIGN_OR_RETURN(task.tests, ReadProject(record, "tests"));
  CUPEL_ASSIGN_OR_RETURN(task.fail_to_pass, ReadIds(record, "FAIL_TO_PASS"));
  CUPEL_ASSIGN_OR_RETURN(task.pass_to_pass, ReadIds(record, "PASS_TO_PASS"));
  CUPEL_RETURN_IF_ERROR(ReadRuns(record, problem));
  if (task.project.empty()) {
    return InvalidArgument("field \"files\": the project has no files");
  }
  CUPEL_RETURN_IF_ERROR(CheckSweTask(problem, task));
  problem.swe = std::make_shared<const SweTask>(std::move(task));
  return problem;
}

}  // namespace cupel::code
