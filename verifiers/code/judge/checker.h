#pragma once

#include <string_view>

#include "verifiers/code/judge/problem.h"
#include "verifiers/code/judge/report.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::code {

// Has the task's checker look at an output, in a sandbox of its own, and puts its word into `report`. A checker that fails is SE.
void RunChecker(sandbox::Sandbox& sandbox, const Checker& checker, const StdioTest& test, std::string_view output, TestReport& report);

// Lets the program of `job` talk to the task's interactor.
TestReport RunInteraction(sandbox::Sandbox& sandbox, const Problem& problem, const sandbox::Job& job, const StdioTest& test);

}  // namespace cupel::code
