#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/judge/checker.h"
#include "verifiers/code/judge/judge.h"

namespace cupel::code {
namespace {

TestReport ReportOf(const StdioTest& test, const sandbox::JobResult& result) {
  TestReport report;
  report.id = test.id;
  report.cpu_ms = result.cpu_ms;
  report.wall_ms = result.wall_ms;
  report.peak_kb = result.peak_kb;
  report.mark = MarkOfEnding(result, report.detail);
  if (report.mark == Mark::kAccepted && (result.is_output_truncated || result.is_error_truncated)) {
    report.mark = Mark::kOutput;
    report.detail = "more output than allowed";
  }
  return report;
}

void CompareOutput(const Problem& problem, const StdioTest& test, std::string_view output, TestReport& report) {
  switch (CompareText(test.expected, output, problem.text_rules, report.detail)) {
    case Match::kEqual:
      report.mark = Mark::kAccepted;
      return;
    case Match::kPresentation:
      report.mark = Mark::kPresentation;
      return;
    case Match::kDifferent:
      report.mark = Mark::kWrong;
      return;
  }
}

TestReport RunTest(sandbox::Sandbox& sandbox, const Problem& problem, sandbox::Job& job, const StdioTest& test, sandbox::Tier& tier) {
  if (problem.interactor) {
    return RunInteraction(sandbox, problem, job, test);
  }
  const bool uses_files = !problem.input_file.empty() || !problem.output_file.empty();
  sandbox::Job with_files;
  if (uses_files) {
    with_files = job;
    with_files.is_directory_writable = true;
    with_files.output_file = problem.output_file;
    if (!problem.input_file.empty()) {
      with_files.files.push_back({problem.input_file, test.input, false});
    }
  } else {
    job.input = test.input;
  }
  const absl::StatusOr<sandbox::JobResult> result = sandbox.Run(uses_files ? with_files : job);
  if (!result.ok()) {
    return {test.id, Mark::kSystem, 0, 0, 0, std::string(Message(result.status()))};
  }
  tier = result->tier;
  TestReport report = ReportOf(test, *result);
  if (report.mark != Mark::kAccepted) {
    return report;
  }
  if (!problem.output_file.empty() && !result->has_output_file) {
    report.mark = Mark::kWrong;
    report.detail = fmt::format("the program wrote no file {}", problem.output_file);
    return report;
  }
  const std::string& output = problem.output_file.empty() ? result->standard_output : result->output_file;
  if (problem.checker) {
    RunChecker(sandbox, *problem.checker, test, output, report);
  } else {
    CompareOutput(problem, test, output, report);
  }
  return report;
}

}  // namespace

Report JudgeStdio(sandbox::Sandbox& sandbox, const Problem& problem, const std::string& program) {
  std::vector<TestReport> reports;
  sandbox::Job job = ProgramJob(problem, program);
  sandbox::Tier tier = sandbox.tier();
  for (const StdioTest& test : problem.stdio) {
    reports.push_back(RunTest(sandbox, problem, job, test, tier));
    const bool is_accepted = reports.back().mark == Mark::kAccepted;
    const bool is_hopeless = reports.back().mark == Mark::kCompile;
    if (!is_accepted && (problem.scoring == Scoring::kPassFail || is_hopeless)) {
      break;
    }
  }
  Report report = Summarise(std::move(reports), problem.stdio.size(), problem.scoring);
  report.tier = tier;
  return report;
}

}  // namespace cupel::code
