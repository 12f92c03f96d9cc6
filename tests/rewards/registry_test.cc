// The laws that every reward function keeps. Run alone: build/release/tests/rewards_test "[reward]"

#include "rewards/registry.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"

namespace cupel {
namespace {

// The settings under which each function is put through the laws; one without a sample fails them.
std::vector<RewardTermConfig> Samples(std::string_view name) {
  const std::map<std::string_view, std::vector<RewardTermConfig>> samples = {
      {"correctness", {{"correctness", 1, ""}}},
      {"format", {{"format", 1, "answer_tag"}, {"format", 1, "boxed"}, {"format", 1, "think_answer"}}},
      {"soft_overlong", {{"soft_overlong", 1, "", 8, 4}}},
  };
  return samples.at(name);
}

std::vector<std::unique_ptr<RewardFunction>> AllRewards() {
  std::vector<std::unique_ptr<RewardFunction>> rewards;
  for (const std::string_view reward_name : RewardNames()) {
    for (const RewardTermConfig& config : Samples(reward_name)) {
#define CUPEL_REWARD(name, Make)             \
  if (reward_name == #name) {                \
    rewards.push_back(Make(config).value()); \
  }
#include "rewards/registry.def"
#undef CUPEL_REWARD
    }
  }
  return rewards;
}

// A group of random texts made of the pieces that formats look at, with every kind of verdict.
struct RandomGroup {
  explicit RandomGroup(uint32_t index) {
    constexpr std::string_view kPieces[] = {"<think>", "</think>", "<answer>", "</answer>", "\\boxed{", "}",
                                            "12",      " ",        "\n",       "\xFF",      "text"};
    RandomStream random(1, RandomPurpose::kTaskContent, index);
    const size_t size = 1 + random.Below(12);
    texts.resize(size);
    verdicts.resize(size);
    for (size_t i = 0; i < size; ++i) {
      for (uint64_t pieces = random.Below(9); pieces > 0; --pieces) {
        texts[i] += kPieces[random.Below(std::size(kPieces))];
      }
      verdicts[i].outcome = static_cast<Outcome>(random.Below(5));
      group.push_back({texts[i], &verdicts[i], random.Between(0, 100), random.Below(2) == 0});
    }
  }
  std::vector<std::string> texts;
  std::vector<Verdict> verdicts;
  std::vector<Candidate> group;
};

std::vector<double> ScoresOf(const RewardFunction& reward, std::span<const Candidate> group) {
  std::vector<double> scores(group.size(), std::nan(""));
  reward.Score(Task{}, group, scores);
  return scores;
}

TEST_CASE("scores are finite, in the declared range and the same again", "[reward]") {
  for (const auto& reward : AllRewards()) {
    for (uint32_t i = 0; i < 200; ++i) {
      const RandomGroup sample(i);
      const std::vector<double> scores = ScoresOf(*reward, sample.group);
      CHECK(std::ranges::all_of(scores, [&](double score) { return reward->min_value() <= score && score <= reward->max_value(); }));
      CHECK(ScoresOf(*reward, sample.group) == scores);
    }
  }
}

TEST_CASE("a candidate's score goes with it when the group is reordered", "[reward]") {
  for (const auto& reward : AllRewards()) {
    for (uint32_t i = 0; i < 200; ++i) {
      RandomGroup sample(i);
      std::vector<double> scores = ScoresOf(*reward, sample.group);
      std::ranges::reverse(sample.group);
      std::ranges::reverse(scores);
      CHECK(ScoresOf(*reward, sample.group) == scores);
      std::ranges::rotate(sample.group, sample.group.begin() + 1);
      std::ranges::rotate(scores, scores.begin() + 1);
      CHECK(ScoresOf(*reward, sample.group) == scores);
    }
  }
}

TEST_CASE("undecided and error are the same to a reward", "[reward]") {
  for (const auto& reward : AllRewards()) {
    for (uint32_t i = 0; i < 200; ++i) {
      RandomGroup sample(i);
      for (Verdict& verdict : sample.verdicts) {
        verdict.outcome = verdict.is_scored() ? verdict.outcome : Outcome::kUndecided;
      }
      const std::vector<double> scores = ScoresOf(*reward, sample.group);
      for (Verdict& verdict : sample.verdicts) {
        verdict.outcome = verdict.is_scored() ? verdict.outcome : Outcome::kError;
      }
      CHECK(ScoresOf(*reward, sample.group) == scores);
    }
  }
}

TEST_CASE("the highest and the lowest score are reached", "[reward]") {
  for (const auto& reward : AllRewards()) {
    Verdict correct, incorrect;
    correct.outcome = Outcome::kCorrect;
    incorrect.outcome = Outcome::kIncorrect;
    const std::vector<Candidate> group = {{"<think>a</think><answer>\\boxed{1}</answer>", &correct, 9, false}, {"a", &incorrect, 1, false}};
    const std::vector<double> scores = ScoresOf(*reward, group);
    CHECK(std::ranges::max(scores) == reward->max_value());
    CHECK(std::ranges::min(scores) == reward->min_value());
  }
}

TEST_CASE("names are sorted and the functions know theirs", "[reward]") {
  CHECK(std::ranges::is_sorted(RewardNames()));
  for (const auto& reward : AllRewards()) {
    CHECK(std::ranges::count(RewardNames(), reward->name()) == 1);
  }
}

}  // namespace
}  // namespace cupel
