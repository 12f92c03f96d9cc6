#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "policy/packed_batch.h"
#include "rollout/rollout.h"

namespace cupel {

// A completion with its prompt. Borrowed.
struct SequenceRef {
  const RolloutGroup* group;
  const Rollout* rollout;
};

// One forward pass: sequences end to end, those of the same group behind one copy of their prompt.
struct Microbatch {
  PackedBatch batch;
  size_t begin;  // it holds the sequences [begin, end) of what was packed, in order
  size_t end;
};

// Cuts sequences into microbatches of at most `microbatch_tokens` packed tokens, in order; only a single completion that is longer than
// that makes a bigger one. Sequences of a group stand together. A group that does not fit is continued in the next microbatch with its
// prompt repeated. Completions are not empty.
std::vector<Microbatch> Pack(std::span<const SequenceRef> sequences, int64_t microbatch_tokens);

}  // namespace cupel
