// The formats that can be rewarded. Run alone: build/release/tests/rewards_test "[format]"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "rewards/registry.h"

namespace cupel {
namespace {

double ScoreOf(const std::string& pattern, std::string_view text, const std::string& variant = "") {
  RewardTermConfig config{.name = "format", .weight = 1, .pattern = pattern};
  config.variant = variant;
  const auto reward = MakeFormatReward(config).value();
  const Verdict verdict;
  const std::vector<Candidate> group = {{text, &verdict, 10, false}};
  std::vector<double> scores(1, -1.0);
  REQUIRE(reward->Score(Task{}, group, scores).ok());
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

TEST_CASE("published forms match what Python's expressions match, and in full what was meant", "[format]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/rewards/formats.jsonl").value();
  int num_published = 0, num_full = 0;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "formats.jsonl").value();
    const auto text = row["text"].get<std::string>();
    for (const std::string pattern : {"geo3k", "nano_aha", "open_r1", "open_r1_code", "trl_think"}) {
      INFO("line " << reader.line_number() << ", " << pattern << ": " << text);
      const bool published = std::ranges::find(row["published"], Json(pattern)) != row["published"].end();
      const bool full = std::ranges::find(row["full_match"], Json(pattern)) != row["full_match"].end();
      CHECK(ScoreOf(pattern, text, "published") == (published ? 1 : 0));
      CHECK(ScoreOf(pattern, text) == (full ? 1 : 0));
      num_published += published ? 1 : 0;
      num_full += full ? 1 : 0;
    }
  }
  CHECK(num_published > 300);
  CHECK(num_full > 150);
}

TEST_CASE("what the published forms let through and the full ones do not", "[format]") {
  const std::string good = "<think>\na\n</think>\n<answer>\nb\n</answer>";
  for (const std::string& text : {good + "\nmore", good + "\n" + good, std::string("<think>\n\n</think>\n<answer>\n\n</answer>")}) {
    CHECK(ScoreOf("open_r1", text, "published") == 1);
    CHECK(ScoreOf("open_r1", text) == 0);
  }
  CHECK(ScoreOf("open_r1", good, "published") == 1);
  CHECK(ScoreOf("open_r1", good) == 1);
}

TEST_CASE("an unknown or missing pattern is refused", "[format]") {
  using Catch::Contains;
  const auto error = [](const std::string& pattern) {
    return std::string(Message(MakeFormatReward({.name = "format", .weight = 1, .pattern = pattern}).status()));
  };
  CHECK_THAT(error("box"), Contains("no pattern \"box\"") && Contains("boxed"));
  CHECK_THAT(error("answer-tag"), Contains("did you mean \"answer_tag\"?"));
  RewardTermConfig config{.name = "format", .weight = 1, .pattern = "boxed"};
  config.variant = "published";
  CHECK_THAT(std::string(Message(MakeFormatReward(config).status())), Contains("no published variant"));
  config.variant = "fullmatch";
  CHECK_THAT(std::string(Message(MakeFormatReward(config).status())), Contains("did you mean \"full_match\"?"));
  CHECK_THAT(error(""), Contains("patterns are answer_tag, boxed, geo3k"));
}

}  // namespace
}  // namespace cupel
