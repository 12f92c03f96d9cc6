#include "grpo/trainer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include <ATen/core/grad_mode.h>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "grpo/judge_groups.h"
#include "grpo/learn_totals.h"
#include "grpo/objective/entropy.h"
#include "grpo/update.h"
#include "grpo/update_guard.h"
#include "policy/model/frozen_policy.h"

namespace cupel {
namespace {

constexpr const char* kStateFile = "trainer.json";
constexpr const char* kReferenceFile = "reference.safetensors";

float ToFloat(double value) { return static_cast<float>(value); }

// Whether the policy could still sample: weights that have overflowed give log-probabilities that are not numbers.
bool AllLogprobsFinite(std::span<const RolloutGroup> groups) {
  return std::all_of(groups.begin(), groups.end(), [](const RolloutGroup& group) {
    return std::all_of(group.rollouts.begin(), group.rollouts.end(), [](const Rollout& rollout) {
      const std::vector<float>& logprobs = rollout.completion.logprobs;
      return std::all_of(logprobs.begin(), logprobs.end(), [](float logprob) { return std::isfinite(logprob); });
    });
  });
}

// Answers about every scored completion, in order: the log-probabilities and entropies of its tokens.
using Asker = std::function<TokenLogprobsResult(const PackedBatch&)>;
using Receiver = std::function<void(size_t sequence_idx, std::span<const float> logprobs, std::span<const float> entropies)>;

void Ask(std::span<const SequenceRef> sequences, int64_t microbatch_tokens, const Asker& ask, const Receiver& receive) {
  const at::NoGradGuard no_grad;
  for (const Microbatch& microbatch : Pack(sequences, microbatch_tokens)) {
    const TokenLogprobsResult answer = ask(microbatch.batch);
    for (size_t i = 0; i + microbatch.begin < microbatch.end; ++i) {
      const int64_t begin = microbatch.batch.completion_begin[i];
      const auto length = static_cast<size_t>(microbatch.batch.completion_begin[i + 1] - begin);
      receive(microbatch.begin + i, {answer.logprobs.const_data_ptr<float>() + begin, length},
              {answer.entropy.const_data_ptr<float>() + begin, length});
    }
  }
}

}  // namespace

struct Trainer::State {
  State(Policy& policy_in, const GrpoConfig& grpo_in, const OptimizerConfig& optimizer_in, double temperature_in, int64_t total_updates)
      : policy(policy_in),
        grpo(grpo_in),
        temperature(temperature_in),
        guard(policy_in, optimizer_in, grpo_in.safety, total_updates),
        entropy(grpo_in.entropy) {
    if (grpo.kl.is_on()) {
      reference = std::make_unique<FrozenPolicy>(policy);
    }
  }

  Policy& policy;
  GrpoConfig grpo;
  double temperature;
  UpdateGuard guard;
  std::unique_ptr<FrozenPolicy> reference;  // null when there is no divergence
  EntropyController entropy;
  ReferenceClock clock;
  bool reference_was_reset = false;

  std::vector<GroupFacts> FindFacts(std::span<const RolloutGroup> groups);
  LossSettings Settings(const UpdateCounts& counts) const;
  LossSums AccumulateGradients(const Update& update);
  absl::Status ApplyOrSkip(const LossSums& sums, const UpdateCounts& counts, bool could_sample, bool is_first, LearnTotals& totals);
  void ResetReferenceIfDue(double mean_reward);
  std::vector<double> DivergencePenalty(const RolloutGroup& group);
};

// What the loss needs to know before the first update: nothing by default, so no forward pass is spent.
std::vector<GroupFacts> Trainer::State::FindFacts(std::span<const RolloutGroup> groups) {
  std::vector<GroupFacts> facts;
  std::vector<SequenceFacts*> places;  // of the scored sequences, in order
  for (const RolloutGroup& group : groups) {
    facts.emplace_back(group.rollouts.size());
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t i = 0; i < groups[g].rollouts.size(); ++i) {
      const Rollout& rollout = groups[g].rollouts[i];
      if (rollout.verdict.is_scored() && !rollout.completion.tokens.empty()) {
        places.push_back(&facts[g][i]);
      }
    }
  }
  const std::vector<SequenceRef> sequences = ScoredSequences(groups);
  const bool recomputes = grpo.old_logprobs == "recompute";
  if (recomputes || grpo.entropy.top_share < 1) {
    Ask(
        sequences, grpo.microbatch_tokens, [this](const PackedBatch& batch) { return policy.TokenLogprobs(batch, temperature); },
        [&](size_t i, std::span<const float> logprobs, std::span<const float> entropies) {
          if (recomputes) {
            places[i]->old_logprobs.assign(logprobs.begin(), logprobs.end());
          }
          places[i]->entropies.assign(entropies.begin(), entropies.end());
        });
  }
  if (reference != nullptr && grpo.kl.placement == "loss") {
    Ask(
        sequences, grpo.microbatch_tokens, [this](const PackedBatch& batch) { return reference->TokenLogprobs(batch, temperature); },
        [&](size_t i, std::span<const float> logprobs, std::span<const float>) {
          places[i]->reference_logprobs.assign(logprobs.begin(), logprobs.end());
        });
  }
  return facts;
}

