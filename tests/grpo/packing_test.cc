// Covers grpo/packing.h and grpo/update.h. Alone: build/release/tests/grpo_math_test "[packing]"
//
// The laws are checked by unpacking: from every scored token the sequence that the model saw before it is read back.

#include "grpo/packing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "grpo/advantage/advantage.h"
#include "grpo/objective/aggregation.h"
#include "grpo/update.h"
#include "tests/grpo/groups.h"

namespace cupel {
namespace {

using testing::MakeGroup;
using testing::MakeRollout;

// One forward pass of an update, with what the loss is told about each scored token. All vectors [C].
struct PackedPart {
  PackedBatch batch;
  std::vector<float> old_logprobs;
  std::vector<float> advantages;
  std::vector<float> weights;
};

std::vector<GroupFacts> NoFacts(const std::vector<RolloutGroup>& groups) {
  std::vector<GroupFacts> facts;
  for (const RolloutGroup& group : groups) {
    facts.emplace_back(group.rollouts.size());
  }
  return facts;
}

std::vector<PackedPart> PackUpdate(const std::vector<RolloutGroup>& groups, const GrpoConfig& config, int64_t microbatch_tokens) {
  const std::vector<GroupFacts> facts = NoFacts(groups);
  const Update update = MakeUpdate(groups, facts, config);
  std::vector<PackedPart> parts;
  for (const Microbatch& microbatch : Pack(update.sequences, microbatch_tokens)) {
    PackedPart part{microbatch.batch, {}, {}, {}};
    for (size_t i = microbatch.begin; i < microbatch.end; ++i) {
      const LossInput& loss = update.losses[i];
      const size_t length = loss.old_logprobs.size();
      part.old_logprobs.insert(part.old_logprobs.end(), loss.old_logprobs.begin(), loss.old_logprobs.end());
      part.advantages.insert(part.advantages.end(), length, static_cast<float>(loss.advantage));
      for (size_t t = 0; t < length; ++t) {
        part.weights.push_back(static_cast<float>(loss.weight * loss.factors[t]));
      }
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<PackedPart> PackUpdate(const std::vector<RolloutGroup>& groups, const std::string& aggregation, int64_t microbatch_tokens) {
  GrpoConfig config;
  config.aggregation = aggregation;
  return PackUpdate(groups, config, microbatch_tokens);
}

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
Unpacked UnpackCompletion(const PackedPart& microbatch, int64_t begin, int64_t end) {
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

std::vector<Unpacked> Unpack(const std::vector<PackedPart>& microbatches) {
  std::vector<Unpacked> completions;
  for (const PackedPart& microbatch : microbatches) {
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
    ScoredGroup scored;
    for (Rollout& rollout : group.rollouts) {
      for (float& logprob : rollout.completion.logprobs) {
        logprob = -(number += 1);
      }
      if (rollout.verdict.is_scored()) {
        scored.rewards.push_back(rollout.reward);
        scored.lengths.push_back(1);
      }
    }
    const std::vector<double> advantages = BatchAdvantages({&scored, 1}, {})[0];
    size_t next = 0;
    for (Rollout& rollout : group.rollouts) {
      rollout.advantage = rollout.verdict.is_scored() ? advantages[next++] : 0;
    }
  }
  return groups;
}

UpdateCounts CountScored(const std::vector<RolloutGroup>& groups) {
  UpdateCounts counts;
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
    const UpdateCounts counts = CountScored(groups);
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
            const double weight = TokenWeight(aggregation, static_cast<int64_t>(length), counts, 0);
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
      const std::vector<PackedPart> microbatches = PackUpdate(groups, "token_mean", microbatch_tokens);
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
      for (const PackedPart& microbatch : PackUpdate(groups, "token_mean", microbatch_tokens)) {
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
  const std::vector<PackedPart> microbatches = PackUpdate(groups, "token_mean", 16);
  REQUIRE(microbatches.size() == 1);
  CHECK(std::isnan(microbatches[0].advantages[0]));
}

// Leaving a completion of advantage 0 out is exact only while nothing else in the loss looks at it.
TEST_CASE("with a divergence, an entropy bonus or a squared log-ratio every completion is packed", "[packing]") {
  const std::vector<RolloutGroup> groups = {MakeGroup({1}, {MakeRollout({2}, 1), MakeRollout({3}, 1)})};
  std::vector<GroupFacts> facts = NoFacts(groups);
  for (SequenceFacts& known : facts[0]) {
    known.reference_logprobs = {-1};
  }
  GrpoConfig divergence;
  divergence.kl.beta = 0.1;
  GrpoConfig in_reward = divergence;
  in_reward.kl.placement = "reward";
  GrpoConfig bonus;
  bonus.entropy.bonus = 0.1;
  GrpoConfig kimi;
  kimi.objective.kind = "squared_log_ratio";
  CHECK(MakeUpdate(groups, facts, divergence).sequences.size() == 2);
  CHECK(MakeUpdate(groups, facts, divergence).losses[0].reference_logprobs == std::vector<double>{-1});
  CHECK(MakeUpdate(groups, facts, in_reward).sequences.empty());
  CHECK(MakeUpdate(groups, facts, bonus).sequences.size() == 2);
  CHECK(MakeUpdate(groups, facts, kimi).sequences.size() == 2);
}

// What the entropy bonus asks of a group: the sum of its members' entropies, here known numbers.
double WeighedEntropy(const Update& update, const std::map<const Rollout*, double>& entropies) {
  double sum = 0;
  for (size_t i = 0; i < update.sequences.size(); ++i) {
    sum += update.losses[i].stands_for * entropies.at(update.sequences[i].rollout);
  }
  return sum;
}

TEST_CASE("of a group without signal a few answers stand for all, without bias", "[packing]") {
  GrpoConfig config;
  config.entropy.bonus = 0.1;
  const std::vector<double> values = {0.5, 0.25, 2, 1, 4};
  for (const int64_t wanted : {0, 1, 2, 3, 5, 9}) {
    INFO(wanted);
    config.entropy.without_signal = wanted;
    double mean = 0;  // over the rotations of the group, which are equally likely
    for (size_t turn = 0; turn < values.size(); ++turn) {
      std::vector<Rollout> rollouts(values.size(), MakeRollout({2, 3}, 1));
      rollouts.insert(rollouts.begin() + 1, MakeRollout({2}, 0, Outcome::kError));  // has no verdict, so it counts nowhere
      const std::vector<RolloutGroup> groups = {MakeGroup({1}, std::move(rollouts))};
      std::map<const Rollout*, double> entropies;
      for (size_t i = 0; i < values.size(); ++i) {
        entropies[&groups[0].rollouts[i == 0 ? 0 : i + 1]] = values[(i + turn) % values.size()];
      }
      const Update update = MakeUpdate(groups, NoFacts(groups), config);
      CHECK(update.sequences.size() == (wanted == 0 ? 5 : std::min<size_t>(5, static_cast<size_t>(wanted))));
      CHECK(update.counts.completions == 5);
      CHECK(update.counts.tokens == 10);
      mean += WeighedEntropy(update, entropies) / static_cast<double>(values.size());
    }
    CHECK(mean == Approx(7.75));
  }
}

TEST_CASE("a group with a signal is trained whole, whatever stands for those without", "[packing]") {
  std::vector<RolloutGroup> groups = {MakeGroup({1}, {MakeRollout({2}, 1), MakeRollout({3}, 0), MakeRollout({4}, 0)})};
  GrpoConfig config;
  config.entropy = {.bonus = 0.1, .without_signal = 1};
  groups[0].rollouts[1].advantage = GENERATE(1.0, std::numeric_limits<double>::quiet_NaN());
  const Update update = MakeUpdate(groups, NoFacts(groups), config);
  REQUIRE(update.sequences.size() == 3);
  CHECK(std::ranges::all_of(update.losses, [](const LossInput& input) { return input.stands_for == 1; }));
}

TEST_CASE("masked truncated completions count nowhere", "[packing]") {
  std::vector<RolloutGroup> groups = {MakeGroup({1}, {MakeRollout({2, 3}, 1), MakeRollout({4, 5, 6}, 0)})};
  groups[0].rollouts[0].advantage = 1;
  groups[0].rollouts[1].advantage = -1;
  groups[0].rollouts[1].completion.finish_reason = FinishReason::kLength;
  GrpoConfig config;
  config.mask_truncated = true;
  const std::vector<PackedPart> parts = PackUpdate(groups, config, 100);
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].weights == std::vector<float>{0.5F, 0.5F});
}

TEST_CASE("the trainer's own log-probabilities replace the sampler's, which then correct the loss", "[packing]") {
  std::vector<RolloutGroup> groups = {MakeGroup({1}, {MakeRollout({2, 3}, 1)})};  // sampled at log-probability -1
  groups[0].rollouts[0].advantage = 1;
  const std::vector<GroupFacts> facts = {{{.old_logprobs = {-1.0F, -0.5F}, .reference_logprobs = {}, .entropies = {}}}};
  GrpoConfig config;
  config.correction = {.kind = "truncated", .cap = 1.5};
  const Update update = MakeUpdate(groups, facts, config);
  CHECK(update.losses[0].old_logprobs == std::vector<double>{-1, -0.5});
  CHECK(update.losses[0].factors[0] == 1);
  CHECK(update.losses[0].factors[1] == 1.5);
}

TEST_CASE("tokens outside the top share of entropy are masked over the whole update", "[packing]") {
  std::vector<RolloutGroup> groups = {MakeGroup({1}, {MakeRollout({2, 3}, 1), MakeRollout({4, 5}, 0)})};
  groups[0].rollouts[0].advantage = 1;
  groups[0].rollouts[1].advantage = -1;
  std::vector<GroupFacts> facts = NoFacts(groups);
  facts[0][0].entropies = {0.1F, 0.9F};
  facts[0][1].entropies = {0.2F, 0.3F};
  GrpoConfig config;
  config.entropy.top_share = 0.5;
  const Update update = MakeUpdate(groups, facts, config);
  CHECK(update.losses[0].factors == std::vector<double>{0, 1});
  CHECK(update.losses[1].factors == std::vector<double>{0, 1});
}

}  // namespace
}  // namespace cupel
