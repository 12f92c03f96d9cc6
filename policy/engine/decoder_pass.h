#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/engine/int8_weights.h"
#include "policy/engine/kv_cache.h"
#include "policy/engine/lanes.h"
#include "policy/engine/team.h"
#include "policy/kernels/cpu/kernels.h"
#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"

namespace cupel {

// One token on its way through the decoder, and the sequence it continues. It sees all `prefix_rows` of the prefix, and rows [0, own_row]
// of its own block, the last of which are its own keys and values.
struct PassRow {
  TokenId token = 0;
  int64_t position = 0;             // in the sequence, prompt included
  const KvBlock* prefix = nullptr;  // the group's prompt; null for the prompt's own rows
  int64_t prefix_rows = 0;
  const KvBlock* own = nullptr;
  int64_t own_row = 0;
};

// The forward pass of one lane: everything in the calling thread, with scratch of its own, over weights that all lanes read. The steps are
// those of policy/model/forward.h, so a row's numbers are the trainer's, bit for bit, with the kernel backend; not with int8 weights, but
// then too they are the same whatever rows are beside it.
class DecoderPass {
 public:
  // All borrowed. Products use `int8` unless it is null. Scratch is made for passes of up to kMaxRows rows.
  DecoderPass(const DecoderWeights& weights, const ComputeBackend& backend, const Int8Weights* int8 = nullptr);

  // Rows of one pass: enough to pay for streaming the weights, few enough for activations to stay in the second-level cache.
  static constexpr int64_t kMaxRows = 256;
  // Rows of one product with the head.
  int64_t max_logit_rows() const { return max_logit_rows_; }

  // Runs up to kMaxRows rows through all layers and writes their keys and values. Rows of one sequence must be in order of positions.
  void Run(std::span<const PassRow> rows);
  // One member's part of the same for rows that all belong to different sequences, the products split by columns: the weights are
  // streamed once by all members together. All members call it on passes of their own with the same rows; the results are `owner`'s.
  void RunTogether(std::span<const PassRow> rows, DecoderPass& owner, const TeamMember& member);

  // What the last layer left, T [rows of the last Run, D]; overwritten by the next Run.
  const std::byte* hidden() const { return hidden_.data(); }

  // Logits of m <= max_logit_rows() rows of hidden values, float [m, V], overwritten by the next call.
  float* ComputeLogits(const std::byte* hidden, int64_t m);
  // One member's part of the same for the first m rows of owner.hidden(). Every member gets the whole rows.
  float* ComputeLogitsTogether(int64_t m, DecoderPass& owner, const TeamMember& member);

  // The first layer after which the hidden values of a row are not all finite, num_layers if only its logits are not. Overwrites hidden().
  int64_t FindFailedLayer(const PassRow& row);

 private:
  void Embed(std::span<const PassRow> rows);
  void RunLayer(int64_t layer_idx, std::span<const PassRow> rows, DecoderPass& owner, const TeamMember& member);
  void AttentionBlock(int64_t layer_idx, std::span<const PassRow> rows, DecoderPass& owner, const TeamMember& member);
  void FeedForwardBlock(int64_t layer_idx, int64_t m, DecoderPass& owner, const TeamMember& member);
  void Attend(int64_t layer_idx, std::span<const PassRow> rows, int64_t first, std::vector<kernels::AttentionRow>& attention_rows);
  void GemmColumns(const kernels::PackedMatrix& packed, const void* x, int64_t m, const Share& columns, const void* residual, void* y,
                   kernels::DType type) const;
  void Int8Columns(const kernels::Int8Matrix& matrix, const void* x, int64_t m, const TeamMember& member, const void* residual, void* y,
                   kernels::DType type);
  const kernels::Int8Matrix* Int8Of(int64_t layer_idx, kernels::Int8Matrix Int8LayerWeights::*matrix) const;
  void LinearColumns(const LinearWeights& linear, const kernels::Int8Matrix* int8, const void* x, int64_t m, const TeamMember& member,
                     const void* residual, void* y);
  void StoreKeysAndValues(int64_t layer_idx, std::span<const PassRow> rows, int64_t first);
  std::byte* At(kernels::AlignedBuffer& buffer, int64_t element) const;

  const DecoderWeights& weights_;
  const ComputeBackend& backend_;
  const Int8Weights* int8_;
  int64_t max_logit_rows_;
  // Scratch, rows of type T except the logits.
  kernels::AlignedBuffer hidden_;     // [kMaxRows, D], the residual stream
  kernels::AlignedBuffer normed_;     // [kMaxRows, D]
  kernels::AlignedBuffer qkv_;        // [kMaxRows, (H + 2 KH) d]
  kernels::AlignedBuffer attended_;   // [kMaxRows, H d]
  kernels::AlignedBuffer gate_up_;    // [kMaxRows, 2 F]
  kernels::AlignedBuffer activated_;  // [kMaxRows, F]
  kernels::AlignedBuffer logits_;     // float [max_logit_rows, V]
  kernels::Int8Scratch rounded_;      // [kMaxRows, the widest input], with int8 weights
  std::vector<TokenId> tokens_;
  std::vector<int64_t> positions_;
  std::vector<kernels::AttentionRow> attention_rows_;
};

}  // namespace cupel
