#include "policy/packed_batch.h"

#include "base/check.h"

namespace cupel {
namespace {

// Lays `tokens` down as a segment; `first_position` is the place of the first one in its sequence. Returns the index of the segment.
int64_t AppendSegment(std::span<const TokenId> tokens, int64_t first_position, int64_t parent, PackedBatch& batch) {
  const int64_t begin = batch.num_tokens();
  for (size_t i = 0; i < tokens.size(); ++i) {
    batch.tokens.push_back(tokens[i]);
    batch.positions.push_back(first_position + static_cast<int64_t>(i));
  }
  batch.segments.push_back({begin, batch.num_tokens(), parent});
  return static_cast<int64_t>(batch.segments.size()) - 1;
}

}  // namespace

void AppendGroup(std::span<const TokenId> prompt, std::span<const std::vector<TokenId>> completions, PackedBatch& batch) {
  Check(!prompt.empty(), "a prompt has at least one token");
  if (batch.completion_begin.empty()) batch.completion_begin.push_back(0);
  const auto prompt_length = static_cast<int64_t>(prompt.size());
  const int64_t parent = AppendSegment(prompt, 0, -1, batch);
  const int64_t last_prompt_row = batch.num_tokens() - 1;
  for (const std::vector<TokenId>& completion : completions) {
    Check(!completion.empty(), "a completion has at least one token");
    const int64_t begin = batch.num_tokens();
    const auto fed = std::span(completion).first(completion.size() - 1);  // the last token predicts nothing
    if (!fed.empty()) AppendSegment(fed, prompt_length, parent, batch);
    for (size_t i = 0; i < completion.size(); ++i) {
      batch.query_rows.push_back(i == 0 ? last_prompt_row : begin + static_cast<int64_t>(i) - 1);
      batch.targets.push_back(completion[i]);
    }
    batch.completion_begin.push_back(batch.num_scored());
  }
}

}  // namespace cupel