LossSettings Trainer::State::Settings(const UpdateCounts& counts) const {
  const double tokens = static_cast<double>(std::max<int64_t>(1, counts.tokens));
  return {.objective = FindObjective(grpo.objective.kind),
          .objective_config = grpo.objective,
          .kl_estimator = grpo.kl.estimator,
          .kl_weight = grpo.kl.beta,
          .entropy_weight = entropy.Coefficient() / tokens};
}

// Forward, loss and backward of every microbatch: gradients are added to those of the policy's parameters.
LossSums Trainer::State::AccumulateGradients(const Update& update) {
  const LossSettings settings = Settings(update.counts);
  LossSums sums;
  for (const Microbatch& microbatch : Pack(update.sequences, grpo.microbatch_tokens)) {
    policy.AccumulateGradients(microbatch.batch, temperature, grpo.recompute_activations,
                               [&](size_t completion, std::span<const float> logprobs, std::span<const float> entropies,
                                   std::span<float> logprob_gradients, std::span<float> entropy_gradients) {
                                 const std::vector<double> wide_logprobs(logprobs.begin(), logprobs.end());
                                 const std::vector<double> wide_entropies(entropies.begin(), entropies.end());
                                 std::vector<double> by_logprob(logprobs.size());
                                 std::vector<double> by_entropy(logprobs.size());
                                 AddCompletionLoss(settings, update.losses[microbatch.begin + completion], wide_logprobs, wide_entropies,
                                                   by_logprob, by_entropy, sums);
                                 std::ranges::transform(by_logprob, logprob_gradients.begin(), ToFloat);
                                 std::ranges::transform(by_entropy, entropy_gradients.begin(), ToFloat);
                               });
  }
  return sums;
}

// The optimizer's update, unless something about it is wrong.
absl::Status Trainer::State::ApplyOrSkip(const LossSums& sums, const UpdateCounts& counts, bool could_sample, bool is_first,
                                         LearnTotals& totals) {
  CUPEL_ASSIGN_OR_RETURN(const UpdateGuard::Outcome outcome, guard.Apply(could_sample && std::isfinite(sums.loss)));
  totals.gradient_norm = outcome.gradient_norm;
  if (outcome.was_skipped) {
    totals.skipped += 1;
    totals.spikes += outcome.was_spike ? 1 : 0;
    return absl::OkStatus();
  }
  totals.AddUpdate(sums, counts, is_first);
  if (sums.tokens > 0) {
    entropy.Observe(sums.MeanEntropy());
  }
  return absl::OkStatus();
}

void Trainer::State::ResetReferenceIfDue(double mean_reward) {
  if (reference != nullptr && ShouldResetReference(grpo.kl, mean_reward, clock)) {
    reference->CopyFrom(policy);
    reference_was_reset = true;
  }
}

// beta sum_t k1_t of each scored member, k1 = log pi - log pi_ref of the sampled tokens.
std::vector<double> Trainer::State::DivergencePenalty(const RolloutGroup& group) {
  const std::vector<SequenceRef> members = ScoredSequences({&group, 1});
  std::vector<double> penalties(members.size());
  Ask(
      members, grpo.microbatch_tokens, [this](const PackedBatch& batch) { return reference->TokenLogprobs(batch, temperature); },
      [&](size_t i, std::span<const float> reference_logprobs, std::span<const float>) {
        for (size_t t = 0; t < reference_logprobs.size(); ++t) {
          const double sampled = members[i].rollout->completion.logprobs[t];
          penalties[i] += grpo.kl.beta * (sampled - static_cast<double>(reference_logprobs[t]));
        }
      });
  return penalties;
}

Trainer::Trainer(Policy& policy, const GrpoConfig& grpo, const OptimizerConfig& optimizer, double sampling_temperature,
                 int64_t total_updates) {
  Check(sampling_temperature > 0, "greedy samples have no log-probability to learn from");
  policy.EnableTraining();
  state_ = std::make_unique<State>(policy, grpo, optimizer, sampling_temperature, total_updates);
}

Trainer::~Trainer() = default;

