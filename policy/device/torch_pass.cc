#include "policy/device/torch_pass.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>

#include "base/check.h"
#include "policy/device/torch_attention.h"
#include "policy/device/torch_head.h"
#include "policy/device/torch_ops.h"
#include "policy/model/loss_rows.h"
#include "policy/model/packed_attention.h"
#include "policy/model/record.h"

namespace cupel {
namespace {

// Which keys the queries of a batch see. Every segment is a sequence of its own queries; its keys are those of its parent, then its own. So
// a prompt is computed once, and only its keys and values are laid out anew before each of its completions.
struct SegmentAttention {
  RaggedShape shape;
  at::Tensor key_rows;  // int64 [R], packed tokens
};

SegmentAttention AttentionOf(const PackedBatch& batch, at::Device device) {
  SegmentAttention result;
  std::vector<int64_t> rows;
  const auto append = [&rows](const PackedBatch::Segment& segment) {
    for (int64_t row = segment.begin; row < segment.end; ++row) {
      rows.push_back(row);
    }
  };
  result.shape.query_begin.push_back(0);
  result.shape.key_begin.push_back(0);
  for (const PackedBatch::Segment& segment : batch.segments) {
    if (segment.parent >= 0) {
      append(batch.segments[static_cast<size_t>(segment.parent)]);
    }
    append(segment);
    result.shape.query_begin.push_back(segment.end);
    result.shape.key_begin.push_back(static_cast<int64_t>(rows.size()));
  }
  result.shape.ToDevice(device);
  result.key_rows = LongsOn(device, rows);
  return result;
}

class TorchPass final : public TrainingPass {
 public:
  TorchPass(const ComputeBackend& backend, DecoderWeights& masters)
      : masters_(masters),
        weights_(AllocateDeviceWeights(masters, *backend.device, backend.scalar_type())),
        copies_(DeviceCopies(masters, weights_)) {}

  void Refresh() override { RefreshCopies(copies_); }
  const DeviceWeights* device_weights() const override { return &weights_; }

  ScoredTokens TokenLogprobs(const PackedBatch& batch, double temperature) override {
    const auto layout = MakeLayout(batch, masters_.config);
    const at::Tensor normed = NormedRows(*layout, false);
    const auto head = std::make_shared<TorchHead>(weights_, layout->batch, normed.detach(), temperature);
    const int64_t num_rows = layout->batch.num_scored();
    ScoredTokens result{at::empty({num_rows}, at::kFloat), at::empty({num_rows}, at::kFloat)};
    {
      const at::NoGradGuard no_grad;
      ForParts(0, num_rows, [&](int64_t begin, int64_t end) {
        head->Score(begin, end, result.logprobs.data_ptr<float>(), result.entropy.data_ptr<float>());
      });
    }
    if (IsRecording(normed)) {
      // The host's graph begins here and ends in one that lies on the device: an empty tensor that never gets a gradient stands between.
      const at::Tensor leaf = at::empty({0}, at::kFloat).requires_grad_(true);
      Record(result.logprobs, {leaf}, [this, head, normed, num_rows](const at::Tensor& grad) {
        ForParts(0, num_rows, [&](int64_t begin, int64_t end) {
          head->Differentiate(begin, end, {}, grad.const_data_ptr<float>(), nullptr, TrainsHead());
        });
        Backward(normed, *head);
        return std::vector<at::Tensor>(1);
      });
    }
    return result;
  }

  void AccumulateGradients(const PackedBatch& batch, double temperature, bool recomputes_activations, const LossGradient& loss) override {
    const auto layout = MakeLayout(batch, masters_.config);
    const at::Tensor normed = NormedRows(*layout, recomputes_activations);
    TorchHead head(weights_, layout->batch, normed.detach(), temperature);
    LossRows rows(layout->batch.num_scored());
    {
      const at::NoGradGuard no_grad;
      for (const CompletionBlock& block : SplitByCompletions(layout->batch, TorchHead::kRows)) {
        at::Tensor all_logprobs;  // of the last part; that of the block when it has one part only
        ForParts(block.begin, block.end,
                 [&](int64_t begin, int64_t end) { all_logprobs = head.Score(begin, end, rows.logprobs.data(), rows.entropies.data()); });
        rows.Ask(layout->batch, block, loss);
        const bool is_kept = block.rows() <= TorchHead::kRows;
        ForParts(block.begin, block.end, [&](int64_t begin, int64_t end) {
          head.Differentiate(begin, end, is_kept ? all_logprobs : at::Tensor(), rows.logprob_gradients.data(),
                             rows.entropy_gradients.data(), TrainsHead());
        });
      }
    }
    Backward(normed, head);
  }

  at::Tensor ScoredLogits(const PackedBatch& batch) override {
    const at::NoGradGuard no_grad;
    const auto layout = MakeLayout(batch, masters_.config);
    const TorchHead head(weights_, layout->batch, NormedRows(*layout, false), 1.0);
    return head.Logits(0, layout->batch.num_scored()).to(at::kCPU);
  }

 private:
  template <class Work>
  static void ForParts(int64_t begin, int64_t end, const Work& work) {
    for (int64_t first = begin; first < end; first += TorchHead::kRows) {
      work(first, std::min(first + TorchHead::kRows, end));
    }
  }

  bool TrainsHead() const { return masters_.head_weight().grad.defined(); }

  // The scored rows after the final norm, T [C, D]; recorded when gradients are on and something is trained.
  at::Tensor NormedRows(const PackedLayout& layout, bool recomputes) {
    MarkTrained(copies_);
    const PackedBatch& batch = layout.batch;
    const auto attention = std::make_shared<const SegmentAttention>(AttentionOf(batch, weights_.device));
    const Attend attend = [attention](const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
      return RaggedAttention(queries, GatherRows(keys, attention->key_rows), GatherRows(values, attention->key_rows), attention->shape);
    };
    const RotaryRows rotary = RotaryOf(weights_, LongsOn(weights_.device, batch.positions));
    const at::Tensor tokens = LongsOn(weights_.device, {batch.tokens.begin(), batch.tokens.end()});
    at::Tensor x = at::embedding(weights_.embedding, tokens);  // [N, D]
    for (const DeviceLayer& layer : weights_.layers) {
      const auto forward = [this, &layer, rotary, attend](const at::Tensor& input) {
        return LayerForward(weights_, layer, rotary, input, attend);
      };
      x = recomputes ? Recomputed(forward, x) : forward(x);
    }
    const at::Tensor scored = GatherRows(x, LongsOn(weights_.device, batch.query_rows));
    return RmsNorm(scored, weights_.final_norm, masters_.config.rms_norm_eps);
  }

  // From the head's gradients to those of the masters.
  void Backward(const at::Tensor& normed, const TorchHead& head) {
    Check(normed.requires_grad(), "EnableTraining comes before a backward pass, and gradients are on");
    normed.backward(head.normed_gradient());
    CollectGradients(copies_);
    if (head.head_gradient().defined()) {
      const at::NoGradGuard no_grad;
      masters_.head_weight().grad.add_(head.head_gradient().to(at::kCPU));
    }
  }

  DecoderWeights& masters_;
  DeviceWeights weights_;
  std::vector<DeviceCopy> copies_;  // of the two above
};

}  // namespace

std::unique_ptr<TrainingPass> MakeTorchPass(const ComputeBackend& backend, DecoderWeights& weights) {
  return std::make_unique<TorchPass>(backend, weights);
}

}  // namespace cupel
