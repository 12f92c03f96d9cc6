#include "verifiers/code/judge/checker.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/judge/compare.h"
#include "verifiers/code/judge/judge.h"

namespace cupel::code {
namespace {

constexpr std::string_view kInput = "input.txt";
constexpr std::string_view kOutput = "output.txt";
constexpr std::string_view kAnswer = "correct_output.txt";

sandbox::Job JudgeJob(sandbox::Language language, const std::string& source, const StdioTest& test,
                      const std::vector<sandbox::JobFile>& more = {}) {
  sandbox::Job job;
  job.language = language;
  job.entry =
      language == sandbox::Language::kPython ? "checker.py" : std::string("checker") + (language == sandbox::Language::kC ? ".c" : ".cpp");
  job.files = {{job.entry, source, false}, {std::string(kInput), test.input, false}, {std::string(kAnswer), test.expected, false}};
  job.files.insert(job.files.end(), more.begin(), more.end());
  return job;
}

std::string FirstLine(std::string_view text) { return std::string(text.substr(0, std::min<size_t>(text.find('\n'), 160))); }

// testlib's exit codes.
void ReadExitCode(const sandbox::JobResult& result, std::string_view who, TestReport& report) {
  const std::string words = FirstLine(result.standard_error);
  if (result.ending != sandbox::Ending::kExited || result.exit_code < 0 || result.exit_code > 2) {
    std::string ending;
    MarkOfEnding(result, ending);
    report.mark = Mark::kSystem;
    report.detail = fmt::format("the {} of the task failed: {}", who, ending.empty() ? words : ending);
    return;
  }
  constexpr Mark kMarks[] = {Mark::kAccepted, Mark::kWrong, Mark::kPresentation};
  report.mark = kMarks[result.exit_code];
  report.detail = result.exit_code == 0 ? "" : fmt::format("the {} says: {}", who, words);
}

// A number on the last line: 1 is accepted, anything less is not.
void ReadScore(const sandbox::JobResult& result, TestReport& report) {
  std::string_view text = result.standard_output;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  text = text.substr(text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1);
  const std::string score = CanonicalDecimal(text == "True" ? "1" : text == "False" ? "0" : text);
  if (result.ending != sandbox::Ending::kExited || result.exit_code != 0 || score.empty()) {
    std::string ending;
    MarkOfEnding(result, ending);
    report.mark = Mark::kSystem;
    report.detail = fmt::format("the checker of the task printed no score: {}", ending.empty() ? FirstLine(text) : ending);
    return;
  }
  report.mark = score == "1e0" ? Mark::kAccepted : Mark::kWrong;
  const double share = std::strtod(score.c_str(), nullptr);
  report.share = share > 0 && share < 1 ? share : 0;
  report.detail = report.mark == Mark::kAccepted ? "" : fmt::format("the checker gives {}", text.substr(0, 40));
}

void AskChecker(sandbox::Sandbox& sandbox, const Checker& checker, const StdioTest& test, std::string_view output, TestReport& report) {
  sandbox::Job job = JudgeJob(checker.language, checker.source, test, checker.files);
  job.files.push_back({std::string(kOutput), std::string(output), false});
  // testlib: input, output, answer; open-r1: input, answer, output.
  job.args = {std::string(kInput), std::string(checker.prints_score ? kAnswer : kOutput),
              std::string(checker.prints_score ? kOutput : kAnswer)};
  const absl::StatusOr<sandbox::JobResult> result = sandbox.Run(job);
  if (!result.ok()) {
    report.mark = Mark::kSystem;
    report.detail = fmt::format("the checker could not be run: {}", Message(result.status()));
  } else if (checker.prints_score) {
    ReadScore(*result, report);
  } else {
    ReadExitCode(*result, "checker", report);
  }
}

}  // namespace

void RunChecker(sandbox::Sandbox& sandbox, const Checker& checker, const StdioTest& test, std::string_view output, TestReport& report) {
  AskChecker(sandbox, checker, test, output, report);
  if (report.mark != Mark::kSystem) {
    return;
  }
  // A checker may fail for what it was given to read. Whose fault that is, the expected output tells: a program must not be able to leave
  // its test undecided by confusing the checker.
  TestReport control;
  AskChecker(sandbox, checker, test, test.expected, control);
  if (control.mark == Mark::kAccepted) {
    report.mark = Mark::kWrong;
    report.detail = fmt::format("{}; on the expected output it does not", report.detail);
  }
}

TestReport RunInteraction(sandbox::Sandbox& sandbox, const Problem& problem, const sandbox::Job& job, const StdioTest& test) {
  sandbox::Job interactor = JudgeJob(problem.interactor->language, problem.interactor->source, test);
  interactor.args = {std::string(kInput), "/tmp/output.txt", std::string(kAnswer)};
  TestReport report;
  report.id = test.id;
  const absl::StatusOr<sandbox::Conversation> conversation = sandbox.RunTogether(interactor, job);
  if (!conversation.ok()) {
    report.detail = fmt::format("the interaction could not be run: {}", Message(conversation.status()));
    return report;
  }
  const sandbox::JobResult& program = conversation->second;
  report.cpu_ms = program.cpu_ms;
  report.wall_ms = program.wall_ms;
  report.peak_kb = program.peak_kb;
  // A program that ended badly is at fault, unless the interactor had already found it wrong and closed the line.
  constexpr int kBrokenPipe = 13;
  if (conversation->first.ending == sandbox::Ending::kSignalled && conversation->first.signal == kBrokenPipe) {
    report.mark = Mark::kWrong;
    report.detail = "the program stopped listening before the interactor had finished";
  } else {
    ReadExitCode(conversation->first, "interactor", report);
  }
  std::string ending;
  const Mark mark = MarkOfEnding(program, ending);
  if (mark != Mark::kAccepted && report.mark != Mark::kWrong && report.mark != Mark::kPresentation) {
    report.mark = mark;
    report.detail = ending;
  }
  return report;
}

}  // namespace cupel::code
