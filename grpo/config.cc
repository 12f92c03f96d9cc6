#include "grpo/config.h"

#include <fmt/ranges.h>

#include "base/status.h"

namespace cupel {
namespace {

// InvalidArgument unless `found` (whether the registry has `name`); suggests the nearest member.
template <class Members>
absl::Status CheckName(std::string_view key, const std::string& name, bool found, const Members& members) {
  if (found) {
    return absl::OkStatus();
  }
  std::vector<std::string> names;
  for (const auto& member : members) {
    names.emplace_back(member.name);
  }
  const std::string nearest = NearestName(name, names);
  return InvalidArgument("grpo.{} is \"{}\"{}; it can be {}", key, name,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
}

absl::Status CheckMinibatches(const GrpoConfig& config, int64_t prompts_per_step) {
  if (prompts_per_step % config.updates_per_rollout == 0) {
    return absl::OkStatus();
  }
  int64_t fitting = config.updates_per_rollout;
  while (fitting > 1 && (fitting > prompts_per_step || prompts_per_step % fitting != 0)) {
    --fitting;
  }
  return InvalidArgument(
      "grpo.updates_per_rollout is {}, which does not divide the {} groups of a step (rollout.prompts_per_step); use {}, or {} groups",
      config.updates_per_rollout, prompts_per_step, fitting,
      (prompts_per_step / config.updates_per_rollout + 1) * config.updates_per_rollout);
}

absl::Status CheckGroup(const GrpoConfig& config, int64_t group_size) {
  const bool compares_members = config.advantage.estimator != "batch_norm";
  if (group_size < 2 && compares_members) {
    return InvalidArgument(
        "rollout.group_size is {}, but grpo.advantage.estimator = \"{}\" compares the answers to one question with each other; use 2 or "
        "more, or estimator \"batch_norm\"",
        group_size, config.advantage.estimator);
  }
  if (config.resample_rounds > 0 && !compares_members) {
    return InvalidArgument(
        "grpo.resample_rounds is {}, but with grpo.advantage.estimator = \"batch_norm\" a group of equal rewards is not without signal; "
        "set resample_rounds to 0, or use another estimator",
        config.resample_rounds);
  }
  return absl::OkStatus();
}

absl::Status CheckObjective(const GrpoConfig& config) {
  const ObjectiveConfig& objective = config.objective;
  if (objective.kind == "cispo" && objective.ratio_floor > objective.ratio_cap) {
    return InvalidArgument(
        "grpo.objective.ratio_floor is {} and ratio_cap {}: the bounds are reversed; the floor must not be above the cap",
        objective.ratio_floor, objective.ratio_cap);
  }
  if (objective.dual_clip > 0 && objective.dual_clip <= 1) {
    return InvalidArgument("grpo.objective.dual_clip is {}, which would cut ratios of 1; use 3, as verl does, or 0 for none",
                           objective.dual_clip);
  }
  if (objective.ratio_limit > 0 && objective.ratio_limit <= 1 + objective.clip_high) {
    return InvalidArgument(
        "grpo.objective.ratio_limit is {}, not above 1 + clip_high = {}: it would cut what the clip allows; use 4, or 0 for none",
        objective.ratio_limit, 1 + objective.clip_high);
  }
  if (config.aggregation == "sequence_mean" && objective.kind == "squared_log_ratio") {
    return InvalidArgument(
        "grpo.aggregation is \"sequence_mean\", but objective \"squared_log_ratio\" is about whole completions, not their mean; use "
        "\"constant_length\" or \"token_mean\"");
  }
  return absl::OkStatus();
}

absl::Status CheckKl(const GrpoConfig& config) {
  const KlConfig& kl = config.kl;
  if (!kl.is_on() && kl.reset != "never") {
    return InvalidArgument(
        "grpo.kl.reset is \"{}\", but grpo.kl.beta is 0, so there is no reference policy to reset; set beta (0.001 is R1-Zero's), or reset "
        "to \"never\"",
        kl.reset);
  }
  if (kl.is_on() && kl.placement == "reward" && kl.estimator != "k1") {
    return InvalidArgument(
        "grpo.kl.placement is \"reward\" with grpo.kl.estimator \"{}\": the reward takes the sum of k1; set the estimator to \"k1\", or "
        "placement to \"loss\"",
        kl.estimator);
  }
  return absl::OkStatus();
}

absl::Status CheckEntropy(const GrpoConfig& config) {
  if (config.entropy.without_signal == 0 || !config.entropy.needs_gradient()) {
    return absl::OkStatus();
  }
  // What gives answers of equal rewards something to learn, each its own: then one cannot stand for another.
  const Objective* objective = FindObjective(config.objective.kind);
  std::string trains;
  if (config.kl.is_on()) {
    trains = fmt::format("grpo.kl.placement = \"{}\"", config.kl.placement);
  } else if (objective != nullptr && !objective->vanishes_at_zero) {
    trains = fmt::format("grpo.objective.kind = \"{}\"", config.objective.kind);
  } else if (config.advantage.estimator == "batch_norm") {
    trains = "grpo.advantage.estimator = \"batch_norm\"";
  }
  if (trains.empty()) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "grpo.entropy.without_signal is {}, but {} trains every answer of a group of equal rewards; set without_signal to 0",
      config.entropy.without_signal, trains);
}

}  // namespace

absl::Status CheckGrpoConfig(const GrpoConfig& config, int64_t prompts_per_step, int64_t group_size) {
  CUPEL_RETURN_IF_ERROR(CheckName("advantage.estimator", config.advantage.estimator, FindAdvantage(config.advantage.estimator) != nullptr,
                                  AdvantageEstimators()));
  CUPEL_RETURN_IF_ERROR(CheckName("objective.kind", config.objective.kind, FindObjective(config.objective.kind) != nullptr, Objectives()));
  CUPEL_RETURN_IF_ERROR(CheckMinibatches(config, prompts_per_step));
  CUPEL_RETURN_IF_ERROR(CheckGroup(config, group_size));
  CUPEL_RETURN_IF_ERROR(CheckObjective(config));
  CUPEL_RETURN_IF_ERROR(CheckKl(config));
  CUPEL_RETURN_IF_ERROR(CheckEntropy(config));
  if (config.correction.kind != "none" && config.old_logprobs == "sampler") {
    return InvalidArgument(
        "grpo.correction.kind is \"{}\", but with grpo.old_logprobs = \"sampler\" the old log-probabilities are the sampler's and every "
        "factor is 1; set old_logprobs to \"recompute\", or correction.kind to \"none\"",
        config.correction.kind);
  }
  if (config.correction.low > config.correction.high) {
    return InvalidArgument("grpo.correction.low is {} and high {}: the bounds are reversed", config.correction.low, config.correction.high);
  }
  return absl::OkStatus();
}

}  // namespace cupel
