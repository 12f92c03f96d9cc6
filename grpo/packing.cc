#include "grpo/packing.h"

#include "base/check.h"

namespace cupel {
namespace {

// Packed tokens that a completion adds: its last token predicts nothing.
int64_t PackedLength(const SequenceRef& sequence) { return static_cast<int64_t>(sequence.rollout->completion.tokens.size()) - 1; }

int64_t PromptLength(const SequenceRef& sequence) { return static_cast<int64_t>(sequence.group->prompt.size()); }

Microbatch Lay(std::span<const SequenceRef> sequences, size_t begin, size_t end) {
  Microbatch microbatch{{}, begin, end};
  for (size_t first = begin; first < end;) {
    const RolloutGroup* group = sequences[first].group;
    std::vector<std::vector<TokenId>> completions;
    size_t last = first;
    for (; last < end && sequences[last].group == group; ++last) {
      completions.push_back(sequences[last].rollout->completion.tokens);
    }
    AppendGroup(group->prompt, completions, microbatch.batch);
    first = last;
  }
  return microbatch;
}

}  // namespace

std::vector<Microbatch> Pack(std::span<const SequenceRef> sequences, int64_t microbatch_tokens) {
  std::vector<Microbatch> microbatches;
  size_t begin = 0;
  int64_t tokens = 0;
  for (size_t i = 0; i < sequences.size(); ++i) {
    Check(!sequences[i].rollout->completion.tokens.empty(), "an empty completion has nothing to train on");
    const bool continues_group = i > begin && sequences[i].group == sequences[i - 1].group;
    const int64_t added = PackedLength(sequences[i]) + (continues_group ? 0 : PromptLength(sequences[i]));
    if (i > begin && tokens + added > microbatch_tokens) {
      microbatches.push_back(Lay(sequences, begin, i));
      begin = i;
      tokens = PackedLength(sequences[i]) + PromptLength(sequences[i]);
    } else {
      tokens += added;
    }
  }
  if (begin < sequences.size()) {
    microbatches.push_back(Lay(sequences, begin, sequences.size()));
  }
  return microbatches;
}

}  // namespace cupel
