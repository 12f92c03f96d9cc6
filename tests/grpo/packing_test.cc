// Covers grpo/packing.h. Alone: build/release/tests/grpo_math_test "[packing]"
//
// The laws are checked by unpacking: from every scored token the sequence that the model saw before it is read back.

#include "grpo/packing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "grpo/advantage/advantage.h"
#include "grpo/objective/token_weight.h"
#include "tests/grpo/groups.h"

namespace cupel {
namespace {

using testing::MakeGroup;
using testing::MakeRollout;

// One completion as the batch presents it.
struct Unpacked {
  std::vector<TokenId> prompt;
  std::vector<TokenId> tokens;
  std::vector<float> old_logprobs;
  std::vector<float> advantages;
  std::vector<float> weights;
};

// The tokens that the packed token `row` can see, itself included, in order.
std::vector<TokenId> Context(const PackedBatch& batch, int64_t row) {
  const auto segment = std::find_if(batch.segments.begin(), batch.segments.end(), [row](const auto& item) { return row < item.end; });
  REQUIRE(segment != batch.segments.end());
  std::vector<TokenId> context;
  const auto append = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      CHECK(batch.positions[static_cast<size_t>(i)] == static_cast<int64_t>(context.size()));
      context.push_back(batch.tokens[static_cast<size_t>(i)]);
    }
  };
  if (segment->parent >= 0) {
    const PackedBatch::Segment& parent = batch.segments[static_cast<size_t>(segment->parent)];
    CHECK(parent.parent == -1);
    append(parent.begin, parent.end);
  }
  append(segment->begin, row + 1);
  return context;
}

// Checks that each token is predicted from the prompt and the completion's tokens before it, and reads the completion back.
Unpacked UnpackCompletion(const Microbatch& microbatch, int64_t begin, int64_t end) {
  const PackedBatch& batch = microbatch.batch;
  Unpacked result;
  result.prompt = Context(batch, batch.query_rows[static_cast<size_t>(begin)]);
  std::vector<TokenId> expected = result.prompt;
  for (auto c = static_cast<size_t>(begin); c < static_cast<size_t>(end); ++c) {
    CHECK(Context(batch, batch.query_rows[c]) == expected);
    expected.push_back(batch.targets[c]);
    result.tokens.push_back(batch.targets[c]);
    result.old_logprobs.push_back(microbatch.old_logprobs[c]);
    result.advantages.push_back(microbatch.advantages[c]);
    result.weights.push_back(microbatch.weights[c]);
  }
  return result;
}

std::vector<Unpacked> Unpack(const std::vector<Microbatch>& microbatches) {
  std::vector<Unpacked> completions;
  for (const Microbatch& microbatch : microbatches) {
    const PackedBatch& batch = microbatch.batch;
    const auto scored = static_cast<size_t>(batch.num_scored());
    REQUIRE(scored > 0);
    REQUIRE(batch.query_rows.size() == scored);
    REQUIRE(microbatch.old_logprobs.size() == scored);
    REQUIRE(microbatch.advantages.size() == scored);
    REQUIRE(microbatch.weights.size() == scored);
    REQUIRE(batch.completion_begin.front() == 0);
    REQUIRE(batch.completion_begin.back() == batch.num_scored());
    for (size_t i = 0; i + 1 < batch.completion_begin.size(); ++i) {
      completions.push_back(UnpackCompletion(microbatch, batch.completion_begin[i], batch.completion_begin[i + 1]));
    }
  }
  return completions;
}

