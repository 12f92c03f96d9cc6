#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "grpo/config.h"
#include "policy/policy.h"

namespace cupel {

// AdamW with decoupled weight decay (Loshchilov, Hutter, arXiv 1711.05101) on the fp32 masters of a policy, with global gradient-norm
// clipping. The result does not depend on the number of threads: sums run over fixed blocks, the rest is elementwise.
class Optimizer {
 public:
  // The policy is borrowed and must have EnableTraining called. Moments (8 bytes a parameter) are allocated here, zero.
  Optimizer(Policy& policy, const OptimizerConfig& config, int64_t total_updates);

  // The 2-norm of all gradients together; infinite or NaN when any gradient is.
  double GradientNorm() const;

  // One update with the gradients times min(1, max_grad_norm / (gradient_norm + 1e-6)), at the step size of `update` (0-based). Calls
  // Policy::CommitUpdate and zeroes the gradients.
  void Apply(double gradient_norm, int64_t update);

  double LearningRate(int64_t update) const;  // schedule.h

  absl::StatusOr<Policy::WrittenFile> Save(const std::string& directory) const;  // optimizer.safetensors
  absl::Status Load(const std::string& directory);
  int64_t num_applied() const { return num_applied_; }  // updates that Adam's bias correction has seen
  void set_num_applied(int64_t n) { num_applied_ = n; }

 private:
  struct Moments {
    std::vector<float> first;  // of one parameter, flat
    std::vector<float> second;
  };
  Policy& policy_;
  OptimizerConfig config_;
  int64_t total_updates_;
  int64_t num_applied_ = 0;
  std::vector<Parameter*> parameters_;
  std::vector<Moments> moments_;  // by parameter
};

}  // namespace cupel
