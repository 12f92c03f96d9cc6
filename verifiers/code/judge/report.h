#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verifiers/code/sandbox/sandbox.h"
#include "verifiers/verifier.h"

// What judging a program says.

namespace cupel::code {

enum class Mark : uint8_t {
  kAccepted,      // AC: the judge accepted what the test gave
  kWrong,         // WA: it compared unequal, or is no plain value
  kPresentation,  // PE: equal except for white space or case
  kTime,          // TLE: CPU budget or, as a backstop, the deadline used up
  kMemory,        // MLE
  kOutput,        // OLE: more output than allowed; a cut output never passes
  kRuntime,       // RE: abnormal end, uncaught exception, missing or forged results
  kCompile,       // CE: compile error or compile limits, or no program in the text
  kSystem,        // SE: the judge's own trouble (sandbox, task record, a skipped test): never a score
};
std::string_view MarkName(Mark mark);  // "AC", "WA", ...

struct TestReport {
  std::string id;
  Mark mark = Mark::kSystem;
  int64_t cpu_ms = 0;
  int64_t wall_ms = 0;
  int64_t peak_kb = 0;
  std::string detail;  // one line for a person
  double share = 0;    // of the test's points, from a checker that gives some; unused when accepted
};

struct Report {
  Mark mark = Mark::kSystem;
  double score = 0;  // meaningless when mark is kSystem
  std::vector<TestReport> tests;
  std::string reason;
  bool has_code = true;  // false: CE because the text holds no program
  sandbox::Tier tier = sandbox::Tier::kFull;
};

enum class Scoring : uint8_t {
  kPassFail,     // 1 when every test is accepted
  kPartial,      // the fraction of accepted tests
  kWeightedSum,  // pass + 0.1 x fraction (open-r1)
  kMinimum,      // the smallest share of points over the tests (a subtask of the IOI)
};

// AC is correct, SE is an error, CE without a program is no answer, all else incorrect.
Outcome OutcomeOf(const Report& report);

// How a job ended that did not end well, as a mark and in words; kAccepted when it exited with code 0.
Mark MarkOfEnding(const sandbox::JobResult& result, std::string& detail);

// The report of tests that all ran: the first failure decides, a test that could not be judged (SE) only where no other failed. `num_tests`
// is how many the task has; fewer reports mean that judging stopped at a failure. None at all is SE.
Report Summarise(std::vector<TestReport> tests, size_t num_tests, Scoring scoring);

// SE with a reason.
Report Trouble(std::string reason);

}  // namespace cupel::code
