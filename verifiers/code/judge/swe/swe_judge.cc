#include "verifiers/code/judge/swe/swe_judge.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/judge/judge.h"
#include "verifiers/code/judge/swe/build.h"

namespace cupel::code {
namespace {

bool IsCompiled(const Problem& problem) { return problem.language == sandbox::Language::kC || problem.language == sandbox::Language::kCpp; }

std::string_view FileOf(std::string_view test_id) { return test_id.substr(0, test_id.find("::")); }
std::string_view NameOf(std::string_view test_id) {
  const size_t at = test_id.find("::");
  return at == std::string_view::npos ? "" : test_id.substr(at + 2);
}

std::vector<sandbox::JobFile> FilesOf(const Project& project) {
  std::vector<sandbox::JobFile> files;
  for (const auto& [path, text] : project) {
    files.push_back({path, text, false});
  }
  return files;
}

bool IsSource(std::string_view path) { return path.ends_with(".cc") || path.ends_with(".cpp") || path.ends_with(".c"); }

// The names by which the files at the top of a Python project are imported.
std::vector<std::string> ModulesOf(const Project& project) {
  std::vector<std::string> modules;
  for (const auto& [path, text] : project) {
    std::string name = path.substr(0, path.find('/'));
    if (name == path && name.ends_with(".py")) {
      name.resize(name.size() - 3);
    }
    modules.push_back(std::move(name));
  }
  return modules;
}

TestReport WithId(Report report, const std::string& id) {
  TestReport test = report.tests.empty() ? TestReport() : std::move(report.tests.front());
  test.detail = report.tests.empty() ? report.reason : test.detail;
  test.mark = report.mark;
  test.id = id;
  return test;
}

// One test id of a Python project in a pair of sandboxes of its own.
TestReport RunPythonTest(sandbox::Sandbox& sandbox, const Problem& problem, const SweTask& task, const Project& project,
                         const std::string& id) {
  Problem one = problem;
  one.calls.clear();
  one.stdio.clear();
  one.asserts = AssertTests{};
  one.asserts->source = task.tests.at(std::string(FileOf(id)));
  one.asserts->wanted = {std::string(NameOf(id))};
  one.asserts->is_project = true;
  one.asserts->modules = ModulesOf(task.project);
  const std::string entry = project.empty() ? "" : project.begin()->first;
  Report report = JudgeAsserts(sandbox, one, FilesOf(project), entry);
  if (report.tests.empty() && report.reason.starts_with("no tests")) {
    return {id, Mark::kSystem, 0, 0, 0, fmt::format("the test file {} has no test {}", FileOf(id), NameOf(id))};
  }
  TestReport test = WithId(std::move(report), id);
  if (test.detail.starts_with(kSkipped)) {
    // Skipped counts as kept, but not as repaired.
    const bool was_passing = std::ranges::find(task.pass_to_pass, id) != task.pass_to_pass.end();
    test.mark = was_passing ? Mark::kAccepted : Mark::kWrong;
  }
  return test;
}

// One run of a compiled project, whose executable is `built` where the project has a build of its own; else it comes from the sandbox's
// cache after the first.
TestReport RunCompiledTest(sandbox::Sandbox& sandbox, const Problem& problem, const Project& project, const BuiltProgram& built,
                           const std::string& id) {
  if (built.mark != Mark::kAccepted) {
    return {id, built.mark, 0, 0, 0, built.detail};
  }
  Problem one = problem;
  one.stdio = {*std::ranges::find(problem.stdio, id, &StdioTest::id)};
  if (!built.program.empty()) {
    one.language = sandbox::Language::kNative;
    return WithId(JudgeStdio(sandbox, one, built.program), id);
  }
  const auto entry = std::ranges::find_if(project, [](const auto& file) { return IsSource(file.first); });
  if (entry == project.end()) {
    return {id, Mark::kCompile, 0, 0, 0, "the project has no source left"};
  }
  one.files = FilesOf(project);
  std::erase_if(one.files, [&](const sandbox::JobFile& file) { return file.name == entry->first; });
  one.program_file = entry->first;
  return WithId(JudgeStdio(sandbox, one, entry->second), id);
}

Report RefusedPatch(std::string_view why) {
  Report report;
  report.mark = Mark::kCompile;
  report.reason = fmt::format("CE: the patch does not apply: {}", why);
  return report;
}

}  // namespace

absl::Status CheckSweTask(const Problem& problem, const SweTask& task) {
  if (task.fail_to_pass.empty()) {
    return InvalidArgument("no tests: FAIL_TO_PASS is empty, so no patch can be told from none");
  }
  for (const auto* ids : {&task.fail_to_pass, &task.pass_to_pass}) {
    for (const std::string& id : *ids) {
      if (IsCompiled(problem) ? std::ranges::find(problem.stdio, id, &StdioTest::id) == problem.stdio.end()
                              : NameOf(id).empty() || !task.tests.contains(std::string(FileOf(id)))) {
        return InvalidArgument("test \"{}\" is in none of the test files{}", id, IsCompiled(problem) ? "" : "; an id is FILE::test");
      }
    }
  }
  return absl::OkStatus();
}

Report JudgeProject(sandbox::Sandbox& sandbox, const Problem& problem, const SweTask& task, const Project& project) {
  Project tree = project;
  if (!IsCompiled(problem)) {
    // The test files stay outside; what the project may import of them (helpers) is laid over it.
    for (const auto& [path, text] : task.tests) {
      tree.erase(path);
    }
  }
  BuiltProgram built;
  if (IsCompiled(problem) && HasOwnBuild(tree)) {
    absl::StatusOr<BuiltProgram> made = BuildProject(sandbox, tree);
    if (!made.ok()) {
      return Trouble(std::string(Message(made.status())));
    }
    built = *std::move(made);
  }
  std::vector<TestReport> reports;
  const size_t num_tests = task.fail_to_pass.size() + task.pass_to_pass.size();
  for (const auto* ids : {&task.fail_to_pass, &task.pass_to_pass}) {
    for (const std::string& id : *ids) {
      reports.push_back(IsCompiled(problem) ? RunCompiledTest(sandbox, problem, tree, built, id)
                                            : RunPythonTest(sandbox, problem, task, tree, id));
      if (problem.scoring == Scoring::kPassFail && reports.back().mark != Mark::kAccepted) {
        return Summarise(std::move(reports), num_tests, problem.scoring);
      }
    }
  }
  return Summarise(std::move(reports), num_tests, problem.scoring);
}

Report JudgePatch(sandbox::Sandbox& sandbox, const Problem& problem, const SweTask& task, std::string_view patch) {
  const absl::StatusOr<Project> patched = ApplyPatch(task.project, patch);
  return patched.ok() ? JudgeProject(sandbox, problem, task, *patched) : RefusedPatch(Message(patched.status()));
}

}  // namespace cupel::code