// Groups whose log-probabilities number their tokens, so that a token cannot be taken for another, with advantages.
std::vector<RolloutGroup> NumberedGroups(uint64_t seed) {
  std::vector<RolloutGroup> groups = testing::RandomGroups(seed, 5, 6);
  float number = 0;
  for (RolloutGroup& group : groups) {
    std::vector<double> rewards;
    std::vector<uint8_t> is_scored;
    for (Rollout& rollout : group.rollouts) {
      for (float& logprob : rollout.completion.logprobs) {
        logprob = -(number += 1);
      }
      rewards.push_back(rollout.reward);
      is_scored.push_back(rollout.verdict.is_scored() ? 1 : 0);
    }
    std::vector<double> advantages(rewards.size());
    GroupAdvantages(rewards, is_scored, "sample", 1e-6, advantages);
    for (size_t i = 0; i < advantages.size(); ++i) {
      group.rollouts[i].advantage = advantages[i];
    }
  }
  return groups;
}

struct Counts {
  int64_t tokens = 0;
  int64_t completions = 0;
};

Counts CountScored(const std::vector<RolloutGroup>& groups) {
  Counts counts;
  for (const RolloutGroup& group : groups) {
    for (const Rollout& rollout : group.rollouts) {
      counts.tokens += rollout.verdict.is_scored() ? static_cast<int64_t>(rollout.completion.tokens.size()) : 0;
      counts.completions += rollout.verdict.is_scored() ? 1 : 0;
    }
  }
  return counts;
}

int64_t NumPrompts(const PackedBatch& batch) {
  return std::count_if(batch.segments.begin(), batch.segments.end(), [](const auto& segment) { return segment.parent < 0; });
}

TEST_CASE("every scored token with gradient is packed exactly once, in order, whatever the microbatch size", "[packing]") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<RolloutGroup> groups = NumberedGroups(seed);
    const Counts counts = CountScored(groups);
    for (const char* aggregation : {"token_mean", "sequence_mean"}) {
      for (const int64_t microbatch_tokens : {1, 16, 20, 33, 64, 100000}) {
        INFO("seed " << seed << ", " << aggregation << ", " << microbatch_tokens << " tokens");
        const std::vector<Unpacked> completions = Unpack(PackUpdate(groups, aggregation, microbatch_tokens));
        size_t next = 0;
        for (const RolloutGroup& group : groups) {
          for (const Rollout& rollout : group.rollouts) {
            if (rollout.advantage == 0) {
              continue;
            }
            REQUIRE(next < completions.size());
            const Unpacked& completion = completions[next++];
            const size_t length = rollout.completion.tokens.size();
            const double weight = TokenWeight(aggregation, static_cast<int64_t>(length), counts.tokens, counts.completions);
            CHECK(completion.prompt == group.prompt);
            CHECK(completion.tokens == rollout.completion.tokens);
            CHECK(completion.old_logprobs == rollout.completion.logprobs);
            CHECK(completion.advantages == std::vector<float>(length, static_cast<float>(rollout.advantage)));
            CHECK(completion.weights == std::vector<float>(length, static_cast<float>(weight)));
          }
        }
        CHECK(next == completions.size());
      }
    }
  }
}

TEST_CASE("a microbatch exceeds its size only for a single completion, and is cut only where the next one does not fit", "[packing]") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<RolloutGroup> groups = NumberedGroups(seed);
    for (const int64_t microbatch_tokens : {1, 16, 20, 33, 64, 100000}) {
      const std::vector<Microbatch> microbatches = PackUpdate(groups, "token_mean", microbatch_tokens);
      for (size_t i = 0; i < microbatches.size(); ++i) {
        const PackedBatch& batch = microbatches[i].batch;
        const size_t num_completions = batch.completion_begin.size() - 1;
        CHECK((batch.num_tokens() <= microbatch_tokens || num_completions == 1));
        if (i + 1 < microbatches.size()) {
          const Unpacked next = Unpack({microbatches[i + 1]}).front();
          const bool continues_group = Unpack({microbatches[i]}).back().prompt == next.prompt;
          const auto added = static_cast<int64_t>(next.tokens.size() - 1 + (continues_group ? 0 : next.prompt.size()));
          CHECK(batch.num_tokens() + added > microbatch_tokens);
        }
      }
    }
  }
}

