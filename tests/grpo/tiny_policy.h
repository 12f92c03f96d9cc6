#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "policy/policy.h"
#include "tests/grpo/groups.h"

// The built-in model in fp32, and what a test reads from it.

namespace cupel::testing {

inline std::unique_ptr<Policy> LoadTiny(uint64_t seed = 1, int64_t threads = 1) {
  ModelSettings settings;
  settings.path = "tiny";
  settings.chat_template = "plain";
  settings.compute = "fp32";
  settings.linear = "kernel";
  settings.threads = threads;
  return Policy::Load(settings, seed).value();
}

// All masters, one after the other.
inline std::vector<float> Masters(Policy& policy) {
  std::vector<float> values;
  for (const Parameter* parameter : Parameters(policy.weights())) {
    const auto* data = parameter->master.const_data_ptr<float>();
    values.insert(values.end(), data, data + parameter->master.numel());
  }
  return values;
}

// All gradients, one after the other.
inline std::vector<float> Gradients(Policy& policy) {
  std::vector<float> values;
  for (const Parameter* parameter : Parameters(policy.weights())) {
    const auto* data = parameter->grad.const_data_ptr<float>();
    values.insert(values.end(), data, data + parameter->grad.numel());
  }
  return values;
}

inline bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Gives every token the log-probability that `policy` has for it now, plus normal noise of standard deviation `noise`.
inline void SetLogprobs(Policy& policy, double noise, std::vector<RolloutGroup>& groups) {
  const at::NoGradGuard no_grad;
  RandomStream random(5, RandomPurpose::kTaskContent);
  for (RolloutGroup& group : groups) {
    PackedBatch batch;
    std::vector<std::vector<TokenId>> completions;
    for (const Rollout& rollout : group.rollouts) {
      completions.push_back(rollout.completion.tokens);
    }
    AppendGroup(group.prompt, completions, batch);
    const at::Tensor logprobs = policy.TokenLogprobs(batch, 1.0).logprobs;
    const auto* next = logprobs.const_data_ptr<float>();
    for (Rollout& rollout : group.rollouts) {
      for (float& logprob : rollout.completion.logprobs) {
        logprob = *next++ + static_cast<float>(noise * random.Normal());
      }
    }
  }
}

}  // namespace cupel::testing
