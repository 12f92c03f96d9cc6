#pragma once

#include <span>
#include <string>

#include "verifiers/code/judge/problem.h"
#include "verifiers/code/judge/protocol.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::code {

// A job that loads `program` and performs the calls of `tests`. nonces[0] answers for loading, nonces[i + 1] for tests[i]. Unimplemented
// for a language without a driver; InvalidArgument for tests that it cannot express.
absl::StatusOr<sandbox::Job> MakeCallJob(const Problem& problem, const std::string& program, std::span<const CallTest> tests,
                                         std::span<const Nonce> nonces);

}  // namespace cupel::code
