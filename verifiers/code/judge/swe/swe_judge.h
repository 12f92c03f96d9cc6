#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifiers/code/judge/problem.h"
#include "verifiers/code/judge/report.h"
#include "verifiers/code/judge/swe/patch.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::code {

// A patch to a small project, judged by tests that must begin to pass and tests that must go on passing.
//
// Python: test ids are FILE::test or FILE::Class::test; each runs in two sandboxes, the test file in one and the patched project in the
// other, which is asked for every value (AssertTests). C and C++: the project is built once, by its own build.ninja or CMakeLists.txt
// (build.h) or else from all its .c, .cc and .cpp files, and each test is a process of its own, with an input and an expected output
// (Problem::stdio). Tests that are compiled together with the project are not offered: code under test that shares a process with its tests
// can report for them.
struct SweTask {
  Project project;  // before the patch
  Project tests;    // pristine: laid over the patched project
  std::vector<std::string> fail_to_pass;
  std::vector<std::string> pass_to_pass;
};

// Whether the task is one that can be judged: every id names a test that exists.
absl::Status CheckSweTask(const Problem& problem, const SweTask& task);

Report JudgePatch(sandbox::Sandbox& sandbox, const Problem& problem, const SweTask& task, std::string_view patch);

// The project as it is, without a patch: for showing that a task fails before and passes after.
Report JudgeProject(sandbox::Sandbox& sandbox, const Problem& problem, const SweTask& task, const Project& project);

}  // namespace cupel::code
