// Covers experiments/replay/rescore.h and rollout/rescore_rows.h: completions judged again. Alone:
// build/release/tests/experiments_offline_test "[rescore]"

#include "experiments/replay/rescore.h"

#include <chrono>
#include <cmath>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "experiments/replay/judge.h"
#include "rollout/rescore_rows.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

RewardConfig Correctness(double weight = 1) {
  RewardConfig config;
  config.terms = {RewardTermConfig{.name = "correctness", .weight = weight, .pattern = ""}};
  return config;
}

// A log whose verdicts, rewards and advantages are those of the verifier number and of correctness; or of a judge that is content with
// everything.
std::string WriteJudgedLog(const TempDir& folder, int64_t num_steps, const SampleShape& shape = {}, bool is_lenient = false) {
  const std::string path = folder.File("run.db");
  const GroupJudge judge = GroupJudge::Create("", std::nullopt, Correctness()).value();
  RolloutStore store = CreateSampleLog(path);
  for (int64_t step = 0; step < num_steps; ++step) {
    std::vector<RolloutGroup> groups = SampleGroups(step, shape);
    for (RolloutGroup& group : groups) {
      judge.Verify(group);
      for (Rollout& rollout : group.rollouts) {
        rollout.verdict.outcome = is_lenient ? Outcome::kCorrect : rollout.verdict.outcome;
      }
      judge.Reward(group);
    }
    FillAdvantages(GrpoConfig(), groups);
    REQUIRE(store.AppendStep(step, groups).ok());
  }
  return path;
}

RescoreSummary Summary(const std::string& path, const RescoreRequest& request) {
  const RolloutStore store = RolloutStore::Open(path, RolloutStore::Mode::kReadOnly).value();
  const absl::StatusOr<RescoreSummary> summary = Rescore(store, request);
  INFO(Message(summary.status()));
  REQUIRE(summary.ok());
  return *summary;
}

TEST_CASE("the same rules give the same judgement", "[rescore]") {
  const TempDir folder;
  const std::string path = WriteJudgedLog(folder, 10);
  const RescoreSummary summary = Summary(path, {.rewards = Correctness()});
  CHECK(summary.num_rollouts == 120);
  CHECK(summary.num_changed() == 0);
  CHECK(summary.reward.before == summary.reward.after);
  CHECK(summary.reward.Correlation() == Approx(1));
  CHECK(summary.advantage_signs == 0);
  CHECK(summary.weight_moved == 0);
  CHECK(summary.groups_with_signal[0] == summary.groups_with_signal[1]);
  CHECK(summary.groups_with_signal[0] > 0);
}

TEST_CASE("a stricter judge flips verdicts, with examples of each kind", "[rescore]") {
  const TempDir folder;
  const std::string path = WriteJudgedLog(folder, 10, {}, true);
  const RescoreSummary summary = Summary(path, {.rewards = Correctness(), .max_examples = 2});
  const int64_t wrong = 120 - static_cast<int64_t>(summary.reward.after);
  CHECK(wrong > 20);
  CHECK(summary.reward.before == 120);
  CHECK(summary.flips.at({Outcome::kCorrect, Outcome::kIncorrect}) == wrong);
  CHECK(summary.num_changed() == wrong);
  REQUIRE(summary.examples.at({Outcome::kCorrect, Outcome::kIncorrect}).size() == 2);
  CHECK(summary.examples.at({Outcome::kCorrect, Outcome::kIncorrect})[0].after.reason.find("gold") != std::string::npos);
  CHECK(std::isnan(summary.reward.Correlation()));
  CHECK(summary.groups_with_signal[0] == 0);
  CHECK(summary.groups_gained == summary.groups_with_signal[1]);
  CHECK(summary.groups_gained > 0);
  CHECK(summary.weight_moved == Approx(0.5));  // there was none, and now there is some
  CHECK(RescoreText(summary).find("correct -> incorrect: " + std::to_string(wrong)) != std::string::npos);
}

TEST_CASE("the share of moved weight knows its ends", "[rescore]") {
  const TempDir folder;
  const std::string path = WriteJudgedLog(folder, 10);
  CHECK(Summary(path, {.rewards = Correctness(2)}).weight_moved < 1e-5);  // the same direction for every completion
  const RescoreSummary against = Summary(path, {.rewards = Correctness(-1)});
  CHECK(against.weight_moved == Approx(1));
  CHECK(against.reward.Correlation() == Approx(-1));
  CHECK(against.advantage_signs > 0);
  CHECK(against.num_changed() == 0);
}

