#pragma once

#include <map>
#include <string>

namespace cupel::testing {

// What a finished run produced, as digests of its parts, so that a difference says where it lies: every rollout (task, prompt, token ids,
// bits of log-probabilities, text, verdict, bits of reward and advantage), the metrics without timings, the evaluations, and the files of
// the last checkpoint.
std::map<std::string, std::string> DigestRun(const std::string& run_directory);

}  // namespace cupel::testing
