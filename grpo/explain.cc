#include "grpo/explain.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace cupel {
namespace {

constexpr double kLowEntropy = 0.1;     // nats per token: nearly certain
constexpr double kHighKl = 1.0;         // nats per token
constexpr double kLengthFactor = 2.0;   // growth over the history that is called an explosion
constexpr double kMostTruncated = 0.5;  // share of completions

double Get(const StepMetrics& metrics, std::string_view name, double otherwise) {
  const auto found = std::find_if(metrics.values.begin(), metrics.values.end(), [&](const auto& entry) { return entry.first == name; });
  return found == metrics.values.end() ? otherwise : found->second;
}

double MeanOf(const std::vector<StepMetrics>& history, std::string_view name) {
  double sum = 0;
  for (const StepMetrics& metrics : history) {
    sum += Get(metrics, name, 0);
  }
  return sum / static_cast<double>(history.size());
}

// Each of the following looks at one number and says something about it, or nothing.

std::optional<Remark> NoSignal(const StepMetrics& metrics) {
  if (Get(metrics, "frac_reward_zero_std", 0) < 1) {
    return std::nullopt;
  }
  const double reward = Get(metrics, "reward", 0);
  // A bonus for entropy or a divergence from the reference trains answers of equal reward too.
  const char* update = Get(metrics, "train/scored_tokens", 0) > 0 ? "the update follows the entropy bonus and the divergence alone"
                                                                  : "no update was made and the weights are as they were";
  return Remark{
      false, "no_signal",
      fmt::format("no group had answers of different reward (mean reward {:.3g}), so {}. That is right: equal rewards say nothing about "
                  "which answer is better. If it stays, the questions are {}; change the data, raise rollout.group_size, or set "
                  "grpo.resample_rounds",
                  reward, update, reward > 0 ? "too easy, or too hard with partial credit" : "too hard")};
}

std::optional<Remark> LossNearZero(const StepMetrics& metrics, const GrpoConfig& config) {
  const bool is_on_policy = config.updates_per_step() == 1 && config.kl.beta == 0;
  if (!is_on_policy || std::abs(Get(metrics, "policy_loss", 1)) > 1e-6 || Get(metrics, "grad_norm", 0) <= 0) {
    return std::nullopt;
  }
  return Remark{
      false, "loss_near_zero",
      fmt::format("the policy loss is {:.1g} although the gradient norm is {:.3g}. That is right: on-policy every ratio is 1, and "
                  "the advantages of a group sum to zero; only the gradient tells something",
                  Get(metrics, "policy_loss", 0), Get(metrics, "grad_norm", 0))};
}

std::optional<Remark> NothingClipped(const StepMetrics& metrics, const GrpoConfig& config) {
  if (config.updates_per_step() > 1 || Get(metrics, "clip_ratio/region_mean", 1) != 0 || Get(metrics, "grad_norm", 0) <= 0) {
    return std::nullopt;
  }
  return Remark{false, "nothing_clipped",
                "clip_ratio is 0. That is right with one update per rollout: the policy that learns is the one that sampled, so no ratio "
                "leaves 1; the clip acts from grpo.updates_per_rollout = 2 on"};
}

std::optional<Remark> EntropyCollapse(const StepMetrics& metrics, const GrpoConfig& config) {
  const double entropy = Get(metrics, "entropy", 1);
  if (entropy >= kLowEntropy || Get(metrics, "train/scored_tokens", 0) == 0) {
    return std::nullopt;
  }
  return Remark{true, "entropy_collapse",
                fmt::format("the entropy is {:.3g} nats per token: the policy is nearly certain and samples the same answers, so it stops "
                            "learning. Lower optimizer.learning_rate, raise grpo.objective.clip_high, or {}",
                            entropy,
                            config.entropy.target > 0 ? "raise grpo.entropy.bonus_step, so that the bonus grows faster while entropy is "
                                                        "below its target"
                                                      : "set grpo.entropy.bonus or grpo.entropy.target")};
}

std::optional<Remark> KlSpike(const StepMetrics& metrics) {
  const double kl = Get(metrics, "kl", 0);
  if (kl <= kHighKl) {
    return std::nullopt;
  }
  return Remark{
      true, "kl_spike",
      fmt::format("the divergence from the reference is {:.3g} nats per token: the policy has left what the reference knows. Lower "
                  "optimizer.learning_rate, raise grpo.kl.beta, or let grpo.kl.reset move the reference",
                  kl)};
}

std::optional<Remark> LengthExplosion(const StepMetrics& metrics, const std::vector<StepMetrics>& history) {
  const double truncated = Get(metrics, "completions/clipped_ratio", 0);
  const double length = Get(metrics, "completions/mean_length", 0);
  const bool grew = !history.empty() && length > kLengthFactor * MeanOf(history, "completions/mean_length");
  const bool cut = !history.empty() && truncated > kMostTruncated && MeanOf(history, "completions/clipped_ratio") <= kMostTruncated / 2;
  if (!grew && !cut) {
    return std::nullopt;
  }
  return Remark{
      true, "length_explosion",
      fmt::format("answers are {:.0f} tokens long and {:.0f} % are cut, against {:.0f} tokens and {:.0f} % in the steps before. Look at "
                  "them with `cupel show`; grpo.aggregation = \"sequence_mean\" rewards long wrong answers, grpo.mask_truncated "
                  "leaves cut ones out of the loss",
                  length, 100 * truncated, MeanOf(history, "completions/mean_length"), 100 * MeanOf(history, "completions/clipped_ratio"))};
}

std::optional<Remark> RewardWithoutVariance(const StepMetrics& metrics, const std::vector<StepMetrics>& history) {
  const auto is_flat = [](const StepMetrics& step) { return Get(step, "frac_reward_zero_std", 0) == 1; };
  if (history.size() < kRemarkHistory / 2 || !is_flat(metrics) || !std::all_of(history.begin(), history.end(), is_flat)) {
    return std::nullopt;
  }
  return Remark{
      true, "reward_without_variance",
      fmt::format(
          "for {} steps no group has had answers of different reward: nothing is being learned from them. Check the reward with `cupel "
          "show`, or use easier questions",
          history.size() + 1)};
}

std::optional<Remark> Mismatch(const StepMetrics& metrics, const GrpoConfig& config) {
  const double gap = Get(metrics, "sampling/sampling_logp_difference/mean", 0);
  if (gap <= config.safety.mismatch_bound) {
    return std::nullopt;
  }
  if (config.correction.kind != "none") {
    return Remark{false, "corrected_mismatch",
                  fmt::format("sampler and trainer differ by {:.3g} nats per token on average; grpo.correction.kind = \"{}\" weighs every "
                              "token's loss by how much likelier it is to the trainer",
                              gap, config.correction.kind)};
  }
  return Remark{
      true, "mismatch",
      fmt::format("sampler and trainer differ by {:.3g} nats per token on average (bound {:.3g}): the update is off-policy without "
                  "knowing it. Use model.linear = \"kernel\", which makes them equal, or grpo.old_logprobs = \"recompute\" with "
                  "grpo.correction.kind = \"truncated\"",
                  gap, config.safety.mismatch_bound)};
}

}  // namespace

std::vector<Remark> Explain(const StepMetrics& metrics, const std::vector<StepMetrics>& history, const GrpoConfig& config) {
  std::vector<Remark> remarks;
  const std::optional<Remark> flat = RewardWithoutVariance(metrics, history);
  for (const std::optional<Remark>& remark :
       {flat, flat ? std::nullopt : NoSignal(metrics), LossNearZero(metrics, config), NothingClipped(metrics, config),
        EntropyCollapse(metrics, config), KlSpike(metrics), LengthExplosion(metrics, history), Mismatch(metrics, config)}) {
    if (remark) {
      remarks.push_back(*remark);
    }
  }
  return remarks;
}

}  // namespace cupel
