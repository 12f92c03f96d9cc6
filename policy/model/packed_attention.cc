#include "policy/model/packed_attention.h"

#include <algorithm>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "base/check.h"
#include "policy/model/record.h"
#include "policy/model/tensor_ops.h"

namespace cupel {
namespace {

using kernels::AttentionRow;
using kernels::AttentionRowBackward;
using kernels::AttentionShape;

// Addresses into the buffers of one attention call.
struct AttentionBuffers {
  const ModelConfig* config;
  const PackedLayout* layout;
  int64_t element_bytes;
  std::byte* qkv;      // [N, (H + 2 KH) d], rotated
  std::byte* out;      // [N, H d]
  float* log_sum_exp;  // [N, H]; null when not wanted

  int64_t width() const { return config->q_size() + 2 * config->kv_size(); }

  // Keys and values of packed tokens [begin, end), from key/value head `head` on.
  kernels::KeyValueRun Run(int64_t begin, int64_t end, int64_t head) const {
    const int64_t key = begin * width() + config->q_size() + head * config->head_dim;
    return {qkv + key * element_bytes, qkv + (key + config->kv_size()) * element_bytes, end - begin, width()};
  }

  // The query row of a packed token, from the first query head of key/value head `head` on.
  AttentionRow Row(int64_t row, int64_t head) const {
    const PackedBatch::Segment& segment = layout->batch.segments[static_cast<size_t>(layout->segment_of[static_cast<size_t>(row)])];
    const int64_t query_head = head * (config->num_heads / config->num_kv_heads);
    const int64_t query = query_head * config->head_dim;
    AttentionRow result{};
    result.query = qkv + (row * width() + query) * element_bytes;
    result.out = out + (row * config->q_size() + query) * element_bytes;
    if (segment.parent >= 0) {
      const PackedBatch::Segment& parent = layout->batch.segments[static_cast<size_t>(segment.parent)];
      result.prefix = Run(parent.begin, parent.end, head);
    }
    result.suffix = Run(segment.begin, row + 1, head);
    result.log_sum_exp = log_sum_exp == nullptr ? nullptr : log_sum_exp + row * config->num_heads + query_head;
    return result;
  }
};

// The same for one key/value head and its query heads.
AttentionShape OneHeadShape(const ModelConfig& config) {
  AttentionShape shape = AttentionShapeOf(config);
  shape.num_heads /= shape.num_kv_heads;
  shape.num_kv_heads = 1;
  return shape;
}

void Attend(const ComputeBackend& backend, const AttentionBuffers& buffers, int64_t rows) {
  ForRows(rows, [&](int64_t begin, int64_t end) {
    std::vector<AttentionRow> work;
    for (int64_t row = begin; row < end; ++row) {
      work.push_back(buffers.Row(row, 0));
    }
    backend.kernels->attention(backend.type, AttentionShapeOf(*buffers.config), work.data(), end - begin);
  });
}

// Gradients in float; those of keys and values head by head, so that a head's accumulators are contiguous rows of d.
struct AttentionGradients {
  at::Tensor queries;  // [N, H d]
  at::Tensor keys;     // [KH, N, d]
  at::Tensor values;   // [KH, N, d]
};

AttentionGradients AttendBackward(const ComputeBackend& backend, const AttentionBuffers& buffers, const at::Tensor& grad_out) {
  const ModelConfig& config = *buffers.config;
  const PackedLayout& layout = *buffers.layout;
  const int64_t num_tokens = grad_out.size(0);
  const int64_t d = config.head_dim;
  const int64_t query_width = config.num_heads / config.num_kv_heads * d;  // of the query heads that share one key/value head
  AttentionGradients grads{at::empty({num_tokens, config.q_size()}, at::kFloat),
                           at::zeros({config.num_kv_heads, num_tokens, d}, at::kFloat),
                           at::zeros({config.num_kv_heads, num_tokens, d}, at::kFloat)};
  const auto* grad_rows = static_cast<const std::byte*>(grad_out.const_data_ptr());
  const auto num_items = static_cast<int64_t>(layout.trees.size()) * config.num_kv_heads;
  at::parallel_for(0, num_items, 1, [&](int64_t item_begin, int64_t item_end) {
    std::vector<AttentionRowBackward> work;
    for (int64_t item = item_begin; item < item_end; ++item) {
      const int64_t head = item % config.num_kv_heads;
      float* keys = grads.keys.data_ptr<float>() + head * num_tokens * d;
      float* values = grads.values.data_ptr<float>() + head * num_tokens * d;
      work.clear();
      for (const int64_t row : layout.trees[static_cast<size_t>(item / config.num_kv_heads)]) {
        const int64_t query = row * config.q_size() + head * query_width;
        const PackedBatch::Segment& segment = layout.batch.segments[static_cast<size_t>(layout.segment_of[static_cast<size_t>(row)])];
        const bool has_parent = segment.parent >= 0;
        const int64_t prefix = has_parent ? layout.batch.segments[static_cast<size_t>(segment.parent)].begin : 0;
        work.push_back({.forward = buffers.Row(row, head),
                        .grad_out = grad_rows + query * buffers.element_bytes,
                        .grad_query = grads.queries.data_ptr<float>() + query,
                        .grad_prefix_keys = has_parent ? keys + prefix * d : nullptr,
                        .grad_prefix_values = has_parent ? values + prefix * d : nullptr,
                        .grad_suffix_keys = keys + segment.begin * d,
                        .grad_suffix_values = values + segment.begin * d});
      }
      backend.kernels->attention_backward(backend.type, OneHeadShape(config), work.data(), static_cast<int64_t>(work.size()));
    }
  });
  return grads;
}

// Turns queries and keys back and lays all gradients out as the product that made qkv wants them: [N, (H + 2 KH) d] in the compute type.
at::Tensor UnrotateGradients(const ComputeBackend& backend, const DecoderWeights& weights, const PackedLayout& layout,
                             const AttentionGradients& grads) {
  const ModelConfig& config = weights.config;
  const int64_t d = config.head_dim;
  const int64_t num_tokens = layout.batch.num_tokens();
  at::Tensor result = EmptyRows(backend, num_tokens, config.q_size() + 2 * config.kv_size());
  auto* out = static_cast<std::byte*>(result.data_ptr());
  const auto write = [&](const float* from, int64_t count, int64_t offset) {
    StoreRow(backend, from, count, out + offset * backend.bytes());
  };
  ForRows(num_tokens, [&](int64_t begin, int64_t end) {
    const int64_t* positions = layout.batch.positions.data() + begin;
    const auto unrotate = [&](float* x, int64_t heads) {
      backend.kernels->rope(kernels::DType::kFloat, x, end - begin, heads * d, heads, d, positions, weights.rope_table.data(), -1);
    };
    float* queries = grads.queries.data_ptr<float>();
    unrotate(queries + begin * config.q_size(), config.num_heads);
    for (int64_t head = 0; head < config.num_kv_heads; ++head) {
      unrotate(grads.keys.data_ptr<float>() + (head * num_tokens + begin) * d, 1);
    }
    for (int64_t row = begin; row < end; ++row) {
      const int64_t to = row * result.size(1);
      write(queries + row * config.q_size(), config.q_size(), to);
      for (int64_t head = 0; head < config.num_kv_heads; ++head) {
        const int64_t from = (head * num_tokens + row) * d;
        write(grads.keys.data_ptr<float>() + from, d, to + config.q_size() + head * d);
        write(grads.values.data_ptr<float>() + from, d, to + config.q_size() + config.kv_size() + head * d);
      }
    }
  });
  return result;
}

void CheckSegments(const PackedBatch& batch) {
  int64_t next = 0;
  for (size_t i = 0; i < batch.segments.size(); ++i) {
    const PackedBatch::Segment& segment = batch.segments[i];
    Check(segment.begin == next && segment.end > segment.begin, "segments cover the packed tokens in order");
    Check(segment.parent < static_cast<int64_t>(i), "a parent precedes its children");
    Check(segment.parent < 0 || batch.segments[static_cast<size_t>(segment.parent)].parent < 0, "a parent is a prompt");
    next = segment.end;
  }
  Check(next == batch.num_tokens(), "segments cover all packed tokens");
}

}  // namespace

std::shared_ptr<const PackedLayout> MakeLayout(PackedBatch batch, const ModelConfig& config) {
  Check(batch.positions.size() == batch.tokens.size() && batch.query_rows.size() == batch.targets.size(), "packed arrays agree in length");
  CheckSegments(batch);
  for (const int64_t position : batch.positions) {
    Check(position >= 0 && position < config.max_context, "positions fit the model's context");
  }
  for (size_t i = 0; i < batch.targets.size(); ++i) {
    Check(batch.query_rows[i] >= 0 && batch.query_rows[i] < batch.num_tokens(), "query rows are packed tokens");
    Check(batch.targets[i] >= 0 && batch.targets[i] < config.vocab_size, "targets are inside the vocabulary");
  }
  auto layout = std::make_shared<PackedLayout>();
  std::vector<size_t> tree_of(batch.segments.size());
  for (size_t i = 0; i < batch.segments.size(); ++i) {
    const PackedBatch::Segment& segment = batch.segments[i];
    tree_of[i] = segment.parent < 0 ? layout->trees.size() : tree_of[static_cast<size_t>(segment.parent)];
    layout->trees.resize(std::max(layout->trees.size(), tree_of[i] + 1));
    for (int64_t row = segment.begin; row < segment.end; ++row) {
      layout->segment_of.push_back(static_cast<int64_t>(i));
      layout->trees[tree_of[i]].push_back(row);
    }
  }
  layout->batch = std::move(batch);
  return layout;
}

at::Tensor RopeAttention(const ComputeBackend& backend, const DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout,
                         const at::Tensor& qkv) {
  const ModelConfig& config = weights.config;
  const int64_t num_tokens = qkv.size(0);
  at::Tensor rotated = qkv.detach();
  ForRows(num_tokens, [&](int64_t begin, int64_t end) {
    std::byte* rows = static_cast<std::byte*>(rotated.data_ptr()) + begin * rotated.size(1) * backend.bytes();
    backend.kernels->rope(backend.type, rows, end - begin, rotated.size(1), config.num_heads + config.num_kv_heads, config.head_dim,
                          layout->batch.positions.data() + begin, weights.rope_table.data(), 1);
  });
  at::Tensor out = EmptyRows(backend, num_tokens, config.q_size());
  at::Tensor log_sum_exp = IsRecording(qkv) ? at::empty({num_tokens, config.num_heads}, at::kFloat) : at::Tensor();
  const auto buffers = [&config, bytes = backend.bytes()](const PackedLayout& packed, const at::Tensor& x, const at::Tensor& y,
                                                          const at::Tensor& lse) {
    return AttentionBuffers{.config = &config,
                            .layout = &packed,
                            .element_bytes = bytes,
                            .qkv = static_cast<std::byte*>(x.data_ptr()),
                            .out = static_cast<std::byte*>(y.data_ptr()),
                            .log_sum_exp = lse.defined() ? lse.data_ptr<float>() : nullptr};
  };
  Attend(backend, buffers(*layout, rotated, out, log_sum_exp), num_tokens);
  Record(out, {qkv},
         [&backend, &weights, layout, rotated, kept_out = out.detach(), log_sum_exp,
          buffers](const at::Tensor& grad) -> std::vector<at::Tensor> {
           const AttentionGradients grads = AttendBackward(backend, buffers(*layout, rotated, kept_out, log_sum_exp), grad);
           return {UnrotateGradients(backend, weights, *layout, grads)};
         });
  return out;
}

}  // namespace cupel
