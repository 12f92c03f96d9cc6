#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "experiments/score/answers.h"
#include "rewards/reward.h"
#include "verifiers/verifier.h"

namespace cupel {

struct JudgedAnswer {
  Verdict verdict;             // error by the rule "reward" where a reward function failed
  std::vector<double> values;  // [terms], before the weights
  double reward = 0;
  bool was_undecided = false;                        // and counted as incorrect, see UndecidedAs
  bool operator==(const JudgedAnswer& other) const;  // same outcome, same bits
};

struct JudgedGroup {
  std::vector<JudgedAnswer> answers;  // as in the group
  std::vector<double> weights;        // [terms], by the schedule at the group's step
  double verify_seconds = 0;          // of the slowest verdict
  double seconds = 0;                 // of the whole group
};

// Time that a function took, over all calls.
struct TermTime {
  double seconds = 0;
  double longest_call = 0;
  int64_t answers = 0;
};

// What becomes of an answer that the verifier cannot decide: no score, as in training, or that of an incorrect one, to see what the rewards
// would pay for it.
enum class UndecidedAs { kUnscored, kIncorrect };

// A verifier and a reward applied to groups of answers: what a training run does with them. Thread-safe.
class Scorer {
 public:
  static absl::StatusOr<Scorer> Create(std::string name, const RewardConfig& config);
  // With functions that stand in no registry.
  static absl::StatusOr<Scorer> Create(std::string name, const RewardConfig& config,
                                       std::vector<std::unique_ptr<RewardFunction>> functions);

  JudgedGroup Score(const AnswerGroup& group, UndecidedAs undecided = UndecidedAs::kUnscored) const;
  // The same for many, on `threads` threads; the result does not depend on how many.
  std::vector<JudgedGroup> ScoreAll(const std::vector<AnswerGroup>& groups, int threads,
                                    UndecidedAs undecided = UndecidedAs::kUnscored) const;

  const std::string& name() const { return name_; }
  const std::vector<std::string>& terms() const { return terms_; }
  std::vector<TermTime> times() const;  // [terms]

 private:
  struct Clock;
  Scorer(std::string name, RewardComposition rewards) : name_(std::move(name)), rewards_(std::move(rewards)) {}

  std::string name_;
  RewardComposition rewards_;
  std::vector<std::string> terms_;
  std::vector<std::shared_ptr<Clock>> clocks_;  // shared with the functions that they time
};

}  // namespace cupel
