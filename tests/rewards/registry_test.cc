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

RewardTermConfig Named(const std::string& name, const std::string& pattern = "", const std::string& variant = "") {
  RewardTermConfig config{.name = name, .weight = 1, .pattern = pattern};
  config.variant = variant;
  return config;
}

RewardTermConfig WithUnit(RewardTermConfig config, const std::string& unit) {
  config.unit = unit;
  return config;
}

RewardTermConfig TargetLength(const std::string& pattern) {
  RewardTermConfig config = Named("target_length", pattern);
  config.target_tokens = 9;
  config.margin_tokens = 4;
  return config;
}

RewardTermConfig External() {
  RewardTermConfig config = Named("external");
  config.command = {"python3", CUPEL_SOURCE_DIR "/docs/examples/reward_process.py"};
  return config;
}

// The settings under which each function is put through the laws; one without a sample fails them.
std::vector<RewardTermConfig> Samples(std::string_view name) {
  const std::map<std::string_view, std::vector<RewardTermConfig>> samples = {
      {"correctness", {Named("correctness"), Named("correctness", "partial")}},
      {"cosine_length", {Named("cosine_length"), WithUnit(Named("cosine_length", "", "published"), "characters")}},
      {"diversity", {Named("diversity")}},
      {"external", {External()}},
      {"format",
       {Named("format", "answer_tag"), Named("format", "boxed"), Named("format", "think_answer"), Named("format", "open_r1"),
        Named("format", "open_r1", "published"), Named("format", "nano_aha", "published"), Named("format", "geo3k")}},
      {"kimi_length", {Named("kimi_length")}},
      {"language", {Named("language", "en"), Named("language", "zh")}},
      {"reasoning_steps", {Named("reasoning_steps")}},
      {"repetition", {Named("repetition"), WithUnit(Named("repetition"), "tokens")}},
      {"soft_overlong", {{"soft_overlong", 1, "", 8, 4}}},
      {"tag_count", {Named("tag_count")}},
      {"target_length", {TargetLength(""), TargetLength("at_most")}},
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
    tokens.resize(size);
    verdicts.resize(size);
    for (size_t i = 0; i < size; ++i) {
      for (uint64_t pieces = random.Below(9); pieces > 0; --pieces) {
        texts[i] += kPieces[random.Below(std::size(kPieces))];
      }
      verdicts[i].outcome = static_cast<Outcome>(random.Below(5));
      tokens[i].resize(random.Below(20));
      std::ranges::generate(tokens[i], [&] { return static_cast<int32_t>(random.Below(3)); });
      group.push_back({texts[i], &verdicts[i], std::ssize(tokens[i]), random.Below(2) == 0, tokens[i]});
    }
  }
  std::vector<std::string> texts;
  std::vector<Verdict> verdicts;
  std::vector<std::vector<int32_t>> tokens;
  std::vector<Candidate> group;
};

std::vector<double> ScoresOf(const RewardFunction& reward, std::span<const Candidate> group) {
  std::vector<double> scores(group.size(), std::nan(""));
  REQUIRE(reward.Score(Task{}, group, scores).ok());
  return scores;
}

std::string RepeatedWord(int times) {
  std::string text;
  for (int i = 0; i < times; ++i) {
    text += "so ";
  }
  return text;
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

// Groups in which every function reaches the ends of its range.
TEST_CASE("the highest and the lowest score are reached", "[reward]") {
  const std::vector<std::string> texts = {
      "<think>a</think>\n<answer>\\boxed{1}</answer>",
      "<think>\nb\n</think>\n<answer>\n\\boxed{1}\n</answer>",
      "<think>why so</think> \\boxed{1}",
      "Step 1: one. Step 2: two. Step 3: three.",
      "\xE4\xBD\xA0\xE5\xA5\xBD \xE4\xBD\xA0",
      "as long as it must be to be the longest of all of them, and with no word said twice",
      "",
  };
  for (const auto& reward : AllRewards()) {
    double low = 1e9, high = -1e9;
    for (const Outcome outcome : {Outcome::kCorrect, Outcome::kIncorrect}) {
      std::vector<Verdict> verdicts(texts.size());
      std::vector<Candidate> group;
      for (size_t i = 0; i < texts.size(); ++i) {
        verdicts[i].outcome = i < 3 || i == 6 ? outcome : Outcome::kIncorrect;
        const auto length = static_cast<int64_t>(i == 6 ? 0 : i == 5 ? 2000 : 9);
        group.push_back({texts[i], &verdicts[i], length, false});
      }
      group.front().num_tokens = 0;
      const bool is_about_tokens = reward->name() == "repetition";
      const std::vector<int32_t> same(100'000, 7);
      for (Candidate& candidate : group) {
        candidate.tokens = is_about_tokens ? std::span(same) : std::span<const int32_t>();
      }
      const std::string repeated = is_about_tokens ? RepeatedWord(100'000) : "";
      if (is_about_tokens) {
        group.back().tokens = {};
        group.back().num_tokens = 0;
        group.front().text = repeated;
      }
      const std::vector<double> scores = ScoresOf(*reward, group);
      low = std::min(low, std::ranges::min(scores));
      high = std::max(high, std::ranges::max(scores));
    }
    INFO(reward->name());
    CHECK(high == Approx(reward->max_value()).margin(1e-4));
    CHECK(low == Approx(reward->min_value()).margin(1e-4));
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
