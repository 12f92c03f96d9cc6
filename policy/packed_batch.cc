#include "policy/packed_batch.h"

#include "base/check.h"

namespace cupel {
namespace {

// Appends a segment of `tokens` whose first one stands at `position`; returns its index.
int64_t AppendSegment(std::span<const TokenId> tokens, int64_t position, int64_t parent, PackedBatch& batch) {
  const int64_t begin = batch.num_tokens();
  for (const TokenId token : tokens) {
    batch.tokens.push_back(token);
    batch.positions.push_back(position++);
  }
  batch.segments.push_back({begin, batch.num_tokens(), parent});
  return static_cast<int64_t>(batch.segments.size()) - 1;
}

void AppendCompletion(std::span<const TokenId> completion, int64_t prompt_segment, PackedBatch& batch) {
  Check(!completion.empty(), "a completion has at least one token");
  const PackedBatch::Segment prompt = batch.segments[static_cast<size_t>(prompt_segment)];
  batch.query_rows.push_back(prompt.end - 1);
  const std::span<const TokenId> fed = completion.first(completion.size() - 1);
  for (size_t i = 0; i < fed.size(); ++i) {
    batch.query_rows.push_back(batch.num_tokens() + static_cast<int64_t>(i));
  }
  if (!fed.empty()) {
    AppendSegment(fed, prompt.end - prompt.begin, prompt_segment, batch);
  }
  batch.targets.insert(batch.targets.end(), completion.begin(), completion.end());
  batch.completion_begin.push_back(batch.num_scored());
}

}  // namespace

void AppendGroup(std::span<const TokenId> prompt, std::span<const std::vector<TokenId>> completions, PackedBatch& batch) {
  Check(!prompt.empty(), "a prompt has at least one token");
  if (batch.completion_begin.empty()) {
    batch.completion_begin.push_back(0);
  }
  const int64_t prompt_segment = AppendSegment(prompt, 0, -1, batch);
  for (const std::vector<TokenId>& completion : completions) {
    AppendCompletion(completion, prompt_segment, batch);
  }
}

}  // namespace cupel
