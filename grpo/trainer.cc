#include "grpo/trainer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include <ATen/ops/from_blob.h>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "grpo/advantage/advantage.h"
#include "grpo/objective/objective.h"
#include "grpo/optimizer.h"
#include "grpo/packing.h"

namespace cupel {
namespace {

constexpr const char* kStateFile = "trainer.json";

// A view of the vector as a tensor [C] fp32; the vector must outlive it.
at::Tensor AsTensor(std::vector<float>& values) { return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kFloat); }

// Sums over the microbatches of one or more updates.
struct LearnTotals {
  ObjectiveStats objective;  // loss and clipped shares add up; the gap is a maximum and a sum
  double gap_tokens = 0;     // tokens that the gap was measured on
  double entropy_sum = 0;
  double trained_tokens = 0;  // scored tokens that went through the backward pass
  double gradient_norm = 0;   // of the last update
  double skipped = 0;
  double num_updates = 0;  // that were made: a skipped one is in no sum

  void Add(const ObjectiveStats& stats, bool measures_gap, double tokens, double entropy) {
    objective.loss += stats.loss;
    objective.clipped_low += stats.clipped_low;
    objective.clipped_high += stats.clipped_high;
    trained_tokens += tokens;
    entropy_sum += entropy;
    if (measures_gap) {
      objective.max_logprob_gap = std::max(objective.max_logprob_gap, stats.max_logprob_gap);
      objective.sum_logprob_gap += stats.sum_logprob_gap;
      gap_tokens += tokens;
    }
  }
};

// Whether the policy could still sample: weights that have overflowed give log-probabilities that are not numbers.
bool AllLogprobsFinite(std::span<const RolloutGroup> groups) {
  return std::all_of(groups.begin(), groups.end(), [](const RolloutGroup& group) {
    return std::all_of(group.rollouts.begin(), group.rollouts.end(), [](const Rollout& rollout) {
      const std::vector<float>& logprobs = rollout.completion.logprobs;
      return std::all_of(logprobs.begin(), logprobs.end(), [](float logprob) { return std::isfinite(logprob); });
    });
  });
}

}  // namespace

struct Trainer::State {
  Policy& policy;
  GrpoConfig grpo;
  double temperature;
  Optimizer optimizer;
  int64_t num_updates = 0;
  int64_t consecutive_skips = 0;

  // Forward, objective and backward of one microbatch: gradients are added to the parameters'.
  void Backward(Microbatch& microbatch, bool measures_gap, LearnTotals& totals) {
    const TokenLogprobsResult result = policy.TokenLogprobs(microbatch.batch, temperature);
    const ObjectiveInput input{result.logprobs, AsTensor(microbatch.old_logprobs), AsTensor(microbatch.advantages),
                               AsTensor(microbatch.weights)};
    const ObjectiveResult objective = ClippedRatio(input, grpo.clip_low, grpo.clip_high);
    objective.loss.backward();
    totals.Add(objective.stats, measures_gap, static_cast<double>(microbatch.batch.num_scored()),
               result.entropy.sum(at::kDouble).item<double>());
  }

  // One optimizer update from `groups`. `is_first`: the policy is still the one that sampled them.
  absl::Status Update(std::span<const RolloutGroup> groups, bool is_first, LearnTotals& totals) {
    LearnTotals with_update = totals;  // becomes the totals unless the update is skipped
    for (Microbatch& microbatch : PackUpdate(groups, grpo.aggregation, grpo.microbatch_tokens)) {
      Backward(microbatch, is_first, with_update);
    }
    totals.gradient_norm = with_update.gradient_norm = optimizer.GradientNorm();
    const int64_t update = num_updates++;
    if (std::isfinite(totals.gradient_norm) && std::isfinite(with_update.objective.loss) && AllLogprobsFinite(groups)) {
      with_update.num_updates += 1;
      totals = with_update;
      consecutive_skips = 0;
      if (totals.gradient_norm > 0) {  // all groups without signal: there is nothing to learn, and Adam must not move on its momentum
        optimizer.Apply(totals.gradient_norm, update);
      }
      return absl::OkStatus();
    }
    totals.skipped += 1;
    policy.ZeroGradients();
    if (++consecutive_skips >= grpo.max_skipped_updates) {
      return absl::AbortedError(
          fmt::format("{} updates in a row had a log-probability, loss or gradient that is not finite and were skipped; lower "
                      "optimizer.learning_rate, or look at the last steps with `cupel show`",
                      consecutive_skips));
    }
    return absl::OkStatus();
  }
};

