#include "policy/model/training_pass.h"

#include <ATen/core/grad_mode.h>

#include "policy/device/torch_pass.h"
#include "policy/model/decoder.h"
#include "policy/model/weight_loading.h"

namespace cupel {
namespace {

// The processor's kernels, with the backward passes that belong to them.
class KernelPass final : public TrainingPass {
 public:
  KernelPass(const ComputeBackend& backend, DecoderWeights& weights) : backend_(backend), weights_(weights) {}

  void Refresh() override { RefreshDerived(backend_, weights_); }

  ScoredTokens TokenLogprobs(const PackedBatch& batch, double temperature) override {
    const auto layout = MakeLayout(batch, weights_.config);
    const at::Tensor hidden = DecoderForward(backend_, weights_, layout);
    return ScoreTokens(backend_, weights_, layout, hidden, temperature);
  }

  void AccumulateGradients(const PackedBatch& batch, double temperature, bool recomputes_activations, const LossGradient& loss) override {
    const auto layout = MakeLayout(batch, weights_.config);
    const at::Tensor hidden = DecoderForward(backend_, weights_, layout, recomputes_activations);
    at::Tensor grad_hidden;
    {
      const at::NoGradGuard no_grad;
      grad_hidden = ScoreAndDifferentiate(backend_, weights_, *layout, hidden.detach(), temperature, loss);
    }
    hidden.backward(grad_hidden);
  }

  at::Tensor ScoredLogits(const PackedBatch& batch) override {
    const at::NoGradGuard no_grad;
    const auto layout = MakeLayout(batch, weights_.config);
    const at::Tensor hidden = DecoderForward(backend_, weights_, layout);
    return cupel::ScoredLogits(backend_, weights_, *layout, hidden);
  }

  const DeviceWeights* device_weights() const override { return nullptr; }

 private:
  const ComputeBackend& backend_;
  DecoderWeights& weights_;
};

}  // namespace

std::unique_ptr<TrainingPass> MakeTrainingPass(const ComputeBackend& backend, DecoderWeights& weights) {
  if (backend.device) {
    return MakeTorchPass(backend, weights);
  }
  return std::make_unique<KernelPass>(backend, weights);
}

}  // namespace cupel
