// Covers policy/packed_batch.h and policy/generation.h. Alone: build/release/tests/policy_api_test "[packed_batch]"

#include "policy/packed_batch.h"

#include <vector>

#include <catch2/catch.hpp>

#include "policy/generation.h"

namespace cupel {
namespace {

using Ints = std::vector<int64_t>;
using Tokens = std::vector<TokenId>;

std::vector<Ints> SegmentsOf(const PackedBatch& batch) {
  std::vector<Ints> segments;
  for (const auto& segment : batch.segments) segments.push_back({segment.begin, segment.end, segment.parent});
  return segments;
}

TEST_CASE("a prompt is stored once and the last token of a completion not at all", "[packed_batch]") {
  PackedBatch batch;
  AppendGroup(Tokens{10, 11}, std::vector<Tokens>{{20, 21, 22}, {30}}, batch);
  CHECK(batch.tokens == Tokens{10, 11, 20, 21});
  CHECK(batch.positions == Ints{0, 1, 2, 3});
  CHECK(SegmentsOf(batch) == std::vector<Ints>{{0, 2, -1}, {2, 4, 0}});
  CHECK(batch.query_rows == Ints{1, 2, 3, 1});
  CHECK(batch.targets == Tokens{20, 21, 22, 30});
  CHECK(batch.completion_begin == Ints{0, 3, 4});
}

TEST_CASE("groups follow each other", "[packed_batch]") {
  PackedBatch batch;
  AppendGroup(Tokens{10}, std::vector<Tokens>{{20}}, batch);
  AppendGroup(Tokens{11, 12, 13}, std::vector<Tokens>{{21, 22}, {23, 24}}, batch);
  CHECK(batch.tokens == Tokens{10, 11, 12, 13, 21, 23});
  CHECK(batch.positions == Ints{0, 0, 1, 2, 3, 3});
  CHECK(SegmentsOf(batch) == std::vector<Ints>{{0, 1, -1}, {1, 4, -1}, {4, 5, 1}, {5, 6, 1}});
  CHECK(batch.query_rows == Ints{0, 3, 4, 3, 5});
  CHECK(batch.targets == Tokens{20, 21, 22, 23, 24});
  CHECK(batch.completion_begin == Ints{0, 1, 3, 5});
  CHECK(batch.num_tokens() == 6);
  CHECK(batch.num_scored() == 5);
}

TEST_CASE("finish reasons have their names", "[packed_batch]") {
  CHECK(FinishReasonName(FinishReason::kStop) == "stop");
  CHECK(FinishReasonName(FinishReason::kLength) == "length");
  CHECK(FinishReasonName(FinishReason::kAborted) == "aborted");
}

}  // namespace
}  // namespace cupel
