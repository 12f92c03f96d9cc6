#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

// Attention of many sequences in one call, with grouped queries and scores in fp32. On a GPU in bf16 this is the flash attention that
// LibTorch brings (arXiv 2205.14135, variable lengths); otherwise a composition of products and softmax, which is also what flash attention
// is tested against.

namespace cupel {

// Sequences laid end to end: sequence i has queries [query_begin[i], query_begin[i+1]) and sees keys [key_begin[i], key_begin[i+1]).
// Its last query sees all of its keys, the one before all but the last, and so on.
struct RaggedShape {
  std::vector<int64_t> query_begin;  // [S + 1]
  std::vector<int64_t> key_begin;    // [S + 1]
  // Of the above, on the device in int32; filled by ToDevice.
  at::Tensor device_query_begin = {};
  at::Tensor device_key_begin = {};
  int64_t most_queries = 0;  // of one sequence
  int64_t most_keys = 0;

  void ToDevice(at::Device device);
};

// queries: T [M, H, d], keys and values: T [R, KH, d] with R = key_begin.back(). Returns [M, H, d]; differentiable.
at::Tensor RaggedAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, const RaggedShape& shape);

// One query per sequence, the same number T of keys set aside for each, of which the first `lengths` [B] (int64, on the device, at least 1)
// count. queries: [B, H, d]; keys, values: [B, T, KH, d]. `begins`: int32 [B + 1] on the device, 0 to B. Reads no number back, so it can be
// captured. No gradient.
at::Tensor DecodeAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& lengths,
                           const at::Tensor& begins);

}  // namespace cupel