TEST_CASE("a prompt is stored once per group and again only where its group was cut", "[packing]") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<RolloutGroup> groups = NumberedGroups(seed);
    for (const int64_t microbatch_tokens : {1, 20, 64, 100000}) {
      for (const Microbatch& microbatch : PackUpdate(groups, "token_mean", microbatch_tokens)) {
        std::set<std::vector<TokenId>> prompts;
        for (const Unpacked& completion : Unpack({microbatch})) {
          prompts.insert(completion.prompt);
        }
        CHECK(NumPrompts(microbatch.batch) == static_cast<int64_t>(prompts.size()));
      }
    }
  }
}

TEST_CASE("completions without advantage are left out but stay in the denominators", "[packing]") {
  std::vector<RolloutGroup> groups;
  groups.push_back(MakeGroup({1, 2}, {MakeRollout({3, 4}, 1), MakeRollout({5}, 0), MakeRollout({6, 7, 8}, 0)}));
  groups.push_back(MakeGroup({9}, {MakeRollout({10, 11, 12, 13}, 0), MakeRollout({14}, 0)}));
  groups[0].rollouts[0].advantage = 1;
  groups[0].rollouts[1].advantage = -1;
  const std::vector<Unpacked> by_token = Unpack(PackUpdate(groups, "token_mean", 100));
  REQUIRE(by_token.size() == 2);
  CHECK(by_token[0].weights == std::vector<float>(2, 1.0F / 11.0F));
  CHECK(by_token[1].weights == std::vector<float>(1, 1.0F / 11.0F));
  const std::vector<Unpacked> by_sequence = Unpack(PackUpdate(groups, "sequence_mean", 100));
  CHECK(by_sequence[0].weights == std::vector<float>(2, 1.0F / 10.0F));
  CHECK(by_sequence[1].weights == std::vector<float>(1, 1.0F / 5.0F));
}

TEST_CASE("completions without a verdict count nowhere", "[packing]") {
  const RolloutGroup clean = MakeGroup({1, 2}, {MakeRollout({3, 4}, 1), MakeRollout({5}, 0)});
  RolloutGroup with_errors = clean;
  for (const Outcome outcome : {Outcome::kError, Outcome::kUndecided}) {
    with_errors.rollouts.insert(with_errors.rollouts.begin() + 1, MakeRollout({7, 7, 7, 7, 7}, 0, outcome));
  }
  std::vector<std::vector<RolloutGroup>> pair = {{clean}, {with_errors}};
  for (std::vector<RolloutGroup>& groups : pair) {
    groups[0].rollouts.front().advantage = 0.5;
    groups[0].rollouts.back().advantage = -0.5;
  }
  const std::vector<Unpacked> expected = Unpack(PackUpdate(pair[0], "token_mean", 100));
  const std::vector<Unpacked> found = Unpack(PackUpdate(pair[1], "token_mean", 100));
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].tokens == expected[i].tokens);
    CHECK(found[i].weights == expected[i].weights);
  }
}

TEST_CASE("an update without any advantage packs into nothing", "[packing]") {
  const std::vector<RolloutGroup> groups = {MakeGroup({1}, {MakeRollout({2}, 1), MakeRollout({3}, 1)})};
  CHECK(PackUpdate(groups, "token_mean", 16).empty());
}

// Packing must not hide that something went wrong: NaN is not "no gradient".
TEST_CASE("an advantage that is not a number is packed, so that the update sees it", "[packing]") {
  std::vector<RolloutGroup> groups = {MakeGroup({1}, {MakeRollout({2}, 1)})};
  groups[0].rollouts[0].advantage = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Microbatch> microbatches = PackUpdate(groups, "token_mean", 16);
  REQUIRE(microbatches.size() == 1);
  CHECK(std::isnan(microbatches[0].advantages[0]));
}

}  // namespace
}  // namespace cupel
