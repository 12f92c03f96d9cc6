#pragma once

#include <string>

#include "base/json.h"
#include "verifiers/code/judge/report.h"
#include "verifiers/verifier.h"

// The lines of `cupel verify --verifier code` (docs/code-verifier.md).

namespace cupel {

// A line {"format", "metadata", "completion", optionally "options"} as a task and the text to judge, which may be missing unless
// `wants_completion`. Returns what is wrong with the line, or nothing.
std::string ReadCodeLine(const Json& line, const std::string& where, bool wants_completion, Task& task, std::string& completion);

// {"id", "outcome", "score", "reason", "verdict", "tests": [{"id", "verdict", "cpu_ms", "wall_ms", "peak_kb", "detail"}], "tier"}; the
// score is null where there is none.
Json CodeResult(const Json& id, const Verdict& verdict, const code::Report& report);

}  // namespace cupel
