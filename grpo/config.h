#pragma once

#include <cstdint>
#include <string>

#include <absl/status/status.h>

#include "base/config.h"
#include "grpo/advantage/advantage.h"
#include "grpo/objective/correction.h"
#include "grpo/objective/entropy.h"
#include "grpo/objective/kl.h"
#include "grpo/objective/objective.h"

namespace cupel {

// What stops an update from being made.
struct SafetyConfig {
  int64_t max_skipped_updates = 5;
  int64_t spike_window = 64;
  double spike_factor = 20;
  double mismatch_bound = 0.05;
  template <class Field>
  void VisitFields(Field&& field) {
    field("max_skipped_updates", max_skipped_updates, "stop after so many consecutive skipped updates (exit code 3)", Range{1, 1000000});
    field("spike_window", spike_window, "gradient norms of so many updates tell what is usual; judged once a quarter of them is there",
          Range{8, 100000});
    field("spike_factor", spike_factor,
          "skip an update whose gradient norm is above the window's median by this many robust standard deviations; 0: never",
          Range{0, 1e9});
    field("mismatch_bound", mismatch_bound, "warn when sampler and trainer differ by more nats per token than this on average",
          Range{0, 100});
  }
};

// The update: advantage x objective x aggregation x divergence x correction x entropy, each chosen on its own.
struct GrpoConfig {
  AdvantageConfig advantage;
  ObjectiveConfig objective;
  KlConfig kl;
  CorrectionConfig correction;
  EntropyConfig entropy;
  SafetyConfig safety;
  std::string aggregation = "token_mean";
  int64_t constant_length = 0;
  bool mask_truncated = false;
  std::string old_logprobs = "sampler";
  int64_t updates_per_rollout = 1;
  int64_t passes_per_rollout = 1;
  int64_t resample_rounds = 0;
  int64_t microbatch_tokens = 1024;
  bool recompute_activations = false;
  template <class Field>
  void VisitFields(Field&& field) {
    field("advantage", advantage, "rewards to advantages");
    field("objective", objective, "the policy term of the loss");
    field("kl", kl, "divergence from a reference policy");
    field("correction", correction, "difference between sampler and trainer");
    field("entropy", entropy, "entropy bonus and mask");
    field("safety", safety, "when an update is not made");
    field("aggregation", aggregation,
          "mean over all tokens of the update, over completions of their token means, or over a constant length",
          OneOf{{"token_mean", "sequence_mean", "constant_length"}});
    field("constant_length", constant_length, "constant_length: the length that stands for every completion's; 0: rollout.max_new_tokens",
          Range{0, 1 << 24});
    field("mask_truncated", mask_truncated, "leave truncated completions out of the loss; they stay in the group's baseline");
    field("old_logprobs", old_logprobs,
          "the ratio is against the sampler's log-probabilities, or against the trainer's own (one forward more)",
          OneOf{{"sampler", "recompute"}});
    field("updates_per_rollout", updates_per_rollout, "optimizer updates per pass over a step's groups, each over an equal share of them",
          Range{1, 1024});
    field("passes_per_rollout", passes_per_rollout, "times that a step's groups are gone through", Range{1, 64});
    field("resample_rounds", resample_rounds,
          "dynamic sampling: further rounds of questions to replace groups without signal; 0: train on what the first round gives",
          Range{0, 64});
    field("microbatch_tokens", microbatch_tokens,
          "packed tokens per forward and backward; bounds memory, never changes which update is made", Range{16, 1 << 24});
    field("recompute_activations", recompute_activations, "keep one activation per layer and compute the rest again in the backward pass");
  }
  int64_t groups_per_step = 0;  // filled in from rollout.prompts_per_step, no setting of its own; 0: as many as there are
  int64_t updates_per_step() const { return updates_per_rollout * passes_per_rollout; }
};

struct OptimizerConfig {
  double learning_rate = 1e-5;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;
  double max_grad_norm = 1.0;
  int64_t warmup_updates = 0;
  std::string schedule = "constant";
  double final_share = 0;
  template <class Field>
  void VisitFields(Field&& field) {
    field("learning_rate", learning_rate, "AdamW step size", Range{0, 1});
    field("beta1", beta1, "decay of the first moment", Range{0, 0.999999});
    field("beta2", beta2, "decay of the second moment", Range{0, 0.9999999});
    field("eps", eps, "added to the root of the second moment", Range{0, 1});
    field("weight_decay", weight_decay, "decoupled decay of matrices per unit of learning rate", Range{0, 10});
    field("max_grad_norm", max_grad_norm, "gradients longer than this are scaled down to it; 0: never", Range{0, 1e9});
    field("warmup_updates", warmup_updates, "updates over which the step size rises from 0", Range{0, 1e9});
    field("schedule", schedule, "step size after the warm-up", OneOf{{"constant", "linear", "cosine"}});
    field("final_share", final_share, "linear, cosine: share of the step size that is left at the run's end", Range{0, 1});
  }
};

// What no single setting can tell. group_size: completions per question. InvalidArgument names the settings, their values and what to
// write instead.
absl::Status CheckGrpoConfig(const GrpoConfig& config, int64_t prompts_per_step, int64_t group_size);

}  // namespace cupel
