#include "verifiers/code/judge/judge.h"

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/judge/swe/swe_judge.h"

namespace cupel::code {

std::string_view ProgramFileName(sandbox::Language language) {
  switch (language) {
    case sandbox::Language::kPython:
      return "solution.py";
    case sandbox::Language::kC:
      return "solution.c";
    case sandbox::Language::kCpp:
      return "solution.cpp";
    case sandbox::Language::kJavaScript:
      return "solution.js";
    case sandbox::Language::kNative:
      break;
  }
  return "solution";
}

sandbox::Job ProgramJob(const Problem& problem, const std::string& program) {
  sandbox::Job job;
  job.language = problem.language;
  job.limits = problem.limits;
  job.files = problem.files;
  if (problem.language == sandbox::Language::kNative) {
    // A program that is built already; its directory has a path of its own in every tier.
    job.entry = "/bin/sh";
    job.args = {"-c", "exec ./program"};
    job.files.push_back({"program", program, true});
    return job;
  }
  job.entry = problem.program_file.empty() ? ProgramFileName(problem.language) : problem.program_file;
  job.files.push_back({job.entry, program, false});
  return job;
}

Report JudgeProgram(sandbox::Sandbox& sandbox, const Problem& problem, std::string_view code) {
  if (problem.swe != nullptr) {
    return JudgePatch(sandbox, problem, *problem.swe, code);
  }
  const std::string program = fmt::format("{}{}{}", problem.before, code, problem.after);
  if (program.find('\0') != std::string::npos) {
    Report report;
    report.mark = Mark::kCompile;
    report.reason = "CE: the program holds a NUL byte";
    return report;
  }
  if (problem.asserts) {
    const sandbox::Job job = ProgramJob(problem, program);
    return JudgeAsserts(sandbox, problem, job.files, job.entry);
  }
  if (!problem.reference.empty()) {
    Problem filled = problem;
    if (const absl::Status status = FillExpected(sandbox, filled); !status.ok()) {
      return Trouble(std::string(Message(status)));
    }
    return JudgeCalls(sandbox, filled, program);
  }
  return problem.calls.empty() ? JudgeStdio(sandbox, problem, program) : JudgeCalls(sandbox, problem, program);
}

}  // namespace cupel::code
