#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "grpo/checkpointed.h"
#include "grpo/config.h"
#include "grpo/step_metrics.h"
#include "policy/policy.h"

namespace cupel {

// What a model should say after a prompt. Both not empty.
struct SftExample {
  std::vector<TokenId> prompt;
  std::vector<TokenId> completion;  // with its stop token
};

// Supervised fine-tuning with the packing, optimizer, safety rules and checkpoints of reinforcement learning:
//
//   loss = -(1/n) sum_t log pi(completion token t | before),  n completion tokens of the batch
//
// Prompt tokens have no loss. Deterministic as Trainer is.
class SftTrainer final : public Checkpointed {
 public:
  // The policy is borrowed.
  SftTrainer(Policy& policy, const OptimizerConfig& optimizer, const SafetyConfig& safety, int64_t microbatch_tokens,
             int64_t total_updates);
  ~SftTrainer() override;

  // One update. loss, perplexity, entropy, grad_norm,
  // learning_rate, num_tokens, train/skipped_updates. Aborted by the safety rule.
  absl::StatusOr<StepMetrics> Learn(std::span<const SftExample> batch);
  // The mean loss per token, without learning.
  double Loss(std::span<const SftExample> examples);

  absl::StatusOr<std::vector<Policy::WrittenFile>> SaveState(const std::string& directory) const override;
  absl::Status LoadState(const std::string& directory) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cupel
