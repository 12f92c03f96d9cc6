#pragma once

#include <string>
#include <string_view>

#include "verifiers/code/judge/problem.h"
#include "verifiers/code/judge/report.h"
#include "verifiers/code/sandbox/sandbox.h"

// Judges a program. The expected outputs stay in this process (or, for tests that are programs themselves, in a sandbox where the judged
// program is not); how a program exits never makes it pass. Thread-safe; blocks until the sandbox has run what is needed.

namespace cupel::code {

// `code` is the program as extracted, without the texts that the problem puts around it.
Report JudgeProgram(sandbox::Sandbox& sandbox, const Problem& problem, std::string_view code);

// The parts of it.
Report JudgeCalls(sandbox::Sandbox& sandbox, const Problem& problem, const std::string& program);
Report JudgeStdio(sandbox::Sandbox& sandbox, const Problem& problem, const std::string& program);
// `project`: the files of the program with /job as their root; `entry` is unused when the tests import modules by name.
Report JudgeAsserts(sandbox::Sandbox& sandbox, const Problem& problem, std::vector<sandbox::JobFile> project, const std::string& entry);

// How the detail of a test begins that its own author skips; its mark is SE.
inline constexpr std::string_view kSkipped = "skipped: ";

// Runs problem.reference on the calls and makes what it returns their expected values.
absl::Status FillExpected(sandbox::Sandbox& sandbox, Problem& problem);

// The job that runs `program` of a problem: its files, entry and limits.
sandbox::Job ProgramJob(const Problem& problem, const std::string& program);
// The name a program's file has in a language ("solution.py").
std::string_view ProgramFileName(sandbox::Language language);

}  // namespace cupel::code
