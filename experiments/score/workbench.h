#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "experiments/score/answers.h"
#include "experiments/score/scorer.h"

namespace cupel {

struct WorkbenchSettings {
  int threads = 1;
  double threshold = 0.5;              // an answer counts as accepted from this reward on
  int64_t attack_tasks = 200;          // 0: no attacks
  double max_share = 0.3;              // of an honest answer's worth, that a degenerate policy may earn
  int64_t sensitivity_groups = 100;    // 0: none
  int64_t determinism_answers = 4000;  // 0: none
};

// Everything that `cupel score` says of a reward, as one JSON object: docs/rewards.md, "The report". `others` are compared with the first
// reward on the same answers. Does not depend on the number of threads but for the section "speed".
Json RunWorkbench(const AnswerSet& answers, const Scorer& scorer, const std::vector<const Scorer*>& others,
                  const WorkbenchSettings& settings);

// Whether the report says that the reward must not be used as it is: a policy that earns too much, errors, different scores the second
// time.
bool HasFailed(const Json& report);

// The report for a terminal.
std::string WorkbenchText(const Json& report);

// The report as one HTML file that needs no other and no network.
std::string WorkbenchPage(const Json& report);

}  // namespace cupel
