#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "rollout/rollout.h"

// Groups made by hand, and the golden files, for the tests of this folder.

namespace cupel::testing {

inline Json ReadGolden(const std::string& name) {
  const std::string path = CUPEL_SOURCE_DIR "/tests/golden/grpo/" + name;
  return ParseJson(ReadFile(path).value(), path).value();
}

inline std::vector<double> Doubles(const Json& array) { return array.get<std::vector<double>>(); }

inline Rollout MakeRollout(std::vector<TokenId> tokens, double reward, Outcome outcome = Outcome::kIncorrect) {
  Rollout rollout;
  rollout.completion.logprobs.assign(tokens.size(), -1.0F);
  rollout.completion.tokens = std::move(tokens);
  rollout.verdict.outcome = outcome;
  rollout.reward = reward;
  return rollout;
}

inline RolloutGroup MakeGroup(std::vector<TokenId> prompt, std::vector<Rollout> rollouts) {
  RolloutGroup group;
  group.prompt = std::move(prompt);
  group.rollouts = std::move(rollouts);
  for (size_t i = 0; i < group.rollouts.size(); ++i) {
    group.rollouts[i].completion.sample_idx = static_cast<int64_t>(i);
  }
  return group;
}

// `count` groups of `size` completions with random lengths (1 to 12 tokens), byte tokens, log-probabilities, verdicts (some error, some
// undecided) and rewards 0 or 1. Advantages are left 0.
inline std::vector<RolloutGroup> RandomGroups(uint64_t seed, int64_t count, int64_t size) {
  std::vector<RolloutGroup> groups;
  for (int64_t g = 0; g < count; ++g) {
    RandomStream random(seed, RandomPurpose::kTaskContent, static_cast<uint32_t>(g));
    const auto tokens = [&random](int64_t n) {
      std::vector<TokenId> result;
      for (int64_t i = 0; i < n; ++i) {
        result.push_back(static_cast<TokenId>(random.Between(32, 126)));
      }
      return result;
    };
    std::vector<TokenId> prompt = tokens(random.Between(1, 9));
    std::vector<Rollout> rollouts;
    for (int64_t i = 0; i < size; ++i) {
      Rollout rollout = MakeRollout(tokens(random.Between(1, 12)), 0);
      for (float& logprob : rollout.completion.logprobs) {
        logprob = static_cast<float>(-5.0 + random.Normal() / 10);
      }
      rollout.completion.sample_idx = i;
      const double draw = random.Uniform();
      rollout.verdict.outcome = draw < 0.08   ? Outcome::kError
                                : draw < 0.16 ? Outcome::kUndecided
                                : draw < 0.5  ? Outcome::kCorrect
                                              : Outcome::kIncorrect;
      rollout.reward = rollout.verdict.outcome == Outcome::kCorrect ? 1 : 0;
      rollouts.push_back(std::move(rollout));
    }
    groups.push_back(MakeGroup(std::move(prompt), std::move(rollouts)));
    groups.back().group_idx = g;
  }
  return groups;
}

}  // namespace cupel::testing
