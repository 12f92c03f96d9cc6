// The formats that can be rewarded. Run alone: build/release/tests/rewards_test "[format]"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "rewards/registry.h"

namespace cupel {
namespace {

double ScoreOf(const std::string& pattern, std::string_view text) {
  const auto reward = MakeFormatReward({.name = "format", .weight = 1, .pattern = pattern}).value();
  const Verdict verdict;
  const std::vector<Candidate> group = {{text, &verdict, 10, false}};
  std::vector<double> scores(1, -1.0);
  reward->Score(Task{}, group, scores);
  return scores[0];
}

TEST_CASE("boxed asks for exactly one closed box with something in it", "[format]") {
  CHECK(ScoreOf("boxed", "So \\boxed{12}.") == 1);
  CHECK(ScoreOf("boxed", "\\boxed{\\frac{1}{2}}") == 1);
  CHECK(ScoreOf("boxed", "\\boxed{wrong}") == 1);
  CHECK(ScoreOf("boxed", "12") == 0);
  CHECK(ScoreOf("boxed", "") == 0);
  CHECK(ScoreOf("boxed", "\\boxed{}") == 0);
  CHECK(ScoreOf("boxed", "\\boxed{ }") == 0);
  CHECK(ScoreOf("boxed", "\\boxed 5") == 0);
  CHECK(ScoreOf("boxed", "\\boxed{12") == 0);
  CHECK(ScoreOf("boxed", "\\boxed{1} \\boxed{2}") == 0);
  CHECK(ScoreOf("boxed", "\\boxed{\\boxed{1}}") == 0);
  CHECK(ScoreOf("boxed", "\\boxed{1} \\boxed{") == 0);
}

TEST_CASE("answer_tag asks for exactly one pair with something in it", "[format]") {
  CHECK(ScoreOf("answer_tag", "so <answer>12</answer> it is") == 1);
  CHECK(ScoreOf("answer_tag", "<answer>\n12\n</answer>") == 1);
  CHECK(ScoreOf("answer_tag", "12") == 0);
  CHECK(ScoreOf("answer_tag", "<answer></answer>") == 0);
  CHECK(ScoreOf("answer_tag", "<answer>12") == 0);
  CHECK(ScoreOf("answer_tag", "12</answer>") == 0);
  CHECK(ScoreOf("answer_tag", "</answer>12<answer>") == 0);
  CHECK(ScoreOf("answer_tag", "<answer>1</answer><answer>2</answer>") == 0);
  CHECK(ScoreOf("answer_tag", "<answer><answer>1</answer></answer>") == 0);
  CHECK(ScoreOf("answer_tag", "<answer>1</answer></answer>") == 0);
}

TEST_CASE("think_answer asks for the whole text in R1's form", "[format]") {
  CHECK(ScoreOf("think_answer", "<think>7 + 5</think><answer>12</answer>") == 1);
  CHECK(ScoreOf("think_answer", "<think>\n7\n+ 5\n</think>\n<answer>\n12\n</answer>") == 1);
  CHECK(ScoreOf("think_answer", " <think>a</think> \n <answer>b</answer> \n") == 1);
  CHECK(ScoreOf("think_answer", "<think>a</think><answer>b</answer> and more") == 0);
  CHECK(ScoreOf("think_answer", "<think>a</think><answer>b</answer>\nand more") == 0);
  CHECK(ScoreOf("think_answer", "first <think>a</think><answer>b</answer>") == 0);
  CHECK(ScoreOf("think_answer", "<think>a</think> so <answer>b</answer>") == 0);
  CHECK(ScoreOf("think_answer", "<think>a</think>") == 0);
  CHECK(ScoreOf("think_answer", "<answer>b</answer>") == 0);
  CHECK(ScoreOf("think_answer", "<answer>b</answer><think>a</think>") == 0);
  CHECK(ScoreOf("think_answer", "<think></think><answer>b</answer>") == 0);
  CHECK(ScoreOf("think_answer", "<think>a</think><answer> </answer>") == 0);
  CHECK(ScoreOf("think_answer", "<think>a<answer>x</think><answer>b</answer>") == 0);
  CHECK(ScoreOf("think_answer", "<think>a</think><think>a</think><answer>b</answer>") == 0);
  CHECK(ScoreOf("think_answer", "<think>a</think><answer>b</answer><answer>c</answer>") == 0);
  CHECK(ScoreOf("think_answer", "<think>a <answer>b</answer></think>") == 0);
  CHECK(ScoreOf("think_answer", "<think>a <answer>b</think></answer>") == 0);
  CHECK(ScoreOf("think_answer", "<THINK>a</THINK><answer>b</answer>") == 0);
}

TEST_CASE("an unknown or missing pattern is refused", "[format]") {
  using Catch::Contains;
  const auto error = [](const std::string& pattern) {
    return std::string(Message(MakeFormatReward({.name = "format", .weight = 1, .pattern = pattern}).status()));
  };
  CHECK_THAT(error("box"), Contains("no pattern \"box\"") && Contains("boxed"));
  CHECK_THAT(error("answer-tag"), Contains("did you mean \"answer_tag\"?"));
  CHECK_THAT(error(""), Contains("patterns are answer_tag, boxed, think_answer"));
}

}  // namespace
}  // namespace cupel
