#pragma once

#include <cstdint>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "rollout/rollout_store.h"

namespace cupel {

// The groups that a report shows in full, in order of step and group, within a budget of completion tokens: of the first and the last step,
// then of steps that halve the gaps between those shown, each time the group whose rewards differ most, the best and the worst.
//
//   [{step, group, task, messages: [{role, content}], answer, why: ["first", "last", "divided", "best", "worst"],
//     rollouts: [{sample, outcome, extracted, span: [begin, end], reason, rule, reward, advantage, terms: [[name, value, weight]], n,
//     finish,
//                 text, tokens: [], logprobs: []}]}]
//
// `tokens` are pieces of text that together are the completion, control tokens included; a character that is spread over several tokens is
// one piece, whose log-probability is their sum. Both are empty when the log has no vocabulary (schema 1), and with `text` when it was
// pruned.
absl::StatusOr<Json> SampleGroupsToShow(const RolloutStore& store, const std::vector<int64_t>& steps, int64_t max_tokens);

}  // namespace cupel
