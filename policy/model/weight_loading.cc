#include "policy/model/weight_loading.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include <ATen/Parallel.h>

#include "base/check.h"
#include "base/random.h"
#include "base/status.h"
#include "policy/model/onednn.h"
#include "policy/model/tensor_ops.h"

namespace cupel {
namespace {

constexpr double kInitialStddev = 0.02;  // initializer_range of the Hugging Face models

// The model file was checked against its architecture when it was opened, so a difference is between architecture and decoder: a bug of
// ours.
void CheckEntries(const TensorSource& source, const std::vector<NamedSlice>& slices) {
  std::unordered_map<std::string_view, const TensorSource::Entry*> entries;
  for (const TensorSource::Entry& entry : source.entries()) {
    entries.emplace(entry.name, &entry);
  }
  Check(entries.size() == slices.size(), "the decoder uses every tensor of the architecture");
  for (const NamedSlice& slice : slices) {
    const auto entry = entries.find(slice.name);
    Check(entry != entries.end() && entry->second->shape == slice.shape(), "architecture and decoder agree on names and shapes");
  }
}

void PackForKernel(const ComputeBackend& backend, const at::Tensor& matrix, kernels::PackedMatrix& packed) {
  const int64_t n = matrix.size(0);
  if (packed.n == 0) {
    packed = kernels::MakePackedMatrix(*backend.kernels, backend.type, n, matrix.size(1));
  }
  const int64_t panel = backend.kernels->panel;
  at::parallel_for(0, (n + panel - 1) / panel, 4, [&](int64_t begin, int64_t end) {
    backend.kernels->pack(matrix.const_data_ptr(), begin * panel, std::min(end * panel, n), packed);
  });
}

void RefreshLinear(const ComputeBackend& backend, LinearWeights& linear) {
  const at::Tensor matrix = ComputeCopy(backend, EffectiveMatrix(linear));
  if (backend.onednn) {
    linear.onednn.reset();  // first, so that old and new layout never stand side by side
    linear.onednn = OnednnReorder(matrix);
  } else {
    PackForKernel(backend, matrix, linear.packed);
  }
}

}  // namespace

absl::Status ReadMasters(const TensorSource& source, DecoderWeights& weights) {
  const std::vector<NamedSlice> slices = NamedSlices(weights);
  CheckEntries(source, slices);
  std::vector<absl::Status> results(slices.size());
  at::parallel_for(0, static_cast<int64_t>(slices.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      results[i] = source.Read(slices[i].name, std::span(slices[i].data(), static_cast<size_t>(slices[i].size())));
    }
  });
  for (const absl::Status& status : results) {
    CUPEL_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

void DrawMasters(uint64_t seed, DecoderWeights& weights) {
  const std::vector<Parameter*> parameters = Parameters(weights);
  for (size_t idx = 0; idx < parameters.size(); ++idx) {
    at::Tensor& master = parameters[idx]->master;
    if (master.dim() == 1) {
      master.fill_(1.0F);
      continue;
    }
    const int64_t width = master.size(1);
    at::parallel_for(0, master.size(0), 16, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        RandomStream stream(seed, RandomPurpose::kWeights, static_cast<uint32_t>(idx), static_cast<uint32_t>(row));
        float* values = master.data_ptr<float>() + row * width;
        std::generate(values, values + width, [&] { return static_cast<float>(kInitialStddev * stream.Normal()); });
      }
    });
  }
}

void RefreshDerived(const ComputeBackend& backend, DecoderWeights& weights) {
  for (LinearWeights* linear : LayerMatrices(weights)) {
    RefreshLinear(backend, *linear);
  }
  PackForKernel(backend, ComputeCopy(backend, weights.head_weight().master), weights.head.packed);
}

}  // namespace cupel
