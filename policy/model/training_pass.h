#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"
#include "policy/model/loss_gradient.h"
#include "policy/model/scored_head.h"
#include "policy/packed_batch.h"

namespace cupel {

struct DeviceWeights;

// What a policy is asked over packed batches, by whatever computes it: the processor's kernels, or LibTorch's operations on a device.
// Masters and gradients are those of the DecoderWeights it was made over. Results are the host's tensors. Batches as MakeLayout checks
// them.
class TrainingPass {
 public:
  virtual ~TrainingPass() = default;

  // Call after the masters changed: refreshes what is derived from them.
  virtual void Refresh() = 0;
  // As Policy has them (policy.h).
  virtual ScoredTokens TokenLogprobs(const PackedBatch& batch, double temperature) = 0;
  virtual void AccumulateGradients(const PackedBatch& batch, double temperature, bool recomputes_activations, const LossGradient& loss) = 0;
  virtual at::Tensor ScoredLogits(const PackedBatch& batch) = 0;
  // The copies that the engine samples with; null without a device.
  virtual const DeviceWeights* device_weights() const = 0;
};

// Both borrowed; they must outlive the pass and every result that is still to be differentiated. Refresh comes first.
std::unique_ptr<TrainingPass> MakeTrainingPass(const ComputeBackend& backend, DecoderWeights& weights);

}  // namespace cupel
