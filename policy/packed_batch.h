#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "policy/tokenizer.h"

namespace cupel {

// Sequences laid end to end for one training forward: no padding anywhere, and a prompt that several completions share is stored and
// computed once. Dimensions: N packed tokens, S segments, C scored tokens.
//
// A segment is a run of tokens with causal attention inside; a completion segment also sees all of its parent (the prompt segment).
// Example, a prompt "p0 p1" with completions "a0 a1 a2" and "b0": tokens p0 p1 a0 a1 a2 b0; the last token of a completion predicts nothing
// and is left out of the forward, so the packed tokens are p0 p1 | a0 a1 | (b has nothing to feed), and the scored pairs are (p1 -> a0),
// (a0 -> a1), (a1 -> a2), (p1 -> b0).
struct PackedBatch {
  struct Segment {
    int64_t begin;   // first packed token
    int64_t end;     // one past the last
    int64_t parent;  // index of the prompt segment whose tokens come before, -1 for a prompt
  };
  std::vector<TokenId> tokens;     // [N]
  std::vector<int64_t> positions;  // [N], place in the own sequence: a completion continues where its prompt ends
  std::vector<Segment> segments;   // [S], in order, covering [0, N); a parent precedes its children
  // Scored tokens, completion by completion:
  std::vector<int64_t> query_rows;  // [C], packed token whose output predicts the scored token
  std::vector<TokenId> targets;     // [C]
  // Which scored tokens belong to which completion: completion i owns [completion_begin[i], completion_begin[i+1]).
  std::vector<int64_t> completion_begin;  // [completions + 1]

  int64_t num_tokens() const { return static_cast<int64_t>(tokens.size()); }
  int64_t num_scored() const { return static_cast<int64_t>(targets.size()); }
};

// Adds one group (a prompt and its completions, each at least one token) to the batch.
void AppendGroup(std::span<const TokenId> prompt, std::span<const std::vector<TokenId>> completions, PackedBatch& batch);

}  // namespace cupel
