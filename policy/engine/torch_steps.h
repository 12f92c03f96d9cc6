#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "policy/device/device.h"
#include "policy/device/device_weights.h"
#include "policy/tokenizer.h"

// The computations of the engine on a device: rows of prompts, and steps of decoding in batches of fixed shapes. Nothing here records
// gradients.
//
// Dimensions: B sequences of a batch, T keys set aside for each, V vocabulary, L layers, KH key/value heads, d head size.

namespace cupel {

// Keys and values of everything that runs. Row r of the plan (kv_cache.h) is row r of every layer; one more belongs to nobody: the empty
// places of a batch write there.
struct DeviceKv {
  std::vector<at::Tensor> keys;    // [L] of T [rows + 1, KH, d]
  std::vector<at::Tensor> values;  // the same
  int64_t nobody = 0;              // the last row
};
DeviceKv AllocateDeviceKv(const DeviceWeights& weights, int64_t rows);
// Copies rows [from, from + count) of every layer to [to, to + count).
void CopyRows(const DeviceKv& kv, int64_t from, int64_t to, int64_t count);

// A part of a prompt that is computed in one go: the tokens from `first_position` on. Position p lies in cache row first_row + p.
struct PromptPart {
  std::span<const TokenId> tokens;
  int64_t first_position;
  int64_t first_row;
};
// The logits after the last token of each part, fp32 [parts, V] on the device. Writes the keys and values of all tokens.
at::Tensor RunPrompts(const DeviceWeights& weights, const DeviceKv& kv, std::span<const PromptPart> parts);

// A token that is fed, and where its sequence lies: the cache rows of positions 0, 1, ... up to its own, which is written.
struct DecodeRow {
  TokenId token;
  std::vector<int64_t> rows;

  int64_t position() const { return static_cast<int64_t>(rows.size()) - 1; }
};

// Steps of decoding. A batch is filled up to one of a few sizes (1, 2, 4, 8, ...) and every sequence to one of a few lengths (64, 96, 128,
// 192, ...), so that all steps of a bucket do the same operations on the same tensors, and a DeviceGraph can repeat them.
class DecodeSteps {
 public:
  static constexpr int64_t kMaxBatch = 256;

  DecodeSteps(const DeviceWeights& weights, const DeviceKv& kv);  // borrowed; tensors keep their addresses

  // Feeds at most kMaxBatch rows, which belong to different sequences. Returns the logits after them, float [rows, V] on the host, which
  // stay until the next call and may be changed.
  float* Run(std::span<const DecodeRow> rows);

  // The first layer after which the hidden values of the row are not all finite, L if only its logits are not.
  int64_t FindFailedLayer(const DecodeRow& row);

  // (B, T) of every bucket that was used.
  std::vector<std::pair<int64_t, int64_t>> buckets() const;

 private:
  // The columns of a row of inputs before the cache rows of its context.
  enum Column : int64_t { kToken, kPosition, kLength, kOwnRow, kContext };
  using Observer = std::function<void(int64_t layer, const at::Tensor& hidden)>;

  static int64_t BatchBucket(int64_t rows);
  int64_t ContextBucket(int64_t length) const;
  void Fill(std::span<const DecodeRow> rows, int64_t batch, int64_t context);
  at::Tensor Inputs(int64_t batch, int64_t context) const;
  void Compute(int64_t batch, int64_t context, const Observer& observe) const;

  const DeviceWeights& weights_;
  const DeviceKv& kv_;
  at::Tensor host_inputs_;  // int64, flat, of the largest bucket; on the host
  at::Tensor inputs_;       // its copy on the device, [B, kContext + T] in each bucket; on the processor the same tensor
  at::Tensor logits_;       // fp32 [kMaxBatch, V]
  at::Tensor host_logits_;  // its copy on the host; on the processor the same tensor
  at::Tensor begins_;       // int32 [kMaxBatch + 1], 0 to kMaxBatch
  std::map<std::pair<int64_t, int64_t>, std::unique_ptr<DeviceGraph>> graphs_;  // by (B, T)
};

}  // namespace cupel
