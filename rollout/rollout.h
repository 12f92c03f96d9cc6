#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/task.h"
#include "policy/generation.h"
#include "rewards/reward.h"
#include "verifiers/verifier.h"

namespace cupel {

// A scored completion.
struct Rollout {
  Completion completion;
  std::string text;  // decoded without control tokens
  Verdict verdict;
  int verifier_version = 0;       // Verifier::version() of the verifier that gave the verdict
  std::vector<RewardTerm> terms;  // one per reward component
  double reward = 0;              // weighted sum; 0 and meaningless when the verdict is not scored
  double advantage = 0;           // filled by the trainer before the group is stored

  // How long it took, for people; negative when nobody measured. No result depends on them.
  double sample_seconds = -1;  // from the start of the collection until the last token was drawn
  double verify_seconds = -1;  // decoding and verifying
};

// A task and its G sampled completions: the unit that GRPO compares within. Key in the log: (step, group_idx).
struct RolloutGroup {
  int64_t step = 0;
  int64_t group_idx = 0;  // 0 .. B-1
  Task task;
  std::vector<TokenId> prompt;    // [P]
  std::vector<Rollout> rollouts;  // [G], by sample index
};

}  // namespace cupel
