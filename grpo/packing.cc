#include "grpo/packing.h"

#include <utility>

#include "base/check.h"
#include "grpo/objective/token_weight.h"

namespace cupel {
namespace {

struct UpdateCounts {
  int64_t tokens = 0;  // of all completions with a verdict
  int64_t completions = 0;
};

UpdateCounts Count(std::span<const RolloutGroup> groups) {
  UpdateCounts counts;
  for (const RolloutGroup& group : groups) {
    for (const Rollout& rollout : group.rollouts) {
      if (rollout.verdict.is_scored()) {
        counts.tokens += static_cast<int64_t>(rollout.completion.tokens.size());
        ++counts.completions;
      }
    }
  }
  return counts;
}

bool HasGradient(const Rollout& rollout) {
  return rollout.verdict.is_scored() && rollout.advantage != 0 && !rollout.completion.tokens.empty();
}

// Packed tokens that a completion adds: its last token predicts nothing.
int64_t PackedLength(const Rollout& rollout) { return static_cast<int64_t>(rollout.completion.tokens.size()) - 1; }

void Append(const RolloutGroup& group, std::span<const Rollout* const> rollouts, std::string_view aggregation, const UpdateCounts& counts,
            Microbatch& microbatch) {
  std::vector<std::vector<TokenId>> completions;
  for (const Rollout* rollout : rollouts) {
    const Completion& completion = rollout->completion;
    Check(completion.logprobs.size() == completion.tokens.size(), "one log-probability per sampled token");
    completions.push_back(completion.tokens);
    const auto length = static_cast<int64_t>(completion.tokens.size());
    const double weight = TokenWeight(aggregation, length, counts.tokens, counts.completions);
    microbatch.old_logprobs.insert(microbatch.old_logprobs.end(), completion.logprobs.begin(), completion.logprobs.end());
    microbatch.advantages.insert(microbatch.advantages.end(), completion.tokens.size(), static_cast<float>(rollout->advantage));
    microbatch.weights.insert(microbatch.weights.end(), completion.tokens.size(), static_cast<float>(weight));
  }
  AppendGroup(group.prompt, completions, microbatch.batch);
}

}  // namespace

std::vector<Microbatch> PackUpdate(std::span<const RolloutGroup> groups, std::string_view aggregation, int64_t microbatch_tokens) {
  const UpdateCounts counts = Count(groups);
  std::vector<Microbatch> microbatches;
  Microbatch current;
  for (const RolloutGroup& group : groups) {
    const auto prompt_length = static_cast<int64_t>(group.prompt.size());
    std::vector<const Rollout*> pending;  // of this group, to go into `current`
    int64_t tokens = current.batch.num_tokens() + prompt_length;
    for (const Rollout& rollout : group.rollouts) {
      if (!HasGradient(rollout)) {
        continue;
      }
      const bool is_first = pending.empty() && current.batch.num_tokens() == 0;
      if (!is_first && tokens + PackedLength(rollout) > microbatch_tokens) {
        if (!pending.empty()) {
          Append(group, pending, aggregation, counts, current);
          pending.clear();
        }
        microbatches.push_back(std::exchange(current, Microbatch{}));
        tokens = prompt_length;
      }
      pending.push_back(&rollout);
      tokens += PackedLength(rollout);
    }
    if (!pending.empty()) {
      Append(group, pending, aggregation, counts, current);
    }
  }
  if (current.batch.num_scored() > 0) {
    microbatches.push_back(std::move(current));
  }
  return microbatches;
}

}  // namespace cupel
