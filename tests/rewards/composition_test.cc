// The weighted sum of rewards. Run alone: build/release/tests/rewards_test "[composition]"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "rewards/reward.h"
#include "tests/rewards/with_outcome.h"

namespace cupel {

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeAsksBackReward(const RewardTermConfig& config);  // docs/examples/own_reward.cc

namespace {

using Catch::Contains;
using testing::WithOutcome;

RewardConfig ConfigOf(std::vector<RewardTermConfig> terms) { return {.terms = std::move(terms)}; }

std::string ErrorOf(std::vector<RewardTermConfig> terms) {
  return std::string(Message(RewardComposition::Create(ConfigOf(std::move(terms))).status()));
}

TEST_CASE("the reward is the weighted sum of the terms, each kept", "[composition]") {
  const auto rewards = RewardComposition::Create(ConfigOf({{"correctness", 2.0, ""}, {"format", 0.5, "boxed"}})).value();
  const Verdict correct = WithOutcome(Outcome::kCorrect), incorrect = WithOutcome(Outcome::kIncorrect),
                none = WithOutcome(Outcome::kNoAnswer);
  const std::vector<Candidate> group = {
      {"\\boxed{1}", &correct, 3, false}, {"1", &correct, 1, false}, {"\\boxed{2}", &incorrect, 3, true}, {"", &none, 0, true}};
  const RewardComposition::Result result = rewards.Score(Task{}, group);
  CHECK(result.rewards == std::vector<double>{2.5, 2.0, 0.5, 0.0});
  REQUIRE(result.terms.size() == 4);
  REQUIRE(result.terms[2].size() == 2);
  CHECK(result.terms[2][0].name == "correctness");
  CHECK(result.terms[2][0].value == 0);
  CHECK(result.terms[2][0].weight == 2);
  CHECK(result.terms[2][1].name == "format(boxed)");
  CHECK(result.terms[2][1].value == 1);
  CHECK(rewards.term_names() == std::vector<std::string>{"correctness", "format(boxed)"});
}

TEST_CASE("verdicts that were not scored get reward 0", "[composition]") {
  const auto rewards = RewardComposition::Create(ConfigOf({{"correctness", 1.0, ""}, {"format", -1.0, "boxed"}})).value();
  const Verdict undecided = WithOutcome(Outcome::kUndecided), error = WithOutcome(Outcome::kError);
  const std::vector<Candidate> group = {{"\\boxed{1}", &undecided, 3, false}, {"\\boxed{1}", &error, 3, false}};
  CHECK(rewards.Score(Task{}, group).rewards == std::vector<double>{0.0, 0.0});
}

TEST_CASE("an empty group has no rewards", "[composition]") {
  const auto rewards = RewardComposition::Create(RewardConfig{}).value();
  CHECK(rewards.Score(Task{}, {}).rewards.empty());
}

TEST_CASE("unusable terms are refused by number", "[composition]") {
  CHECK_THAT(ErrorOf({}), Contains("there are no reward terms"));
  CHECK_THAT(ErrorOf({{"correctness", 1, ""}, {"corectness", 1, ""}}),
             Contains("reward term 2") && Contains("did you mean \"correctness\"?"));
  CHECK_THAT(ErrorOf({{"correctness", 1, "boxed"}}), Contains("reward term 1") && Contains("has no pattern"));
  CHECK_THAT(ErrorOf({{"format", 1, "bxed"}}), Contains("did you mean \"boxed\"?"));
  CHECK_THAT(ErrorOf({{"correctness", std::numeric_limits<double>::infinity(), ""}}), Contains("finite"));
  CHECK_THAT(ErrorOf({{"correctness", 1, ""}, {"correctness", 2, ""}}), Contains("appears twice"));
  CHECK(RewardComposition::Create(ConfigOf({{"format", 1, "boxed"}, {"format", 1, "answer_tag"}})).ok());
}

// A reward that gives each candidate the number that its text spells.
class Spoken final : public RewardFunction {
 public:
  std::string_view name() const override { return "spoken"; }
  double min_value() const override { return -10; }
  double max_value() const override { return 10; }
  absl::Status Score(const Task& task, std::span<const Candidate> group, std::span<double> scores) const override {
    if (task.id == "bad") {
      return InvalidArgument("it has no use for this task");
    }
    for (size_t i = 0; i < group.size(); ++i) {
      scores[i] = std::stod(std::string(group[i].text));
    }
    return absl::OkStatus();
  }
};

RewardComposition Of(const RewardConfig& config) {
  std::vector<std::unique_ptr<RewardFunction>> functions;
  for (size_t i = 0; i < config.terms.size(); ++i) {
    functions.push_back(std::make_unique<Spoken>());
  }
  return RewardComposition::Create(config, std::move(functions)).value();
}

const Verdict kRight = WithOutcome(Outcome::kCorrect), kWrong = WithOutcome(Outcome::kIncorrect), kError = WithOutcome(Outcome::kError);
const std::vector<Candidate> kFour = {
    {"3", &kRight, 1, false}, {"1", &kWrong, 1, false}, {"-4", &kWrong, 1, true}, {"8", &kError, 1, false}};

std::vector<double> RewardsOf(RewardTermConfig term, int64_t step = 0) {
  return Of(RewardConfig{.terms = {std::move(term)}}).Score(Task{}, kFour, step).rewards;
}

TEST_CASE("a gate lets a term count for some answers only", "[composition]") {
  RewardTermConfig term;
  term.only_if = "correct";
  CHECK(RewardsOf(term) == std::vector<double>{3, 0, 0, 0});
  term.only_if = "incorrect";
  CHECK(RewardsOf(term) == std::vector<double>{0, 1, -4, 0});
  term.only_if = "finished";
  CHECK(RewardsOf(term) == std::vector<double>{3, 1, 0, 0});
}

TEST_CASE("a term is clipped before its weight, the sum after", "[composition]") {
  RewardTermConfig term;
  term.clip = {-1, 2};
  term.weight = 3;
  CHECK(RewardsOf(term) == std::vector<double>{6, 3, -3, 0});
  CHECK(Of(RewardConfig{.terms = {term}, .clip = {-2, 4}}).Score(Task{}, kFour).rewards == std::vector<double>{4, 3, -2, 0});
}

TEST_CASE("normalisation is over the scored members of the group", "[composition]") {
  RewardTermConfig term;
  term.normalize = "group";
  const std::vector<double> rewards = RewardsOf(term);  // 3, 1, -4: mean 0, deviation sqrt(13)
  CHECK(rewards[0] == Approx(3 / std::sqrt(13.0)));
  CHECK(rewards[2] == Approx(-4 / std::sqrt(13.0)));
  CHECK(rewards[3] == 0);
  const std::vector<Candidate> same(3, {"0.7", &kRight, 1, false});
  CHECK(Of(RewardConfig{.terms = {term}}).Score(Task{}, same).rewards == std::vector<double>{0, 0, 0});
}

TEST_CASE("a schedule changes the weight over the steps", "[composition]") {
  RewardTermConfig term;
  term.schedule_steps = {10, 20, 30};
  term.schedule_factors = {0, 1, 0.5};
  const std::vector<std::pair<int64_t, double>> expected = {{0, 0}, {10, 0}, {15, 0.5}, {20, 1}, {25, 0.75}, {30, 0.5}, {99, 0.5}};
  for (const auto& [step, factor] : expected) {
    const RewardComposition::Result result = Of(RewardConfig{.terms = {term}}).Score(Task{}, kFour, step);
    CHECK(result.rewards[0] == 3 * factor);
    CHECK(result.terms[0][0].weight == factor);
    CHECK(result.terms[0][0].value == 3);
  }
}

TEST_CASE("a cut answer keeps the stated part of a positive reward, and all of a negative one", "[composition]") {
  const std::vector<Candidate> cut = {{"3", &kRight, 1, true}, {"-4", &kWrong, 1, true}, {"3", &kRight, 1, false}};
  CHECK(Of(RewardConfig{.stop_properly = 0.5}).Score(Task{}, cut).rewards == std::vector<double>{1.5, -4, 3});
  CHECK(Of(RewardConfig{.stop_properly = 0}).Score(Task{}, cut).rewards == std::vector<double>{0, -4, 3});
}

TEST_CASE("a function that fails makes errors and no rewards", "[composition]") {
  const std::vector<Candidate> group = {
      {"3", &kRight, 1, false}, {"nan", &kRight, 1, false}, {"inf", &kRight, 1, false}, {"11", &kWrong, 1, false}};
  const RewardComposition::Result result = Of(RewardConfig{}).Score(Task{}, group);
  CHECK(result.rewards == std::vector<double>{3, 0, 0, 0});
  CHECK(result.errors[0].empty());
  CHECK_THAT(result.errors[1], Contains("correctness: gave no number"));
  CHECK_THAT(result.errors[2], Contains("inf"));
  CHECK_THAT(result.errors[3], Contains("gave 11, which is not from -10 to 10"));
  Task bad;
  bad.id = "bad";
  const RewardComposition::Result none = Of(RewardConfig{}).Score(bad, group);
  CHECK(none.rewards == std::vector<double>{0, 0, 0, 0});
  CHECK_THAT(none.errors[0], Contains("it has no use for this task"));
  const std::vector<Candidate> unreadable = {{"word", &kRight, 1, false}};
  CHECK_THAT(Of(RewardConfig{}).Score(Task{}, unreadable).errors[0], Contains("it threw: stod"));
}

TEST_CASE("settings of the composition that make no sense are refused", "[composition]") {
  const auto error = [](auto change) {
    RewardConfig config;
    change(config);
    return std::string(Message(RewardComposition::Create(config).status()));
  };
  CHECK_THAT(error([](RewardConfig& config) { config.terms[0].only_if = "corect"; }), Contains("did you mean \"correct\"?"));
  CHECK_THAT(error([](RewardConfig& config) { config.terms[0].clip = {1}; }), Contains("clip = [1]"));
  CHECK_THAT(error([](RewardConfig& config) { config.clip = {2, 1}; }), Contains("the lower first"));
  CHECK_THAT(error([](RewardConfig& config) { config.terms[0].normalize = "batch"; }), Contains("there is group"));
  CHECK_THAT(error([](RewardConfig& config) { config.terms[0].schedule_steps = {1, 2}; }), Contains("one factor per step"));
  CHECK_THAT(error([](RewardConfig& config) {
               config.terms[0].schedule_steps = {2, 2};
               config.terms[0].schedule_factors = {0, 1};
             }),
             Contains("rising"));
  CHECK_THAT(error([](RewardConfig& config) { config.stop_properly = 2; }), Contains("stop_properly is 2"));
}

TEST_CASE("partial credit counts where the verifier gives it", "[composition]") {
  Verdict partly = WithOutcome(Outcome::kIncorrect);
  partly.credit = 0.75;
  const std::vector<Candidate> group = {{"", &partly, 1, false}, {"", &kRight, 1, false}, {"", &kWrong, 1, false}};
  CHECK(RewardComposition::Create(ConfigOf({{"correctness", 1, "partial"}})).value().Score(Task{}, group).rewards ==
        std::vector<double>{0.75, 1, 0});
  CHECK(RewardComposition::Create(ConfigOf({{"correctness", 1, ""}})).value().Score(Task{}, group).rewards == std::vector<double>{0, 1, 0});
}

TEST_CASE("the reward of docs/rewards.md works", "[composition]") {
  std::vector<std::unique_ptr<RewardFunction>> functions;
  functions.push_back(MakeAsksBackReward(RewardTermConfig{}).value());
  const RewardComposition rewards = RewardComposition::Create(RewardConfig{}, std::move(functions)).value();
  const std::vector<Candidate> group = {{"Shall I go on? ", &kRight, 1, false}, {"No.", &kRight, 1, false}};
  CHECK(rewards.Score(Task{}, group).rewards == std::vector<double>{1, 0});
}

}  // namespace
}  // namespace cupel
