#include "experiments/score/scorer.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <mutex>

#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "rewards/registry.h"

namespace cupel {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool SameBits(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

}  // namespace

struct Scorer::Clock {
  std::mutex mutex;
  TermTime time;
};

namespace {

// A reward function that notes how long it takes.
template <class Clock>
class TimedReward final : public RewardFunction {
 public:
  TimedReward(std::unique_ptr<RewardFunction> function, std::shared_ptr<Clock> clock)
      : function_(std::move(function)), clock_(std::move(clock)) {}
  std::string_view name() const override { return function_->name(); }
  double min_value() const override { return function_->min_value(); }
  double max_value() const override { return function_->max_value(); }
  absl::Status Score(const Task& task, std::span<const Candidate> group, std::span<double> scores) const override {
    const auto start = std::chrono::steady_clock::now();
    const absl::Status status = function_->Score(task, group, scores);
    const double seconds = SecondsSince(start);
    const std::lock_guard lock(clock_->mutex);
    clock_->time.seconds += seconds;
    clock_->time.longest_call = std::max(clock_->time.longest_call, seconds);
    clock_->time.answers += std::ssize(group);
    return status;
  }

 private:
  std::unique_ptr<RewardFunction> function_;
  std::shared_ptr<Clock> clock_;
};

}  // namespace

bool JudgedAnswer::operator==(const JudgedAnswer& other) const {
  return verdict.outcome == other.verdict.outcome && SameBits(reward, other.reward) && std::ranges::equal(values, other.values, SameBits);
}

absl::StatusOr<Scorer> Scorer::Create(std::string name, const RewardConfig& config) {
  std::vector<std::unique_ptr<RewardFunction>> functions;
  for (size_t i = 0; i < config.terms.size(); ++i) {
    absl::StatusOr<std::unique_ptr<RewardFunction>> function = MakeReward(config.terms[i]);
    CUPEL_RETURN_IF_ERROR(Annotate(function.status(), fmt::format("{}: reward term {}", name, i + 1)));
    functions.push_back(*std::move(function));
  }
  return Create(std::move(name), config, std::move(functions));
}

absl::StatusOr<Scorer> Scorer::Create(std::string name, const RewardConfig& config,
                                      std::vector<std::unique_ptr<RewardFunction>> functions) {
  std::vector<std::shared_ptr<Clock>> clocks;
  for (std::unique_ptr<RewardFunction>& function : functions) {
    clocks.push_back(std::make_shared<Clock>());
    function = std::make_unique<TimedReward<Clock>>(std::move(function), clocks.back());
  }
  absl::StatusOr<RewardComposition> rewards = RewardComposition::Create(config, std::move(functions));
  CUPEL_RETURN_IF_ERROR(Annotate(rewards.status(), name));
  Scorer scorer(std::move(name), *std::move(rewards));
  scorer.clocks_ = std::move(clocks);
  scorer.terms_ = scorer.rewards_.term_names();
  return scorer;
}

JudgedGroup Scorer::Score(const AnswerGroup& group, UndecidedAs undecided) const {
  const auto start = std::chrono::steady_clock::now();
  const absl::StatusOr<const Verifier*> verifier = FindVerifier(group.task.verifier);
  Check(verifier.ok(), "tasks were checked before they are judged");
  JudgedGroup scored;
  scored.answers.resize(group.answers.size());
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < group.answers.size(); ++i) {
    const Answer& answer = group.answers[i];
    const auto before = std::chrono::steady_clock::now();
    scored.answers[i].verdict = (*verifier)->Verify(group.task, answer.text);
    if (scored.answers[i].verdict.outcome == Outcome::kUndecided && undecided == UndecidedAs::kIncorrect) {
      scored.answers[i].verdict.outcome = Outcome::kIncorrect;
      scored.answers[i].was_undecided = true;
    }
    scored.verify_seconds = std::max(scored.verify_seconds, SecondsSince(before));
    candidates.push_back({answer.text, &scored.answers[i].verdict, answer.num_tokens, answer.is_truncated, answer.tokens});
  }
  RewardComposition::Result result = rewards_.Score(group.task, candidates, group.step);
  if (!result.terms.empty()) {
    std::ranges::transform(result.terms[0], std::back_inserter(scored.weights), &RewardTerm::weight);
  }
  for (size_t i = 0; i < group.answers.size(); ++i) {
    JudgedAnswer& answer = scored.answers[i];
    answer.reward = result.rewards[i];
    std::ranges::transform(result.terms[i], std::back_inserter(answer.values), &RewardTerm::value);
    if (!result.errors[i].empty() && answer.verdict.is_scored()) {
      answer.verdict.outcome = Outcome::kError;
      answer.verdict.rule = "reward";
      answer.verdict.reason = std::move(result.errors[i]);
    }
  }
  scored.seconds = SecondsSince(start);
  return scored;
}

std::vector<JudgedGroup> Scorer::ScoreAll(const std::vector<AnswerGroup>& groups, int threads, UndecidedAs undecided) const {
  constexpr size_t kShare = 16;  // groups per piece of work
  std::vector<JudgedGroup> scored(groups.size());
  ThreadPool pool(std::max(1, threads), 1024);
  for (size_t begin = 0; begin < groups.size(); begin += kShare) {
    pool.Submit([&, begin] {
      for (size_t i = begin; i < std::min(groups.size(), begin + kShare); ++i) {
        scored[i] = Score(groups[i], undecided);
      }
    });
  }
  pool.Wait();
  return scored;
}

std::vector<TermTime> Scorer::times() const {
  std::vector<TermTime> times;
  for (const std::shared_ptr<Clock>& clock : clocks_) {
    const std::lock_guard lock(clock->mutex);
    times.push_back(clock->time);
  }
  return times;
}

}  // namespace cupel