int64_t Trainer::num_updates() const { return state_->guard.num_updates(); }

void Trainer::Judge(std::vector<RolloutGroup>& groups) const {
  RewardPenalty penalty;
  if (state_->reference != nullptr && state_->grpo.kl.placement == "reward") {
    penalty = [this](const RolloutGroup& group) { return state_->DivergencePenalty(group); };
  }
  JudgeGroups(state_->grpo, penalty, groups);
}

absl::StatusOr<StepMetrics> Trainer::Learn(const std::vector<RolloutGroup>& sampled) {
  const GrpoConfig& grpo = state_->grpo;
  StepMetrics metrics;
  AddRolloutMetrics(sampled, metrics);
  metrics.Set("learning_rate", state_->guard.learning_rate());

  std::vector<RolloutGroup> groups;
  for (const size_t g : ChooseGroups(sampled, grpo.groups_per_step)) {
    groups.push_back(sampled[g]);
  }
  const std::vector<GroupFacts> facts = state_->FindFacts(groups);
  LearnTotals totals;
  const size_t num_shares = std::min(static_cast<size_t>(grpo.updates_per_rollout), groups.size());
  for (int64_t pass = 0; pass < grpo.passes_per_rollout; ++pass) {
    for (size_t share = 0; share < num_shares; ++share) {
      const size_t begin = groups.size() * share / num_shares;
      const size_t count = groups.size() * (share + 1) / num_shares - begin;
      const std::span<const RolloutGroup> minibatch = std::span(groups).subspan(begin, count);
      const Update update = MakeUpdate(minibatch, std::span(facts).subspan(begin, count), grpo);
      const LossSums sums = state_->AccumulateGradients(update);
      const bool is_first = pass == 0 && share == 0;
      CUPEL_RETURN_IF_ERROR(state_->ApplyOrSkip(sums, update.counts, AllLogprobsFinite(minibatch), is_first, totals));
    }
  }
  state_->ResetReferenceIfDue(metrics.Get("reward"));

  AddLearnMetrics(totals, state_->reference != nullptr && grpo.kl.placement == "loss", grpo.objective.kind, metrics);
  metrics.Set("train/groups_not_used", static_cast<double>(sampled.size() - groups.size()));
  if (grpo.entropy.needs_gradient()) {
    metrics.Set("entropy_coef", state_->entropy.coefficient());
  }
  return metrics;
}

absl::StatusOr<std::vector<Policy::WrittenFile>> Trainer::SaveState(const std::string& directory) const {
  const State& state = *state_;
  Json json = state.guard.State();
  json["entropy"] = {{"coefficient", state.entropy.coefficient()}, {"is_below_target", state.entropy.is_below_target()}};
  json["reference"] = {{"was_reset", state.reference_was_reset},
                       {"steps_since", state.clock.steps_since},
                       {"has_best", state.clock.has_best},
                       {"best_reward", state.clock.best_reward}};
  const std::string text = DumpJson(json, 2) + "\n";
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(directory + "/" + kStateFile, text));
  CUPEL_ASSIGN_OR_RETURN(Policy::WrittenFile moments, state.guard.SaveMoments(directory));
  std::vector<Policy::WrittenFile> files{{kStateFile, Sha256Hex(text)}, std::move(moments)};
  if (state.reference_was_reset) {
    CUPEL_ASSIGN_OR_RETURN(std::string digest, state.reference->Save(directory + "/" + kReferenceFile));
    files.push_back({kReferenceFile, std::move(digest)});
  }
  return files;
}

absl::Status Trainer::LoadState(const std::string& directory) {
  const std::string path = directory + "/" + kStateFile;
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  CUPEL_ASSIGN_OR_RETURN(const Json json, ParseJson(text, path));
  State& state = *state_;
  CUPEL_RETURN_IF_ERROR(state.guard.Load(json, path, directory));
  try {
    const Json& entropy = json.at("entropy");
    state.entropy.Restore(entropy.at("coefficient").get<double>(), entropy.at("is_below_target").get<bool>());
    const Json& reference = json.at("reference");
    state.clock = {.steps_since = reference.at("steps_since").get<int64_t>(),
                   .best_reward = reference.at("best_reward").get<double>(),
                   .has_best = reference.at("has_best").get<bool>()};
    state.reference_was_reset = reference.at("was_reset").get<bool>();
  } catch (const Json::exception& error) {
    return DataLoss("{}: {}", path, error.what());
  }
  if (state.reference_was_reset && state.reference != nullptr) {
    return state.reference->Load(directory + "/" + kReferenceFile);
  }
  return absl::OkStatus();
}

}  // namespace cupel
