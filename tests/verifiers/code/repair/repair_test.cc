// Proves the generated repair tasks by running them: the whole project passes, the broken one fails what it must, the patch repairs it.
// Needs a sandbox. Alone: build/release/tests/code_repair_test; all of them: "[.soak]"; the tables of bugs anew: "[.prove]".

#include <algorithm>
#include <mutex>
#include <set>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "datasets/dataset.h"
#include "datasets/repair/diff.h"
#include "datasets/repair/tasks.h"
#include "tests/verifiers/code/need_sandbox.h"
#include "verifiers/code/formats/formats.h"
#include "verifiers/code/judge/judge.h"
#include "verifiers/code/judge/swe/prove.h"
#include "verifiers/code/judge/swe/swe_judge.h"

namespace cupel::code {
namespace {

using repair::Bug;
using repair::Mutation;
using repair::Template;

sandbox::Sandbox* Shared() {
  static const std::unique_ptr<sandbox::Sandbox> opened = OpenSandbox();
  return opened.get();
}

// Also called beside the test's own thread, where Catch's assertions may not be used.
Problem ProblemOf(const repair::RepairTask& task) { return ReadTask({task.id, {{"user", "?"}}, "", "code", task.metadata}).value(); }

// The reports of all tests of a Python project, a file at a time: ten times faster than each test by itself, but only good when none of
// them ended the program. Empty when one did.
std::vector<TestReport> FileByFile(const repair::Project& project, const repair::Files& files, const Problem& problem) {
  std::vector<TestReport> reports;
  std::vector<sandbox::JobFile> job_files;
  for (const auto& [path, text] : files) {
    job_files.push_back({path, text, false});
  }
  for (const auto& [path, source] : project.test_files) {
    Problem one = problem;
    one.asserts = AssertTests{};
    one.asserts->source = source;
    one.asserts->is_project = true;
    one.asserts->modules = {project.name};
    const Report report = JudgeAsserts(*Shared(), one, job_files, job_files.front().name);
    for (TestReport test : report.tests) {
      if (test.mark != Mark::kAccepted && test.mark != Mark::kWrong && test.detail.find("Error") == std::string::npos) {
        return {};
      }
      test.id = path + "::" + test.id;
      reports.push_back(std::move(test));
    }
  }
  return reports;
}

// Which tests of the project fail when its files are these.
uint64_t FailingTests(const repair::Project& project, const repair::Files& files) {
  const Bug all{repair::FindMutations(project).front(), (uint64_t{1} << project.tests.size()) - 1};
  Problem problem = ProblemOf(MakeRepairTask(project, all, 0, repair::Hint::kNames, repair::PatchForm::kDiff, 0));
  problem.scoring = Scoring::kPartial;
  problem.limits.cpu_ms = 150;  // right programs take a few milliseconds
  Report report;
  report.tests = project.is_cpp ? std::vector<TestReport>() : FileByFile(project, files, problem);
  if (report.tests.size() != project.tests.size()) {
    report = JudgeProject(*Shared(), problem, *problem.swe, files);
  }
  uint64_t failing = 0;
  for (size_t i = 0; i < project.tests.size(); ++i) {
    const auto test = std::ranges::find(report.tests, project.tests[i].id, &TestReport::id);
    if (test == report.tests.end() || test->mark == Mark::kSystem) {
      throw std::runtime_error(project.name + ", " + project.tests[i].id + ": " +
                               (test == report.tests.end() ? report.reason : test->detail));
    }
    failing |= test->mark == Mark::kAccepted ? 0 : uint64_t{1} << i;
  }
  return failing;
}

// Proves the tasks in parallel; returns what is wrong with each that is not proven.
std::vector<std::string> ProveAll(const std::vector<repair::RepairTask>& tasks) {
  std::vector<std::string> problems;
  std::mutex mutex;
  ThreadPool pool(2, 1024);
  for (const repair::RepairTask& task : tasks) {
    const Problem problem = ProblemOf(task);
    pool.Submit([&, problem] {
      const absl::Status status = ProvePatchTask(*Shared(), problem, task.patch);
      const std::lock_guard lock(mutex);
      if (!status.ok()) {
        problems.push_back(task.id + ": " + std::string(Message(status)));
      }
    });
  }
  pool.Wait();
  return problems;
}

TEST_CASE("every project passes its own tests, under its own names and others", "[repair]") {
  if (Shared() == nullptr) {
    return;
  }
  for (const Template& one : repair::LoadTemplates()) {
    CAPTURE(one.project.name);
    CHECK(FailingTests(one.project, one.project.files) == 0);
    const repair::Project renamed = Renamed(one.project, NumVariants(one.project) - 1);
    CHECK(FailingTests(renamed, renamed.files) == 0);
  }
}

TEST_CASE("tasks drawn from every project are proven", "[repair]") {
  if (Shared() == nullptr) {
    return;
  }
  std::vector<repair::RepairTask> tasks;
  for (const Template& one : repair::LoadTemplates()) {
    CAPTURE(one.project.name);
    REQUIRE(one.bugs.size() >= 20);
    const size_t count = one.project.is_cpp ? 1 : 2;
    for (size_t i = 0; i < count; ++i) {
      const Bug& bug = one.bugs[(7 + 13 * i) % one.bugs.size()];
      const auto form = i % 2 == 0 ? repair::PatchForm::kSearchReplace : repair::PatchForm::kDiff;
      tasks.push_back(
          MakeRepairTask(one.project, bug, NumVariants(one.project) / 2 + static_cast<int64_t>(i), repair::Hint::kTest, form, i));
    }
  }
  for (const std::string& problem : ProveAll(tasks)) {
    FAIL_CHECK(problem);
  }
}

TEST_CASE("a task with another patch, or without a bug, is not proven", "[repair]") {
  if (Shared() == nullptr) {
    return;
  }
  const std::vector<Template> templates = repair::LoadTemplates();
  const Template& one = templates.front();
  const auto hint = repair::Hint::kTest;
  const auto form = repair::PatchForm::kDiff;
  const auto task = MakeRepairTask(one.project, one.bugs[0], 0, hint, form, 0);
  const auto other = MakeRepairTask(one.project, one.bugs[5], 0, hint, form, 0);
  CHECK_FALSE(ProvePatchTask(*Shared(), ProblemOf(task), other.patch).ok());
  // A table that names other tests than those that fail.
  Bug wrong = one.bugs[0];
  wrong.failing ^= 3;
  CHECK_FALSE(ProvePatchTask(*Shared(), ProblemOf(MakeRepairTask(one.project, wrong, 0, hint, form, 0)), task.patch).ok());
}

TEST_CASE("every bug is proven in both forms and a third of the names", "[.soak]") {
  REQUIRE(Shared() != nullptr);
  std::vector<repair::RepairTask> tasks;
  for (const Template& one : repair::LoadTemplates()) {
    int64_t i = 0;
    for (const Bug& bug : one.bugs) {
      const auto form = i % 2 == 0 ? repair::PatchForm::kSearchReplace : repair::PatchForm::kDiff;
      tasks.push_back(MakeRepairTask(one.project, bug, i * 977 % NumVariants(one.project), repair::Hint::kTest, form, 0));
      ++i;
    }
  }
  const std::vector<std::string> problems = ProveAll(tasks);
  for (const std::string& problem : problems) {
    FAIL_CHECK(problem);
  }
  WARN("repair tasks: " << tasks.size() - problems.size() << " proven, " << problems.size() << " not");
}

TEST_CASE("the tables of bugs are what running the tests gives; writes them", "[.prove]") {
  REQUIRE(Shared() != nullptr);
  for (const Template& one : repair::LoadTemplates()) {
    const std::vector<Mutation> mutations = FindMutations(one.project);
    std::vector<uint64_t> failing(mutations.size());
    ThreadPool pool(2, 1024);
    for (size_t i = 0; i < mutations.size(); ++i) {
      pool.Submit([&, i] {
        repair::Files files = one.project.files;
        files.at(mutations[i].path) = Mutated(files.at(mutations[i].path), mutations[i]);
        failing[i] = FailingTests(one.project, files);
      });
    }
    pool.Wait();
    std::string table;
    size_t num_bugs = 0;
    for (size_t i = 0; i < mutations.size(); ++i) {
      const bool is_all = failing[i] == (uint64_t{1} << one.project.tests.size()) - 1;
      num_bugs += failing[i] != 0 && !is_all ? 1 : 0;
      table += repair::ProvenLine(mutations[i], is_all ? 0 : failing[i]);
    }
    const std::string path = CUPEL_SOURCE_DIR "/datasets/repair/projects/" + one.project.name + ".proven.txt";
    const bool is_same = ReadFile(path).value() == table;
    CHECK(WriteFileAtomically(path, table).ok());
    WARN(one.project.name << ": " << mutations.size() << " mutations, " << num_bugs << " bugs, table " << (is_same ? "as before" : "new"));
  }
}

}  // namespace
}  // namespace cupel::code
