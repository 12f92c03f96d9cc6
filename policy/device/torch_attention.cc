#include "policy/device/torch_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include <ATen/TensorOperators.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include "base/check.h"

namespace cupel {
namespace {

double ScaleOf(const at::Tensor& queries) { return 1.0 / std::sqrt(static_cast<double>(queries.size(-1))); }

bool CanFlash(const at::Tensor& queries) {
  constexpr int64_t kWidestHead = 256;
  return queries.is_cuda() && queries.scalar_type() == at::kBFloat16 && queries.size(-1) <= kWidestHead;
}

int64_t Longest(const std::vector<int64_t>& begins) {
  int64_t longest = 0;
  for (size_t i = 1; i < begins.size(); ++i) {
    longest = std::max(longest, begins[i] - begins[i - 1]);
  }
  return longest;
}

at::Tensor Int32On(at::Device device, const std::vector<int64_t>& values) { return at::tensor(values, at::kLong).to(device, at::kInt); }

// softmax(q k^T / sqrt d) v in fp32. queries: [..., rows, d], keys and values: [..., keys, d]; `hidden` is true where a row must not look
// and has a shape that broadcasts to [..., rows, keys].
at::Tensor Compose(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& hidden) {
  const at::Tensor scores = at::matmul(queries.to(at::kFloat), keys.to(at::kFloat).transpose(-2, -1)) * ScaleOf(queries);
  const at::Tensor weights = at::softmax(scores.masked_fill(hidden, -std::numeric_limits<double>::infinity()), -1);
  return at::matmul(weights, values.to(at::kFloat)).to(queries.scalar_type());
}

// One sequence: [T, H, d] over [R, KH, d]. The queries of the heads that share a key head stand side by side.
at::Tensor ComposeSequence(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
  const int64_t num_queries = queries.size(0);
  const int64_t num_keys = keys.size(0);
  const int64_t kv_heads = keys.size(1);
  const int64_t d = queries.size(2);
  const at::Tensor grouped = queries.view({num_queries, kv_heads, -1, d}).permute({1, 2, 0, 3});  // [KH, H/KH, T, d]
  const at::Tensor last_key = at::arange(num_keys - num_queries, num_keys, keys.options().dtype(at::kLong)).unsqueeze(1);
  const at::Tensor hidden = at::arange(num_keys, keys.options().dtype(at::kLong)).unsqueeze(0) > last_key;  // [T, R]
  const auto by_head = [](const at::Tensor& x) { return x.permute({1, 0, 2}).unsqueeze(1); };               // [KH, 1, R, d]
  return Compose(grouped, by_head(keys), by_head(values), hidden).permute({2, 0, 1, 3}).reshape(queries.sizes());
}

}  // namespace

void RaggedShape::ToDevice(at::Device device) {
  Check(query_begin.size() == key_begin.size() && !query_begin.empty(), "every sequence has queries and keys");
  device_query_begin = Int32On(device, query_begin);
  device_key_begin = Int32On(device, key_begin);
  most_queries = Longest(query_begin);
  most_keys = Longest(key_begin);
}

at::Tensor RaggedAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, const RaggedShape& shape) {
  if (CanFlash(queries)) {
    // With fewer queries than keys its causal mask ends in the lower right corner, as ours.
    return std::get<0>(at::_flash_attention_forward(queries, keys, values, shape.device_query_begin, shape.device_key_begin,
                                                    shape.most_queries, shape.most_keys, /*dropout_p=*/0.0, /*is_causal=*/true,
                                                    /*return_debug_mask=*/false, ScaleOf(queries)));
  }
  std::vector<at::Tensor> parts;
  for (size_t i = 0; i + 1 < shape.query_begin.size(); ++i) {
    const auto keys_of = [&](const at::Tensor& x) { return x.slice(0, shape.key_begin[i], shape.key_begin[i + 1]); };
    const at::Tensor own = queries.slice(0, shape.query_begin[i], shape.query_begin[i + 1]);
    parts.push_back(ComposeSequence(own, keys_of(keys), keys_of(values)));
  }
  return at::cat(parts);
}

at::Tensor DecodeAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& lengths,
                           const at::Tensor& begins) {
  const int64_t batch = keys.size(0);
  const int64_t most_keys = keys.size(1);
  const int64_t kv_heads = keys.size(2);
  const int64_t d = keys.size(3);
  if (CanFlash(queries)) {
    return std::get<0>(at::_flash_attention_forward(
        queries, keys.reshape({batch * most_keys, kv_heads, d}), values.reshape({batch * most_keys, kv_heads, d}), begins,
        begins * most_keys, /*max_q=*/1, most_keys, /*dropout_p=*/0.0, /*is_causal=*/false, /*return_debug_mask=*/false, ScaleOf(queries),
        std::nullopt, std::nullopt, /*seqused_k=*/lengths.to(at::kInt)));
  }
  const at::Tensor grouped = queries.view({batch, kv_heads, -1, d});  // the heads that share a key head are its rows
  const at::Tensor hidden = at::arange(most_keys, lengths.options()).unsqueeze(0) >= lengths.unsqueeze(1);  // [B, T]
  const at::Tensor attended = Compose(grouped, keys.permute({0, 2, 1, 3}), values.permute({0, 2, 1, 3}), hidden.unsqueeze(1).unsqueeze(1));
  return attended.reshape(queries.sizes());
}

}  // namespace cupel
