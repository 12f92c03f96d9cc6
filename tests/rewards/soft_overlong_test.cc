// The punishment of long answers. Run alone: build/release/tests/rewards_test "[soft_overlong]"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "rewards/registry.h"

namespace cupel {
namespace {

using Catch::Contains;

RewardTermConfig Settings(int64_t max_tokens, int64_t margin_tokens) {
  RewardTermConfig config;
  config.name = "soft_overlong";
  config.max_tokens = max_tokens;
  config.margin_tokens = margin_tokens;
  return config;
}

double ScoreOf(int64_t num_tokens) {
  const auto reward = MakeSoftOverlongReward(Settings(20480, 4096)).value();
  const Verdict verdict;
  const std::vector<Candidate> group = {{"text", &verdict, num_tokens, false}};
  std::vector<double> scores(1, 7.0);
  REQUIRE(reward->Score(Task{}, group, scores).ok());
  return scores[0];
}

std::string ErrorOf(const RewardTermConfig& config) { return std::string(Message(MakeSoftOverlongReward(config).status())); }

TEST_CASE("the punishment follows equation 13 of DAPO at the paper's settings", "[soft_overlong]") {
  CHECK(ScoreOf(1) == 0);
  CHECK(ScoreOf(16384) == 0);
  CHECK(ScoreOf(17408) == -0.25);
  CHECK(ScoreOf(18432) == -0.5);
  CHECK(ScoreOf(20480) == -1);
  CHECK(ScoreOf(20481) == -1);
  CHECK(ScoreOf(1'000'000) == -1);
}

TEST_CASE("settings without a limit or with a margin beyond it are refused", "[soft_overlong]") {
  CHECK_THAT(ErrorOf(Settings(0, 0)), Contains("max_tokens = 0"));
  CHECK_THAT(ErrorOf(Settings(10, 0)), Contains("margin_tokens = 0"));
  CHECK_THAT(ErrorOf(Settings(10, 11)), Contains("expected 0 < margin_tokens <= max_tokens"));
  RewardTermConfig with_pattern = Settings(10, 5);
  with_pattern.pattern = "boxed";
  CHECK_THAT(ErrorOf(with_pattern), Contains("remove pattern"));
}

}  // namespace
}  // namespace cupel
