// Rewards of length, repetition, marks, language and diversity against golden values of published code and by hand. Run alone:
// build/release/tests/rewards_test "[shaping]"

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "rewards/registry.h"
#include "tests/rewards/with_outcome.h"

namespace cupel {
namespace {

using Catch::Contains;
using testing::WithOutcome;

const Verdict kRight = WithOutcome(Outcome::kCorrect), kWrong = WithOutcome(Outcome::kIncorrect), kNone = WithOutcome(Outcome::kError);

RewardTermConfig Named(const std::string& name) { return {.name = name, .weight = 1, .pattern = ""}; }

absl::StatusOr<std::unique_ptr<RewardFunction>> Make(const RewardTermConfig& config) {
#define CUPEL_REWARD(known, Make) \
  if (config.name == #known) {    \
    return Make(config);          \
  }
#include "rewards/registry.def"
#undef CUPEL_REWARD
  return InvalidArgument("no reward {}", config.name);
}

std::vector<double> Scores(const RewardTermConfig& config, const std::vector<Candidate>& group) {
  const auto reward = Make(config).value();
  std::vector<double> scores(group.size(), 77);
  REQUIRE(reward->Score(Task{}, group, scores).ok());
  return scores;
}

double Score(const RewardTermConfig& config, std::string_view text) { return Scores(config, {{text, &kRight, 1, false}})[0]; }

TEST_CASE("values equal those of the published code", "[shaping]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/rewards/shaping.jsonl").value();
  int count = 0;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "shaping.jsonl").value();
    INFO(reader.line_number() << ": " << *line);
    ++count;
    if (row.contains("steps")) {
      CHECK(Score(Named("reasoning_steps"), row["text"].get<std::string>()) == Approx(row["steps"].get<double>()).margin(1e-12));
    } else if (row.contains("cosine")) {
      RewardTermConfig config = Named("cosine_length");
      config.max_tokens = row["max"];
      const Verdict& verdict = row["correct"].get<bool>() ? kRight : kWrong;
      CHECK(Scores(config, {{"text", &verdict, row["length"].get<int64_t>(), false}})[0] ==
            Approx(row["cosine"].get<double>()).margin(1e-12));
    } else {
      RewardTermConfig config = Named("repetition");
      config.ngram = row["n"];
      const bool by_tokens = row.contains("tokens");
      config.unit = by_tokens ? "tokens" : "";
      const auto ids = by_tokens ? row["ids"].get<std::vector<int32_t>>() : std::vector<int32_t>();
      const std::string text = by_tokens ? "" : row["text"].get<std::string>();
      const double expected = row[by_tokens ? "tokens" : "words"].get<double>();
      CHECK(Scores(config, {{text, &kRight, std::ssize(ids), false, ids}})[0] == Approx(expected).margin(1e-12));
    }
  }
  CHECK(count == 600);
}

TEST_CASE("tag_count equals Python's counts", "[shaping]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/rewards/formats.jsonl").value();
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "formats.jsonl").value();
    INFO(reader.line_number() << ": " << *line);
    CHECK(Score(Named("tag_count"), row["text"].get<std::string>()) == row["tag_count"].get<double>());
  }
}

TEST_CASE("the cosine of open-r1 turns back beyond its length, ours stays", "[shaping]") {
  RewardTermConfig config = Named("cosine_length");
  config.max_tokens = 10;
  config.unit = "characters";
  const std::string twice(20, 'x');
  CHECK(Score(config, twice) == 0.5);
  config.variant = "published";
  CHECK(Score(config, twice) == Approx(1.0));
  CHECK(Score(config, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9") == Approx(0.75));  // five characters
}

TEST_CASE("Kimi's length is relative to the group and never rewards a wrong answer", "[shaping]") {
  const std::vector<Candidate> group = {{"", &kRight, 10, false}, {"", &kRight, 20, false}, {"", &kWrong, 10, false},
                                        {"", &kWrong, 30, false}, {"", &kRight, 30, false}, {"", &kNone, 500, false}};
  CHECK(Scores(Named("kimi_length"), group) == std::vector<double>{0.5, 0.0, 0.0, -0.5, -0.5, 0.0});
  CHECK(Scores(Named("kimi_length"), {{"", &kRight, 7, false}, {"", &kWrong, 7, false}}) == std::vector<double>{0, 0});
}

TEST_CASE("target_length falls on both sides of the target, or beyond it only", "[shaping]") {
  RewardTermConfig config = Named("target_length");
  config.target_tokens = 100;
  config.margin_tokens = 50;
  const auto at = [&](int64_t length) { return Scores(config, {{"", &kRight, length, false}})[0]; };
  CHECK(at(100) == 0);
  CHECK(at(125) == -0.5);
  CHECK(at(75) == -0.5);
  CHECK(at(1000) == -1);
  config.pattern = "at_most";
  CHECK(at(75) == 0);
  CHECK(at(125) == -0.5);
}

TEST_CASE("diversity counts the siblings that share a piece", "[shaping]") {
  RewardTermConfig config = Named("diversity");
  config.ngram = 1;
  CHECK(Scores(config, {{"a b", &kRight, 1, false}, {"a c", &kRight, 1, false}, {"a b", &kRight, 1, false}, {"z z", &kNone, 1, false}}) ==
        std::vector<double>{0.25, 0.5, 0.25, 0.0});
  CHECK(Scores(config, {{"a b", &kRight, 1, false}}) == std::vector<double>{0.0});
}

TEST_CASE("language is the share of the reasoning's words in the script", "[shaping]") {
  RewardTermConfig config = Named("language");
  config.pattern = "en";
  CHECK(Score(config, "<think>two words</think>") == 1);
  CHECK(Score(config, "<think>two words \xE4\xBD\xA0\xE5\xA5\xBD</think> \xE4\xBD\xA0") == Approx(2.0 / 4));  // two words and two Han
  CHECK(Score(config, "\xD0\xB4\xD0\xB0, yes") == 0.5);
  CHECK(Score(config, "\xD0\xB4\xD0\xB0 $x + yy$ \\frac x 12") == 0);
  CHECK(Score(config, "12 + 30 = 42") == 0);
  config.pattern = "zh";
  CHECK(Score(config, "\xE4\xBD\xA0\xE5\xA5\xBD x = 1") == 1);
}

TEST_CASE("settings that a reward has no use for, and unusable ones, are refused", "[shaping]") {
  const auto error = [](const RewardTermConfig& config) { return std::string(Message(Make(config).status())); };
  RewardTermConfig config = Named("kimi_length");
  config.ngram = 3;
  CHECK_THAT(error(config), Contains("\"kimi_length\" has no ngram; remove ngram = 3"));
  config = Named("repetition");
  config.unit = "word";
  CHECK_THAT(error(config), Contains("did you mean \"words\"?"));
  config = Named("cosine_length");
  config.correct_range = {1, 0.5};
  CHECK_THAT(error(config), Contains("correct_range = [1, 0.5]") && Contains("the lower first"));
  CHECK_THAT(error(Named("target_length")), Contains("target_tokens = 0"));
  CHECK_THAT(error(Named("language")), Contains("one of ar, "));
  CHECK_THAT(error(Named("external")), Contains("has no command"));
  config = Named("repetition");
  config.unit = "tokens";
  CHECK(std::isnan(Scores(config, {{"text", &kRight, 5, false}})[0]));
}

}  // namespace
}  // namespace cupel
