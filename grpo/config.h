#pragma once

#include <cstdint>
#include <string>

#include "base/config.h"

namespace cupel {

// The update, as in algorithms: objective x aggregation x KL over group-relative advantages.
struct GrpoConfig {
  std::string advantage_scale = "sample";
  double advantage_eps = 1e-6;
  double clip_low = 0.2;
  double clip_high = 0.28;
  std::string aggregation = "token_mean";
  int64_t updates_per_step = 1;
  int64_t microbatch_tokens = 1024;
  int64_t max_skipped_updates = 5;
  template <class Field>
  void VisitFields(Field&& field) {
    field("advantage_scale", advantage_scale, "what group-centred rewards are divided by: standard deviation with n-1, with n, or nothing",
          OneOf{{"sample", "population", "none"}});
    field("advantage_eps", advantage_eps, "added to the standard deviation", Range{0, 1});
    field("clip_low", clip_low, "the ratio is clipped below at 1 - clip_low", Range{0, 1});
    field("clip_high", clip_high, "the ratio is clipped above at 1 + clip_high", Range{0, 100});
    field("aggregation", aggregation, "mean over all tokens of the update, or mean over completions of their token means",
          OneOf{{"token_mean", "sequence_mean"}});
    field("updates_per_step", updates_per_step, "optimizer updates per collected step, each over an equal share of the groups",
          Range{1, 1024});
    field("microbatch_tokens", microbatch_tokens,
          "packed tokens per forward and backward; bounds memory, never changes which update is made", Range{16, 1 << 24});
    field("max_skipped_updates", max_skipped_updates, "stop after so many consecutive updates with non-finite gradients (exit code 3)",
          Range{1, 1000000});
  }
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
  template <class Field>
  void VisitFields(Field&& field) {
    field("learning_rate", learning_rate, "AdamW step size", Range{0, 1});
    field("beta1", beta1, "decay of the first moment", Range{0, 0.999999});
    field("beta2", beta2, "decay of the second moment", Range{0, 0.9999999});
    field("eps", eps, "added to the root of the second moment", Range{0, 1});
    field("weight_decay", weight_decay, "decoupled decay of matrices per unit of learning rate", Range{0, 10});
    field("max_grad_norm", max_grad_norm, "gradients longer than this are scaled down to it; 0: never", Range{0, 1e9});
    field("warmup_updates", warmup_updates, "updates over which the step size rises from 0", Range{0, 1e9});
    field("schedule", schedule, "step size after the warm-up: constant, or linear to 0 at the run's end", OneOf{{"constant", "linear"}});
  }
};

}  // namespace cupel
