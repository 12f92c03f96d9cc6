#include "experiments/recipe.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#include "base/file.h"
#include "rewards/reward.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

void CollectDifferences(const Json& before, const Json& after, const std::string& prefix, std::vector<std::string>& lines) {
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : after.items()) {
      const std::string path = prefix.empty() ? key : prefix + "." + key;
      CollectDifferences(before.contains(key) ? before[key] : Json(), value, path, lines);
    }
    for (const auto& [key, value] : before.items()) {
      if (!after.contains(key)) {
        CollectDifferences(value, Json(), prefix.empty() ? key : prefix + "." + key, lines);
      }
    }
    return;
  }
  if (before != after) {
    const auto show = [](const Json& value) { return value.is_null() ? std::string("(not set)") : DumpJson(value); };
    lines.push_back(fmt::format("{}: {} -> {}", prefix, show(before), show(after)));
  }
}

// Rounded weights sample from another distribution than the trainer's, at every token: the loss must know by how much.
absl::Status CheckInt8Sampling(const Recipe& recipe) {
  const GrpoConfig& grpo = recipe.grpo;
  if (recipe.rollout.weights != "int8" || (grpo.old_logprobs == "recompute" && grpo.correction.kind != "none")) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "rollout.weights = \"int8\" samples from another distribution than the one that is trained, but grpo.old_logprobs is \"{}\" "
      "and grpo.correction.kind \"{}\", so nothing would correct for it; set old_logprobs to \"recompute\" and correction.kind to "
      "\"truncated\" (or masked, sequence_masked, geometric_masked, decoupled), or rollout.weights to \"exact\"",
      grpo.old_logprobs, grpo.correction.kind);
}

}  // namespace

absl::StatusOr<Recipe> LoadRecipe(const std::string& path, const std::vector<std::string>& overrides) {
  Recipe recipe;
  if (!path.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    CUPEL_RETURN_IF_ERROR(ApplyToml(text, path, recipe));
  }
  for (const std::string& assignment : overrides) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, recipe));
  }
  return recipe;
}

absl::Status CheckSamplingWeights(const std::string& weights, const std::string& device) {
  if (weights != "int8" || device == "cpu") {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "rollout.weights = \"int8\" has kernels for the processor only, but model.device is \"{}\"; set weights to \"exact\", or device to "
      "\"cpu\"",
      device);
}

absl::Status CheckRecipe(const Recipe& recipe) {
  if (recipe.model.path.empty()) {
    return InvalidArgument(
        "model.path is empty: name a .gguf file, a Hugging Face directory or \"tiny\", in the recipe or with --set model.path=...");
  }
  if (absl::StatusOr<RewardComposition> rewards = RewardComposition::Create(recipe.reward); !rewards.ok()) {
    return InvalidArgument("reward: {}", Message(rewards.status()));
  }
  if (recipe.data.source == "jsonl" && !recipe.data.jsonl.verifier.empty()) {
    if (const absl::StatusOr<const Verifier*> verifier = FindVerifier(recipe.data.jsonl.verifier); !verifier.ok()) {
      return InvalidArgument("data.jsonl.verifier: {}", Message(verifier.status()));
    }
  }
  CUPEL_RETURN_IF_ERROR(CheckSamplingWeights(recipe.rollout.weights, recipe.model.device));
  return CheckGrpoConfig(recipe.grpo, recipe.rollout.prompts_per_step, recipe.rollout.group_size);
}

absl::Status CheckTrainingSampling(const Recipe& recipe) {
  CUPEL_RETURN_IF_ERROR(CheckInt8Sampling(recipe));
  const RolloutSettings& rollout = recipe.rollout;
  std::vector<std::string> restrictions;
  const auto note = [&](bool is_on, std::string_view name, auto value) {
    if (is_on) {
      restrictions.push_back(fmt::format("rollout.{} = {}", name, value));
    }
  };
  note(rollout.top_k > 0, "top_k", rollout.top_k);
  note(rollout.top_p < 1, "top_p", rollout.top_p);
  note(rollout.min_p > 0, "min_p", rollout.min_p);
  note(rollout.repetition_penalty != 1, "repetition_penalty", rollout.repetition_penalty);
  note(rollout.min_new_tokens > 0, "min_new_tokens", rollout.min_new_tokens);
  if (restrictions.empty() || recipe.grpo.old_logprobs == "recompute") {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "{} changes what is sampled, but with grpo.old_logprobs = \"sampler\" every ratio would compare the trainer's distribution with the "
      "changed one; set grpo.old_logprobs to \"recompute\", or change evaluation only (eval.top_p, ...)",
      fmt::join(restrictions, ", "));
}

GrpoConfig ResolvedGrpo(const Recipe& recipe) {
  GrpoConfig grpo = recipe.grpo;
  if (grpo.constant_length == 0) {
    grpo.constant_length = recipe.rollout.max_new_tokens;
  }
  grpo.groups_per_step = recipe.rollout.prompts_per_step;
  return grpo;
}

MemoryRequest TrainingMemory(const ModelConfig& model, const Recipe& recipe) {
  MemoryRequest request = MemoryRequestOf(model, recipe.model);
  request.samples_int8 = recipe.rollout.weights == "int8";
  request.has_reference = recipe.grpo.kl.is_on();
  request.recomputes_activations = recipe.grpo.recompute_activations;
  request.microbatch_tokens = recipe.grpo.microbatch_tokens;
  request.kv_cache_bytes = recipe.engine.kv_cache_mib << 20;
  return request;
}

int64_t TasksDrawn(const Recipe& recipe) { return recipe.rollout.prompts_per_step * (1 + recipe.grpo.resample_rounds); }

SamplingParams TrainingSampling(const Recipe& recipe) {
  SamplingParams params;
  params.temperature = recipe.rollout.temperature;
  params.top_k = recipe.rollout.top_k;
  params.top_p = recipe.rollout.top_p;
  params.min_p = recipe.rollout.min_p;
  params.repetition_penalty = recipe.rollout.repetition_penalty;
  params.min_new_tokens = std::min(recipe.rollout.min_new_tokens, recipe.rollout.max_new_tokens);
  params.stop_strings = recipe.rollout.stop;
  params.max_new_tokens = recipe.rollout.max_new_tokens;
  return params;
}

SamplingParams EvaluationSampling(const Recipe& recipe) {
  SamplingParams params;
  params.temperature = recipe.eval.temperature;
  params.top_p = recipe.eval.top_p;
  params.top_k = recipe.eval.top_k;
  params.min_p = recipe.eval.min_p;
  params.repetition_penalty = recipe.eval.repetition_penalty;
  params.stop_strings = recipe.rollout.stop;
  params.max_new_tokens = recipe.eval.max_new_tokens > 0 ? recipe.eval.max_new_tokens : recipe.rollout.max_new_tokens;
  return params;
}

std::vector<std::string> DifferingSettings(const Json& before, const Json& after) {
  std::vector<std::string> lines;
  CollectDifferences(before, after, "", lines);
  return lines;
}

}  // namespace cupel
