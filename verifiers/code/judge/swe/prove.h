#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "verifiers/code/judge/problem.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::code {

// Shows that a patch task (Problem::swe) is one: before the patch every test of FAIL_TO_PASS fails and every one of PASS_TO_PASS passes;
// after it all pass; and a patch that only adds an empty line is refused. The error says which test did otherwise.
absl::Status ProvePatchTask(sandbox::Sandbox& sandbox, const Problem& problem, std::string_view patch);

}  // namespace cupel::code
