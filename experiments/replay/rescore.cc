#include "experiments/replay/rescore.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "experiments/replay/judge.h"

namespace cupel {
namespace {

constexpr int64_t kRolloutsInHand = 2048;  // read ahead of those that are being judged

// A step as recorded and as rescored.
struct StepPair {
  std::vector<RolloutGroup> before;
  std::vector<RolloutGroup> after;
};

// Completions whose text was removed cannot be judged: they leave their groups, which keep the others.
int64_t DropPruned(std::vector<RolloutGroup>& groups) {
  int64_t num_pruned = 0;
  for (RolloutGroup& group : groups) {
    num_pruned += static_cast<int64_t>(
        std::erase_if(group.rollouts, [](const Rollout& rollout) { return rollout.completion.tokens.empty() && rollout.text.empty(); }));
  }
  std::erase_if(groups, [](const RolloutGroup& group) { return group.rollouts.empty(); });
  return num_pruned;
}

bool HasSignal(const RolloutGroup& group) {
  std::optional<double> first;
  for (const Rollout& rollout : group.rollouts) {
    if (rollout.verdict.is_scored()) {
      if (first && *first != rollout.reward) {
        return true;
      }
      first = rollout.reward;
    }
  }
  return false;
}

// Adds steps up. What is kept for the share of moved weight is one number per completion with an advantage.
class Comparison {
 public:
  explicit Comparison(int64_t max_examples) : max_examples_(static_cast<size_t>(max_examples)) {}

  void Add(const StepPair& pair) {
    ++summary_.num_steps;
    for (size_t i = 0; i < pair.before.size(); ++i) {
      AddGroup(pair.before[i], pair.after[i]);
    }
  }
  void AddPruned(int64_t count) { summary_.num_pruned += count; }

  RescoreSummary Finish() && {
    double before = 0;
    double after = 0;
    for (const Weights& weights : weights_) {
      before += std::abs(weights.before);
      after += std::abs(weights.after);
    }
    double moved = 0;
    for (const Weights& weights : weights_) {
      moved += std::abs((before > 0 ? weights.before / before : 0) - (after > 0 ? weights.after / after : 0));
    }
    summary_.weight_moved = moved / 2;
    return std::move(summary_);
  }

 private:
  struct Weights {  // advantage times tokens
    double before;
    double after;
  };

  void AddGroup(const RolloutGroup& before, const RolloutGroup& after) {
    ++summary_.num_groups;
    const bool had_signal = HasSignal(before);
    const bool has_signal = HasSignal(after);
    summary_.groups_with_signal[0] += had_signal ? 1 : 0;
    summary_.groups_with_signal[1] += has_signal ? 1 : 0;
    summary_.groups_gained += !had_signal && has_signal ? 1 : 0;
    summary_.groups_lost += had_signal && !has_signal ? 1 : 0;
    for (size_t i = 0; i < before.rollouts.size(); ++i) {
      AddRollout(before, before.rollouts[i], after.rollouts[i]);
    }
  }

  void AddRollout(const RolloutGroup& group, const Rollout& before, const Rollout& after) {
    ++summary_.num_rollouts;
    const std::pair kind(before.verdict.outcome, after.verdict.outcome);
    ++summary_.flips[kind];
    if (kind.first != kind.second && summary_.examples[kind].size() < max_examples_) {
      summary_.examples[kind].push_back({.step = group.step,
                                         .group_idx = group.group_idx,
                                         .sample_idx = before.completion.sample_idx,
                                         .question = group.task.prompt.empty() ? "" : group.task.prompt.back().content,
                                         .gold = group.task.answer,
                                         .text = before.text,
                                         .before = before.verdict,
                                         .after = after.verdict});
    }
    if (before.verdict.is_scored() && after.verdict.is_scored()) {
      summary_.reward.Add(before.reward, after.reward);
      AddTerms(before, after);
    }
    summary_.advantage.Add(before.advantage, after.advantage);
    summary_.advantage_signs += before.advantage * after.advantage < 0 ? 1 : 0;
    if (before.advantage != 0 || after.advantage != 0) {
      const auto num_tokens = static_cast<double>(before.completion.tokens.size());
      weights_.push_back({before.advantage * num_tokens, after.advantage * num_tokens});
    }
  }

