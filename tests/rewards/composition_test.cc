// The weighted sum of rewards. Run alone: build/release/tests/rewards_test "[composition]"

#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "rewards/reward.h"

namespace cupel {
namespace {

using Catch::Contains;

RewardConfig ConfigOf(std::vector<RewardTermConfig> terms) { return {.terms = std::move(terms)}; }

std::string ErrorOf(std::vector<RewardTermConfig> terms) {
  return std::string(Message(RewardComposition::Create(ConfigOf(std::move(terms))).status()));
}

Verdict WithOutcome(Outcome outcome) {
  Verdict verdict;
  verdict.outcome = outcome;
  return verdict;
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

}  // namespace
}  // namespace cupel
