#include "policy/model/frozen_policy.h"

#include <span>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "base/status.h"
#include "policy/checkpoint/safetensors.h"

namespace cupel {

FrozenPolicy::FrozenPolicy(const Policy& policy) : backend_(policy.backend()), weights_(AllocateWeights(policy.config())) {
  pass_ = MakeTrainingPass(backend_, weights_);
  CopyFrom(policy);
}

void FrozenPolicy::CopyFrom(const Policy& policy) {
  // Parameters and matrices are only read; their lists are made for both uses.
  auto& source = const_cast<DecoderWeights&>(policy.weights());
  const std::vector<Parameter*> from = Parameters(source);
  const std::vector<Parameter*> to = Parameters(weights_);
  for (size_t i = 0; i < from.size(); ++i) {
    to[i]->master.copy_(from[i]->master);
  }
  const std::vector<LinearWeights*> from_matrices = LayerMatrices(source);
  const std::vector<LinearWeights*> to_matrices = LayerMatrices(weights_);
  for (size_t i = 0; i < from_matrices.size(); ++i) {
    if (!from_matrices[i]->adapters.empty()) {
      to_matrices[i]->weight.master.copy_(EffectiveMatrix(*from_matrices[i]));
    }
  }
  pass_->Refresh();
}

TokenLogprobsResult FrozenPolicy::TokenLogprobs(const PackedBatch& batch, double temperature) {
  const at::NoGradGuard no_grad;
  const ScoredTokens scored = pass_->TokenLogprobs(batch, temperature);
  return {scored.logprobs, scored.entropy};
}

absl::StatusOr<std::string> FrozenPolicy::Save(const std::string& path) const {
  std::vector<SafetensorsWriteItem> items;
  for (const NamedSlice& slice : NamedSlices(weights_)) {
    const auto bytes = std::as_bytes(std::span<const float>(slice.data(), static_cast<size_t>(slice.size())));
    items.push_back({slice.name, SafetensorsType::kF32, slice.shape(), bytes});
  }
  return WriteSafetensors(path, std::move(items));
}

absl::Status FrozenPolicy::Load(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(path));
  for (const NamedSlice& slice : NamedSlices(weights_)) {
    const SafetensorsFile::Tensor* tensor = file.Find(slice.name);
    if (tensor == nullptr || tensor->shape != slice.shape()) {
      return DataLoss("{}: {} is missing or has another shape than the model; this reference belongs to another model", path, slice.name);
    }
    CUPEL_RETURN_IF_ERROR(file.ReadFloats(*tensor, std::span(slice.data(), static_cast<size_t>(slice.size()))));
  }
  pass_->Refresh();
  return absl::OkStatus();
}

}  // namespace cupel
