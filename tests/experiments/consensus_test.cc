// Covers experiments/consensus.h. Alone: build/release/tests/experiments_offline_test "[consensus]"

#include "experiments/consensus.h"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

RolloutGroup Answers(const std::string& gold, const std::string& verifier_name, const std::vector<std::string>& texts) {
  RolloutGroup group;
  group.task.verifier = verifier_name;
  group.task.answer = gold;
  const Verifier* verifier = FindVerifier(verifier_name).value();
  for (const std::string& text : texts) {
    Rollout rollout;
    rollout.text = text;
    rollout.verdict = verifier->Verify(group.task, text);
    group.rollouts.push_back(rollout);
  }
  return group;
}

Votes VotesOf(const std::string& gold, const std::string& verifier, const std::vector<std::string>& texts) {
  return CountVotes(Answers(gold, verifier, texts), *FindVerifier(verifier).value());
}

// All subsets of size k of n answers, the first c of them right: the definition, by counting.
double PassByCounting(int64_t n, int64_t c, int64_t k) {
  std::vector<bool> is_drawn(static_cast<size_t>(n), false);
  std::fill(is_drawn.begin(), is_drawn.begin() + k, true);
  double subsets = 0;
  double passed = 0;
  do {
    subsets += 1;
    passed += std::any_of(is_drawn.begin(), is_drawn.begin() + c, [](bool drawn) { return drawn; }) ? 1 : 0;
  } while (std::prev_permutation(is_drawn.begin(), is_drawn.end()));
  return passed / subsets;
}

TEST_CASE("pass@k equals its definition by counting subsets, and its published values", "[consensus]") {
  for (int64_t n = 1; n <= 9; ++n) {
    for (int64_t c = 0; c <= n; ++c) {
      for (int64_t k = 1; k <= n; ++k) {
        INFO(n << " " << c << " " << k);
        CHECK(PassAtK(n, c, k) == Approx(PassByCounting(n, c, k)).margin(1e-12));
      }
    }
  }
  CHECK(PassAtK(16, 4, 1) == Approx(0.25));
  CHECK(PassAtK(16, 4, 4) == Approx(0.728022).margin(1e-6));
  CHECK(PassAtK(16, 4, 8) == Approx(0.961538).margin(1e-6));
  CHECK(PassAtK(1'000'000, 1, 500'000) == Approx(0.5));
}

TEST_CASE("a majority that is tied counts its share, whatever the order of answers", "[consensus]") {
  std::vector<std::string> texts = {"\\boxed{12}", "\\boxed{7}", "\\boxed{12}", "I do not know",
                                    "\\boxed{7}",  "\\boxed{7}", "\\boxed{12}", "\\boxed{5}"};
  for (int rotation = 0; rotation < 8; ++rotation) {
    const Votes votes = VotesOf("7", "number", texts);
    CHECK(votes.correct == 3);
    CHECK(std::count(votes.classes.begin(), votes.classes.end(), Votes::kNone) == 1);
    CHECK(ConsensusAtK(votes, 8) == 0.5);
    CHECK(ConsensusAtK(votes, 1) == Approx(0.375));
    std::rotate(texts.begin(), texts.begin() + 1, texts.end());
  }
}

TEST_CASE("answers are counted together when the verifier says they are equal", "[consensus]") {
  // Three ways to write a half outvote two equal wrong answers, which are also written in two ways.
  const Votes right =
      VotesOf("\\frac{1}{2}", "math", {"\\boxed{0.5}", "\\boxed{1/4}", "\\boxed{2/4}", "\\boxed{0.25}", "\\boxed{\\frac12}"});
  CHECK(right.classes == std::vector<int64_t>{0, 1, 0, 1, 0});
  CHECK(ConsensusAtK(right, 5) == 1);
  const Votes wrong = VotesOf("3", "math", {"\\boxed{0.5}", "\\boxed{3}", "\\boxed{\\frac{1}{2}}", "\\boxed{3}", "\\boxed{2^{-1}}"});
  CHECK(wrong.classes == std::vector<int64_t>{0, 1, 0, 1, 0});
  CHECK(ConsensusAtK(wrong, 5) == 0);
}

TEST_CASE("nobody right, nobody answering, and a verdict that is missing", "[consensus]") {
  CHECK(ConsensusAtK(VotesOf("7", "number", {"nothing", "nothing"}), 2) == 0);
  CHECK(ConsensusAtK(VotesOf("7", "number", {"\\boxed{1}", "\\boxed{2}"}), 2) == 0);
  RolloutGroup group = Answers("7", "number", {"\\boxed{7}", "\\boxed{1}", "\\boxed{1}"});
  group.rollouts[1].verdict.outcome = Outcome::kError;
  const Votes votes = CountVotes(group, *FindVerifier("number").value());
  CHECK(votes.samples() == 2);
  CHECK(ConsensusAtK(votes, 2) == 0.5);
}

TEST_CASE("scores for several k come from one sampling, over the questions that have so many answers", "[consensus]") {
  const Votes good = VotesOf("7", "number", {"\\boxed{7}", "\\boxed{7}", "\\boxed{7}", "\\boxed{1}"});
  const Votes bad = VotesOf("7", "number", {"\\boxed{1}", "\\boxed{1}", "\\boxed{7}", "\\boxed{1}"});
  const Votes few = VotesOf("7", "number", {"\\boxed{7}"});
  const std::vector<AtK> scores = ScoresAtK({good, bad, few}, 4);
  REQUIRE(scores.size() == 3);
  CHECK((scores[0].k == 1 && scores[0].questions == 3));
  CHECK(scores[0].pass == Approx((0.75 + 0.25 + 1) / 3));
  CHECK(scores[0].consensus == Approx(scores[0].pass));  // one answer is its own majority
  CHECK((scores[2].k == 4 && scores[2].questions == 2));
  CHECK(scores[2].pass == 1);
  CHECK(scores[2].consensus == 0.5);
  CHECK(scores[2].consensus_error == Approx(0.5));
}

}  // namespace
}  // namespace cupel
