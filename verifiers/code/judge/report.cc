#include "verifiers/code/judge/report.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace cupel::code {
namespace {

// The last line of what a program wrote to standard error, shortened: usually the exception.
std::string LastLine(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  const size_t newline = text.rfind('\n');
  return std::string(text.substr(newline == std::string_view::npos ? 0 : newline + 1).substr(0, 200));
}

std::string WithLastLine(std::string_view what, std::string_view standard_error) {
  const std::string line = LastLine(standard_error);
  return line.empty() ? std::string(what) : fmt::format("{}: {}", what, line);
}

// The first line of a compiler's words that says error.
std::string FirstError(std::string_view text) {
  const size_t at = std::min(text.find("error"), text.size());
  const size_t begin = text.rfind('\n', at) == std::string_view::npos || at == text.size() ? 0 : text.rfind('\n', at) + 1;
  return std::string(text.substr(begin, std::min<size_t>(text.find('\n', begin) - begin, 200)));
}

double SmallestShare(const std::vector<TestReport>& tests) {
  double smallest = 1;
  for (const TestReport& test : tests) {
    smallest = std::min(smallest, test.mark == Mark::kAccepted ? 1 : test.share);
  }
  return smallest;
}

}  // namespace

std::string_view MarkName(Mark mark) {
  constexpr std::string_view kNames[] = {"AC", "WA", "PE", "TLE", "MLE", "OLE", "RE", "CE", "SE"};
  const auto index = static_cast<size_t>(mark);
  Check(index < std::size(kNames), "a Mark holds one of its values");
  return kNames[index];
}

Outcome OutcomeOf(const Report& report) {
  switch (report.mark) {
    case Mark::kAccepted:
      return Outcome::kCorrect;
    case Mark::kSystem:
      return Outcome::kError;
    case Mark::kCompile:
      return report.has_code ? Outcome::kIncorrect : Outcome::kNoAnswer;
    default:
      return Outcome::kIncorrect;
  }
}

Mark MarkOfEnding(const sandbox::JobResult& result, std::string& detail) {
  switch (result.ending) {
    case sandbox::Ending::kExited:
      if (result.exit_code == 0) {
        return Mark::kAccepted;
      }
      detail = WithLastLine(fmt::format("exit code {}", result.exit_code), result.standard_error);
      return Mark::kRuntime;
    case sandbox::Ending::kSignalled:
      detail = WithLastLine(fmt::format("killed by signal {}", result.signal), result.standard_error);
      return Mark::kRuntime;
    case sandbox::Ending::kCpuLimit:
      detail = fmt::format("CPU budget used up after {} ms", result.cpu_ms);
      return Mark::kTime;
    case sandbox::Ending::kWallLimit:
      detail = fmt::format("TLE(wall): the deadline passed after {} ms, {} ms of them computing", result.wall_ms, result.cpu_ms);
      return Mark::kTime;
    case sandbox::Ending::kMemoryLimit:
      detail = fmt::format("memory limit, peak {} KiB", result.peak_kb);
      return Mark::kMemory;
    case sandbox::Ending::kOutputLimit:
      detail = "more output than allowed";
      return Mark::kOutput;
    case sandbox::Ending::kCompileError:
      detail = fmt::format("does not compile: {}", FirstError(result.standard_error));
      return Mark::kCompile;
    case sandbox::Ending::kCompileLimit:
      detail = "the compiler used up its limits";
      return Mark::kCompile;
  }
  detail = "an unknown ending";
  return Mark::kSystem;
}

Report Trouble(std::string reason) {
  Report report;
  report.reason = std::move(reason);
  return report;
}

Report Summarise(std::vector<TestReport> tests, size_t num_tests, Scoring scoring) {
  if (num_tests == 0 || tests.empty()) {
    return Trouble("no tests: the task has none, so nothing can be said about the program");
  }
  Report report;
  report.tests = std::move(tests);
  const auto is_failure = [](const TestReport& test) { return test.mark != Mark::kAccepted && test.mark != Mark::kSystem; };
  auto deciding = std::ranges::find_if(report.tests, is_failure);
  const auto trouble = std::ranges::find(report.tests, Mark::kSystem, &TestReport::mark);
  if (trouble != report.tests.end() && (deciding == report.tests.end() || scoring != Scoring::kPassFail)) {
    deciding = trouble;
  }
  const auto accepted = std::ranges::count(report.tests, Mark::kAccepted, &TestReport::mark);
  Check(deciding != report.tests.end() || report.tests.size() == num_tests, "judging stops early only at a failure");
  report.mark = deciding == report.tests.end() ? Mark::kAccepted : deciding->mark;
  const double pass = report.mark == Mark::kAccepted ? 1 : 0;
  const double fraction = static_cast<double>(accepted) / static_cast<double>(num_tests);
  report.score = scoring == Scoring::kPassFail  ? pass
                 : scoring == Scoring::kPartial ? fraction
                 : scoring == Scoring::kMinimum ? SmallestShare(report.tests)
                                                : pass + 0.1 * fraction;
  report.reason = pass == 1 ? fmt::format("AC: {} tests", num_tests)
                            : fmt::format("{}: test {}: {}", MarkName(report.mark), deciding->id, deciding->detail);
  return report;
}

}  // namespace cupel::code
