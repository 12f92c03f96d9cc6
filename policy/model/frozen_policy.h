#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "policy/model/training_pass.h"
#include "policy/policy.h"

namespace cupel {

// The policy as it was at one moment: the reference that a divergence is measured against. Holds its own copy of the weights (with adapters
// added), 6 bytes a parameter in bf16. Not thread-safe.
class FrozenPolicy {
 public:
  explicit FrozenPolicy(const Policy& policy);
  FrozenPolicy(const FrozenPolicy&) = delete;
  FrozenPolicy& operator=(const FrozenPolicy&) = delete;
  void CopyFrom(const Policy& policy);                                              // of the same shape
  TokenLogprobsResult TokenLogprobs(const PackedBatch& batch, double temperature);  // as Policy's, without gradients

  // One safetensors file, fsynced; returns its SHA-256. Load: DataLoss when a tensor is missing or has another shape.
  absl::StatusOr<std::string> Save(const std::string& path) const;
  absl::Status Load(const std::string& path);

 private:
  ComputeBackend backend_;
  mutable DecoderWeights weights_;      // mutable: names are given to slices of weights that could be changed
  std::unique_ptr<TrainingPass> pass_;  // over the two above
};

}  // namespace cupel
