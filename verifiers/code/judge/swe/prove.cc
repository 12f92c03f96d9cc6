#include "verifiers/code/judge/swe/prove.h"

#include <algorithm>

#include "base/status.h"
#include "datasets/repair/diff.h"
#include "verifiers/code/judge/swe/swe_judge.h"

namespace cupel::code {
namespace {

absl::Status ExpectMarks(const Report& report, const std::vector<std::string>& ids, bool passes, std::string_view when) {
  for (const std::string& id : ids) {
    const auto test = std::ranges::find(report.tests, id, &TestReport::id);
    if (test == report.tests.end() || test->mark == Mark::kSystem) {
      return FailedPrecondition("{} test \"{}\" cannot be judged: {}", when, id, test == report.tests.end() ? report.reason : test->detail);
    }
    if ((test->mark == Mark::kAccepted) != passes) {
      return FailedPrecondition("{} test \"{}\" {}: {} {}", when, id, passes ? "fails" : "passes", MarkName(test->mark), test->detail);
    }
  }
  return absl::OkStatus();
}

// A patch that changes nothing that matters.
std::string IdlePatch(const Project& project) {
  Project other = project;
  const auto file = std::ranges::find_if(other, [](const auto& one) { return ForbiddenPath(one.first).empty() && !one.second.empty(); });
  if (file != other.end()) {
    file->second += "\n";
  }
  return repair::UnifiedDiff(project, other);
}

}  // namespace

absl::Status ProvePatchTask(sandbox::Sandbox& sandbox, const Problem& problem, std::string_view patch) {
  if (problem.swe == nullptr) {
    return InvalidArgument("the task is none of format swe");
  }
  const SweTask& task = *problem.swe;
  Problem all = problem;
  all.scoring = Scoring::kPartial;  // runs every test
  const Report before = JudgeProject(sandbox, all, task, task.project);
  CUPEL_RETURN_IF_ERROR(ExpectMarks(before, task.fail_to_pass, false, "before the patch"));
  CUPEL_RETURN_IF_ERROR(ExpectMarks(before, task.pass_to_pass, true, "before the patch"));
  const Report after = JudgePatch(sandbox, all, task, patch);
  if (after.mark != Mark::kAccepted) {
    return FailedPrecondition("after the patch: {}", after.reason);
  }
  CUPEL_RETURN_IF_ERROR(ExpectMarks(after, task.fail_to_pass, true, "after the patch"));
  CUPEL_RETURN_IF_ERROR(ExpectMarks(after, task.pass_to_pass, true, "after the patch"));
  const Report idle = JudgePatch(sandbox, problem, task, IdlePatch(task.project));
  if (OutcomeOf(idle) != Outcome::kIncorrect || idle.mark == Mark::kCompile) {
    return FailedPrecondition("a patch that changes nothing gives {}: {}", MarkName(idle.mark), idle.reason);
  }
  return absl::OkStatus();
}

}  // namespace cupel::code