TEST_CASE("the number of threads changes nothing", "[rescore]") {
  const TempDir folder;
  const std::string path = WriteJudgedLog(folder, 40, {.num_groups = 5, .group_size = 16});
  const auto judged = [&](int threads) {
    RescoreSummary summary = Summary(path, {.verifier = "exact_match", .rewards = Correctness(), .threads = threads});
    summary.seconds = 0;
    return DumpJson(RescoreJson(summary));
  };
  const std::string one = judged(1);
  CHECK(judged(2) == one);
  CHECK(judged(8) == one);
}

TEST_CASE("results are kept under a label and compared by a view", "[rescore]") {
  const TempDir folder;
  const std::string path = WriteJudgedLog(folder, 5, {}, true);
  const RolloutStore store = RolloutStore::Open(path, RolloutStore::Mode::kReadOnly).value();
  RescoreWriter writer = RescoreWriter::Open(path, 1, {"strict", Json::object(), "0.1.0"}).value();
  const RescoreSummary summary =
      Rescore(store, {.rewards = Correctness()}, [&](const auto&, const auto& after) { return writer.Add(after); }).value();
  REQUIRE(writer.Commit().ok());
  CHECK(store.connection().QueryInteger("SELECT count(*) FROM rescored").value() == 60);
  CHECK(store.connection().QueryInteger("SELECT count(*) FROM verdict_changes WHERE label = 'strict'").value() == summary.num_changed());
  CHECK(store.connection()
            .QueryInteger("SELECT count(*) FROM verdict_changes WHERE outcome_before = 'correct' AND outcome_after = 'incorrect'")
            .value() == summary.flips.at({Outcome::kCorrect, Outcome::kIncorrect}));
  CHECK(IntegrityProblems(path).empty());
  const absl::Status again = RescoreWriter::Open(path, 1, {"strict", Json::object(), "0.1.0"}).status();
  CHECK(absl::IsAlreadyExists(again));
  CHECK(Message(again).find("strict") != std::string_view::npos);
}

TEST_CASE("a rescoring that is not committed leaves nothing", "[rescore]") {
  const TempDir folder;
  const std::string path = WriteJudgedLog(folder, 2);
  {
    RescoreWriter writer = RescoreWriter::Open(path, 1, {"strict", Json::object(), "0.1.0"}).value();
    REQUIRE(writer.Add(SampleGroups(0)).ok());
  }
  const RolloutStore store = RolloutStore::Open(path, RolloutStore::Mode::kReadOnly).value();
  CHECK(store.connection().QueryInteger("SELECT (SELECT count(*) FROM rescores) + (SELECT count(*) FROM rescored)").value() == 0);
}

TEST_CASE("what cannot be judged is refused by name", "[rescore]") {
  const TempDir folder;
  const RolloutStore store = RolloutStore::Open(WriteJudgedLog(folder, 2), RolloutStore::Mode::kReadOnly).value();
  const auto message = [&](const RescoreRequest& request) { return std::string(Message(Rescore(store, request).status())); };
  CHECK(message({.verifier = "numbr"}).find("did you mean \"number\"") != std::string::npos);
  RewardConfig unknown;
  unknown.terms[0].name = "corectness";
  CHECK(message({.rewards = unknown}).find("correctness") != std::string::npos);
  CHECK(message({.metadata = "{\"nonsense\": 1}"}).find("step 1, group 0") != std::string::npos);
}

// Hidden: build/release/tests/experiments_offline_test "[.bench]"
TEST_CASE("how long 100,000 completions take", "[.bench]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  {
    RolloutStore store = CreateSampleLog(path);
    for (int64_t step = 0; step < 782; ++step) {
      std::vector<RolloutGroup> groups = SampleGroups(step, {.num_groups = 16, .group_size = 8, .num_tokens = 200});
      for (RolloutGroup& group : groups) {
        for (Rollout& rollout : group.rollouts) {
          // A kilobyte of reasoning, and an answer that is not the gold one letter for letter.
          for (int line = 0; line < 16; ++line) {
            rollout.text += fmt::format(" Then $x_{{{}}} = \\frac{{{}}}{{2}} + \\sqrt{{{}}}$, so we go on.\n", line, line + step, line);
          }
          rollout.text += fmt::format("The answer is $\\boxed{{\\frac{{{}}}{{2}}}}$.", 2 * rollout.completion.tokens.size() % 7);
        }
      }
      REQUIRE(store.AppendStep(step, groups).ok());
    }
  }
  for (const std::string_view verifier : VerifierNames()) {
    const RolloutStore store = RolloutStore::Open(path, RolloutStore::Mode::kReadOnly).value();
    const absl::StatusOr<RescoreSummary> summary = Rescore(store, {.verifier = std::string(verifier), .rewards = Correctness()});
    if (summary.ok()) {
      fmt::print("{} completions rescored by {} in {:.2f} s\n", summary->num_rollouts, verifier, summary->seconds);
    }
  }
}

}  // namespace
}  // namespace cupel
