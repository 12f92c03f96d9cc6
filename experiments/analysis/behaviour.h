#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "rollout/rollout_store.h"

namespace cupel {

// What answers look like, by rules that can be read here. Behaviour, not skill: a model that writes "wait" need not reason better
// (DeepSeek-R1 as published in Nature counts such words; Liu et al., arXiv 2503.20783, find no link with accuracy).
//
//   reflective    words of R1's list: wait, mistake, however, but, retry, error, verify, wrong, evaluate, check
//   recheck       recheck, check, verify, "let me see", "double-check"
//   correction    wait, "no,", "that is wrong", mistake, actually
//   subgoal       first, second, next, then, finally, step
//   repeated      share of n-grams of four words that say the same again
//   foreign       share of words in another script than Latin
//
// Words are runs of ASCII letters in any case; phrases are found as they stand, in small letters.
struct BehaviourCounts {
  int64_t reflective = 0;
  int64_t recheck = 0;
  int64_t correction = 0;
  int64_t subgoal = 0;
  double repeated = 0;
  double foreign = 0;
};
BehaviourCounts CountBehaviour(std::string_view text);

// Per step of a run, means over its completions: {"steps": [1, ...], "curves": {"reflective": [], "recheck": [], "correction": [],
// "subgoal":
// [], "repeated": [], "foreign": [], "length_right": [], "length_wrong": [], "reflecting_share": []}}; lengths in tokens, null where a step
// has none of the kind; reflecting_share: completions with at least one reflective word.
absl::StatusOr<Json> BehaviourCurves(const RolloutStore& store);

}  // namespace cupel
