#include "grpo/step_metrics.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/check.h"
#include "grpo/advantage/advantage.h"

namespace cupel {
namespace {

// Count, mean and sample standard deviation (0 below two values).
struct Summary {
  double mean = 0;
  double std = 0;
};

Summary Summarize(const std::vector<double>& values) {
  Summary summary;
  if (values.empty()) {
    return summary;
  }
  const auto n = static_cast<double>(values.size());
  for (double value : values) {
    summary.mean += value;
  }
  summary.mean /= n;  // not a sum of shares, whose rounding would turn six rewards of 1 into a mean below 1
  if (values.size() > 1) {
    double squares = 0;
    for (double value : values) {
      squares += (value - summary.mean) * (value - summary.mean);
    }
    summary.std = std::sqrt(squares / (n - 1));
  }
  return summary;
}

void AddRewardMetrics(const std::vector<RolloutGroup>& groups, StepMetrics& metrics) {
  std::vector<double> all_rewards;
  std::vector<double> group_stds;
  std::map<std::string, std::vector<double>> by_term;
  double groups_without_signal = 0;
  double unscored = 0;
  for (const RolloutGroup& group : groups) {
    std::vector<double> rewards;
    for (const Rollout& rollout : group.rollouts) {
      if (!rollout.verdict.is_scored()) {
        ++unscored;
        continue;
      }
      rewards.push_back(rollout.reward);
      for (const RewardTerm& term : rollout.terms) {
        by_term[term.name].push_back(term.value);
      }
    }
    group_stds.push_back(Summarize(rewards).std);
    groups_without_signal += HasSignal(rewards) ? 0 : 1;
    all_rewards.insert(all_rewards.end(), rewards.begin(), rewards.end());
  }
  metrics.Set("reward", Summarize(all_rewards).mean);
  metrics.Set("reward_std", Summarize(group_stds).mean);
  metrics.Set("frac_reward_zero_std", groups_without_signal / static_cast<double>(groups.size()));
  for (const auto& [name, values] : by_term) {
    const Summary summary = Summarize(values);
    metrics.Set("rewards/" + name + "/mean", summary.mean);
    metrics.Set("rewards/" + name + "/std", summary.std);
  }
  metrics.Set("verdicts/unscored", unscored);
}

void AddLengthMetrics(const std::vector<RolloutGroup>& groups, StepMetrics& metrics) {
  std::vector<double> lengths;
  std::vector<double> terminated;
  for (const RolloutGroup& group : groups) {
    for (const Rollout& rollout : group.rollouts) {
      lengths.push_back(static_cast<double>(rollout.completion.tokens.size()));
      if (rollout.completion.finish_reason == FinishReason::kStop) {
        terminated.push_back(lengths.back());
      }
    }
  }
  Check(!lengths.empty(), "a step has completions");
  const auto n = static_cast<double>(lengths.size());
  metrics.Set("completions/mean_length", Summarize(lengths).mean);
  metrics.Set("completions/min_length", *std::min_element(lengths.begin(), lengths.end()));
  metrics.Set("completions/max_length", *std::max_element(lengths.begin(), lengths.end()));
  metrics.Set("completions/mean_terminated_length", Summarize(terminated).mean);
  metrics.Set("completions/clipped_ratio", 1.0 - static_cast<double>(terminated.size()) / n);
  double tokens = 0;
  for (double length : lengths) {
    tokens += length;
  }
  metrics.Set("num_tokens", tokens);
}

}  // namespace

double StepMetrics::Get(std::string_view name) const {
  const auto found = std::find_if(values.begin(), values.end(), [&](const auto& entry) { return entry.first == name; });
  Check(found != values.end(), "the metric was measured");
  return found->second;
}

void StepMetrics::Set(std::string_view name, double value) {
  const auto found = std::find_if(values.begin(), values.end(), [&](const auto& entry) { return entry.first == name; });
  if (found != values.end()) {
    found->second = value;
  } else {
    values.emplace_back(name, value);
  }
}

void AddRolloutMetrics(const std::vector<RolloutGroup>& groups, StepMetrics& metrics) {
  Check(!groups.empty(), "a step has groups");
  AddRewardMetrics(groups, metrics);
  AddLengthMetrics(groups, metrics);
}

}  // namespace cupel