  void AddTerms(const Rollout& before, const Rollout& after) {
    const auto value = [](const Rollout& rollout, const std::string& name) -> std::optional<double> {
      const auto term = std::ranges::find(rollout.terms, name, &RewardTerm::name);
      return term == rollout.terms.end() ? std::nullopt : std::optional(term->value);
    };
    for (const RewardTerm& term : before.terms) {
      const std::optional<double> other = value(after, term.name);
      summary_.term_sides[term.name] |= other ? 3 : 1;
      summary_.terms[term.name].Add(term.value, other.value_or(0));
    }
    for (const RewardTerm& term : after.terms) {
      if (!value(before, term.name)) {
        summary_.term_sides[term.name] |= 2;
        summary_.terms[term.name].Add(0, term.value);
      }
    }
  }

  size_t max_examples_;
  RescoreSummary summary_;
  std::vector<Weights> weights_;
};

// Steps that are being judged while the next are read.
class Pipeline {
 public:
  Pipeline(const GroupJudge& judge, const GrpoConfig& grpo, int threads, Comparison& comparison, const RescoredStep& each)
      : judge_(judge), grpo_(grpo), pool_(threads, 4096), comparison_(comparison), each_(each) {}

  absl::Status Add(std::vector<RolloutGroup> groups) {
    auto pair = std::make_unique<StepPair>();
    pair->before = std::move(groups);
    pair->after = pair->before;
    for (RolloutGroup& group : pair->after) {
      num_waiting_ += std::ssize(group.rollouts);
      pool_.Submit([this, &group] { judge_.Judge(group); });
    }
    waiting_.push_back(std::move(pair));
    return num_waiting_ < kRolloutsInHand ? absl::OkStatus() : Flush();
  }

  absl::Status Flush() {
    pool_.Wait();
    for (const std::unique_ptr<StepPair>& pair : waiting_) {
      FillAdvantages(grpo_, pair->after);
      comparison_.Add(*pair);
      if (each_) {
        CUPEL_RETURN_IF_ERROR(each_(pair->before, pair->after));
      }
    }
    waiting_.clear();
    num_waiting_ = 0;
    return absl::OkStatus();
  }

 private:
  const GroupJudge& judge_;
  const GrpoConfig& grpo_;
  std::vector<std::unique_ptr<StepPair>> waiting_;
  int64_t num_waiting_ = 0;
  ThreadPool pool_;  // after what its work refers to
  Comparison& comparison_;
  const RescoredStep& each_;
};

}  // namespace

void PairedSums::Add(double x, double y) {
  n += 1;
  before += x;
  after += y;
  before_squares += x * x;
  after_squares += y * y;
  products += x * y;
}

double PairedSums::Correlation() const {
  const double covariance = products - before * after / n;
  const double spread = std::sqrt((before_squares - before * before / n) * (after_squares - after * after / n));
  return spread > 1e-12 ? covariance / spread : std::nan("");
}

int64_t RescoreSummary::num_changed() const {
  int64_t changed = 0;
  for (const auto& [kind, count] : flips) {
    changed += kind.first == kind.second ? 0 : count;
  }
  return changed;
}

absl::StatusOr<RescoreSummary> Rescore(const RolloutStore& store, const RescoreRequest& request, const RescoredStep& each) {
  const auto start = std::chrono::steady_clock::now();
  CUPEL_ASSIGN_OR_RETURN(const GroupJudge judge, GroupJudge::Create(request.verifier, request.metadata, request.rewards));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  const int threads = request.threads > 0 ? request.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  Comparison comparison(request.max_examples);
  {
    Pipeline pipeline(judge, request.grpo, threads, comparison, each);
    for (const int64_t step : steps) {
      CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> groups, store.ReadStep(step));
      comparison.AddPruned(DropPruned(groups));
      CUPEL_RETURN_IF_ERROR(judge.CheckTasks(groups));
      CUPEL_RETURN_IF_ERROR(pipeline.Add(std::move(groups)));
    }
    CUPEL_RETURN_IF_ERROR(pipeline.Flush());
  }
  RescoreSummary summary = std::move(comparison).Finish();
  if (summary.num_rollouts == 0) {
    return FailedPrecondition("{}: there is no completion to rescore{}", store.path(),
                              summary.num_pruned > 0 ? fmt::format(" ({} were pruned)", summary.num_pruned) : "");
  }
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

absl::StatusOr<RescoreRequest> RescoreAsRecorded(const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
  RescoreRequest request;
  if (info.recipe.contains("reward")) {
    CUPEL_RETURN_IF_ERROR(ApplyJson(info.recipe["reward"], store.path() + ": the run's recipe, reward", request.rewards));
  }
  if (info.recipe.contains("grpo")) {
    CUPEL_RETURN_IF_ERROR(ApplyJson(info.recipe["grpo"], store.path() + ": the run's recipe, grpo", request.grpo));
  }
  return request;
}

}  // namespace cupel