Trainer::Trainer(Policy& policy, const GrpoConfig& grpo, const OptimizerConfig& optimizer, double sampling_temperature,
                 int64_t total_updates) {
  Check(sampling_temperature > 0, "greedy samples have no log-probability to learn from");
  policy.EnableTraining();
  state_ = std::unique_ptr<State>(new State{policy, grpo, sampling_temperature, Optimizer(policy, optimizer, total_updates)});
}

Trainer::~Trainer() = default;

int64_t Trainer::num_updates() const { return state_->num_updates; }

void Trainer::Judge(std::vector<RolloutGroup>& groups) const {
  for (RolloutGroup& group : groups) {
    std::vector<double> rewards;
    std::vector<uint8_t> is_scored;
    for (const Rollout& rollout : group.rollouts) {
      rewards.push_back(rollout.reward);
      is_scored.push_back(rollout.verdict.is_scored() ? 1 : 0);
    }
    std::vector<double> advantages(rewards.size());
    GroupAdvantages(rewards, is_scored, state_->grpo.advantage_scale, state_->grpo.advantage_eps, advantages);
    for (size_t i = 0; i < advantages.size(); ++i) {
      group.rollouts[i].advantage = advantages[i];
    }
  }
}

absl::StatusOr<StepMetrics> Trainer::Learn(const std::vector<RolloutGroup>& groups) {
  StepMetrics metrics;
  AddRolloutMetrics(groups, metrics);

  LearnTotals totals;
  const auto num_groups = static_cast<int64_t>(groups.size());
  const int64_t num_shares = std::min(state_->grpo.updates_per_step, num_groups);
  metrics.Set("learning_rate", state_->optimizer.LearningRate(state_->num_updates));
  for (int64_t share = 0; share < num_shares; ++share) {
    const auto begin = static_cast<size_t>(num_groups * share / num_shares);
    const auto end = static_cast<size_t>(num_groups * (share + 1) / num_shares);
    CUPEL_RETURN_IF_ERROR(state_->Update(std::span(groups).subspan(begin, end - begin), share == 0, totals));
  }

  const auto mean = [](double sum, double count) { return count > 0 ? sum / count : 0.0; };
  metrics.Set("policy_loss", mean(totals.objective.loss, totals.num_updates));
  metrics.Set("grad_norm", totals.gradient_norm);
  metrics.Set("entropy", mean(totals.entropy_sum, totals.trained_tokens));
  metrics.Set("clip_ratio/low_mean", mean(totals.objective.clipped_low, totals.num_updates));
  metrics.Set("clip_ratio/high_mean", mean(totals.objective.clipped_high, totals.num_updates));
  metrics.Set("clip_ratio/region_mean", mean(totals.objective.clipped_low + totals.objective.clipped_high, totals.num_updates));
  metrics.Set("sampling/sampling_logp_difference/mean", mean(totals.objective.sum_logprob_gap, totals.gap_tokens));
  metrics.Set("sampling/sampling_logp_difference/max", totals.objective.max_logprob_gap);
  metrics.Set("train/scored_tokens", totals.trained_tokens);
  metrics.Set("train/skipped_updates", totals.skipped);
  return metrics;
}

absl::StatusOr<std::vector<Policy::WrittenFile>> Trainer::SaveState(const std::string& directory) const {
  const Json json = {{"updates", state_->num_updates},
                     {"applied_updates", state_->optimizer.num_applied()},
                     {"consecutive_skips", state_->consecutive_skips},
                     {"policy_version", state_->policy.version()}};
  const std::string text = DumpJson(json, 2) + "\n";
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(directory + "/" + kStateFile, text));
  CUPEL_ASSIGN_OR_RETURN(Policy::WrittenFile moments, state_->optimizer.Save(directory));
  return std::vector<Policy::WrittenFile>{{kStateFile, Sha256Hex(text)}, std::move(moments)};
}

absl::Status Trainer::LoadState(const std::string& directory) {
  const std::string path = directory + "/" + kStateFile;
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  CUPEL_ASSIGN_OR_RETURN(const Json json, ParseJson(text, path));
  for (const char* key : {"updates", "applied_updates", "consecutive_skips", "policy_version"}) {
    if (!json.contains(key) || !json[key].is_number_unsigned()) {
      return DataLoss("{}: member \"{}\" is missing or not a count", path, key);
    }
  }
  CUPEL_RETURN_IF_ERROR(state_->optimizer.Load(directory));
  state_->num_updates = json["updates"].get<int64_t>();
  state_->optimizer.set_num_applied(json["applied_updates"].get<int64_t>());
  state_->consecutive_skips = json["consecutive_skips"].get<int64_t>();
  state_->policy.set_version(json["policy_version"].get<uint64_t>());
  return absl::OkStatus();
}

}  // namespace cupel
