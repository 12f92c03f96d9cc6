#include "policy/engine/torch_steps.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/isfinite.h>

#include "base/check.h"
#include "policy/device/torch_attention.h"
#include "policy/device/torch_ops.h"

namespace cupel {
namespace {

constexpr int64_t kSmallestContext = 64;

// Memory of the host that a GPU copies from and to without a detour.
at::TensorOptions HostOptions(const DeviceWeights& weights) { return at::TensorOptions(at::kCPU).pinned_memory(weights.device.is_cuda()); }

at::Tensor EmbedTokens(const DeviceWeights& weights, const at::Tensor& tokens) { return at::index_select(weights.embedding, 0, tokens); }

at::Tensor HeadLogits(const DeviceWeights& weights, const at::Tensor& hidden) {
  return FloatLinear(RmsNorm(hidden, weights.final_norm, weights.config.rms_norm_eps), weights.head);
}

// Keys and values of a layer go to their rows, and come back with those of everything that is attended to.
struct LayerCache {
  at::Tensor keys;
  at::Tensor values;

  void Write(const at::Tensor& own_rows, const at::Tensor& new_keys, const at::Tensor& new_values) {
    keys.index_copy_(0, own_rows, new_keys);
    values.index_copy_(0, own_rows, new_values);
  }
};

}  // namespace

DeviceKv AllocateDeviceKv(const DeviceWeights& weights, int64_t rows) {
  DeviceKv kv;
  const ModelConfig& config = weights.config;
  const auto allocate = [&] {
    return at::empty({rows + 1, config.num_kv_heads, config.head_dim}, at::TensorOptions(weights.device).dtype(weights.type));
  };
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    kv.keys.push_back(allocate());
    kv.values.push_back(allocate());
  }
  kv.nobody = rows;
  return kv;
}

void CopyRows(const DeviceKv& kv, int64_t from, int64_t to, int64_t count) {
  for (const std::vector<at::Tensor>* side : {&kv.keys, &kv.values}) {
    for (const at::Tensor& layer : *side) {
      layer.slice(0, to, to + count).copy_(layer.slice(0, from, from + count));
    }
  }
}

at::Tensor RunPrompts(const DeviceWeights& weights, const DeviceKv& kv, std::span<const PromptPart> parts) {
  const at::NoGradGuard no_grad;
  RaggedShape shape{.query_begin = {0}, .key_begin = {0}};
  std::vector<int64_t> tokens;
  std::vector<int64_t> positions;
  std::vector<int64_t> own_rows;
  std::vector<int64_t> context_rows;
  std::vector<int64_t> last_rows;
  for (const PromptPart& part : parts) {
    const int64_t end = part.first_position + std::ssize(part.tokens);
    for (int64_t position = 0; position < end; ++position) {
      context_rows.push_back(part.first_row + position);
    }
    for (int64_t position = part.first_position; position < end; ++position) {
      tokens.push_back(part.tokens[static_cast<size_t>(position - part.first_position)]);
      positions.push_back(position);
      own_rows.push_back(part.first_row + position);
    }
    shape.query_begin.push_back(std::ssize(tokens));
    shape.key_begin.push_back(std::ssize(context_rows));
    last_rows.push_back(std::ssize(tokens) - 1);
  }
  shape.ToDevice(weights.device);
  const at::Tensor own = LongsOn(weights.device, own_rows);
  const at::Tensor context = LongsOn(weights.device, context_rows);
  const RotaryRows rotary = RotaryOf(weights, LongsOn(weights.device, positions));
  at::Tensor x = EmbedTokens(weights, LongsOn(weights.device, tokens));
  for (size_t i = 0; i < weights.layers.size(); ++i) {
    LayerCache cache{.keys = kv.keys[i], .values = kv.values[i]};
    x = LayerForward(
        weights, weights.layers[i], rotary, x, [&](const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
          cache.Write(own, keys, values);
          return RaggedAttention(queries, at::index_select(cache.keys, 0, context), at::index_select(cache.values, 0, context), shape);
        });
  }
  return HeadLogits(weights, at::index_select(x, 0, LongsOn(weights.device, last_rows)));
}

DecodeSteps::DecodeSteps(const DeviceWeights& weights, const DeviceKv& kv) : weights_(weights), kv_(kv) {
  // No sequence is longer than the cache, however long the model's context is.
  const int64_t longest = std::min(weights.config.max_context, std::max<int64_t>(1, kv.nobody));
  const int64_t most_inputs = kMaxBatch * (kContext + ContextBucket(longest));
  host_inputs_ = at::empty({most_inputs}, HostOptions(weights).dtype(at::kLong));
  logits_ = at::empty({kMaxBatch, weights.config.vocab_size}, at::TensorOptions(weights.device).dtype(at::kFloat));
  const bool is_host = weights.device.is_cpu();
  inputs_ = is_host ? host_inputs_ : at::empty({most_inputs}, at::TensorOptions(weights.device).dtype(at::kLong));
  host_logits_ = is_host ? logits_ : at::empty(logits_.sizes(), HostOptions(weights).dtype(at::kFloat));
  begins_ = at::arange(kMaxBatch + 1, at::TensorOptions(weights.device).dtype(at::kInt));
}

int64_t DecodeSteps::BatchBucket(int64_t rows) {
  int64_t batch = 1;
  while (batch < rows) {
    batch *= 2;
  }
  return batch;
}

// Powers of two and one and a half times them: at most a third of the keys is there for nothing.
int64_t DecodeSteps::ContextBucket(int64_t length) const {
  int64_t context = kSmallestContext;
  while (context < length) {
    context = (context & (context - 1)) == 0 ? context / 2 * 3 : context / 3 * 4;
  }
  return context;
}

at::Tensor DecodeSteps::Inputs(int64_t batch, int64_t context) const {
  return inputs_.slice(0, 0, batch * (kContext + context)).view({batch, kContext + context});
}

// Rows that are shorter than the bucket repeat their first key, which is not counted; empty places see the row of nobody.
void DecodeSteps::Fill(std::span<const DecodeRow> rows, int64_t batch, int64_t context) {
  int64_t* input = host_inputs_.data_ptr<int64_t>();
  for (const DecodeRow& row : rows) {
    Check(!row.rows.empty() && std::ssize(row.rows) <= context, "a row fits its bucket");
    input[kToken] = row.token;
    input[kPosition] = row.position();
    input[kLength] = std::ssize(row.rows);
    input[kOwnRow] = row.rows.back();
    std::fill_n(std::copy(row.rows.begin(), row.rows.end(), input + kContext), context - std::ssize(row.rows), row.rows.front());
    input += kContext + context;
  }
  for (int64_t i = std::ssize(rows); i < batch; ++i) {
    std::fill_n(input, kContext, 0);
    input[kLength] = 1;
    input[kOwnRow] = kv_.nobody;
    std::fill_n(input + kContext, context, kv_.nobody);
    input += kContext + context;
  }
  if (!inputs_.is_same(host_inputs_)) {
    const int64_t count = batch * (kContext + context);
    inputs_.slice(0, 0, count).copy_(host_inputs_.slice(0, 0, count), /*non_blocking=*/true);
  }
}

void DecodeSteps::Compute(int64_t batch, int64_t context, const Observer& observe) const {
  const at::NoGradGuard no_grad;
  const ModelConfig& config = weights_.config;
  const at::Tensor inputs = Inputs(batch, context);
  const at::Tensor lengths = inputs.select(1, kLength);
  const at::Tensor own = inputs.select(1, kOwnRow);
  const at::Tensor rows = inputs.slice(1, kContext).reshape({batch * context});
  const at::Tensor begins = begins_.slice(0, 0, batch + 1);
  const RotaryRows rotary = RotaryOf(weights_, inputs.select(1, kPosition));
  const auto gather = [&](const at::Tensor& side) {
    return at::index_select(side, 0, rows).view({batch, context, config.num_kv_heads, config.head_dim});
  };
  at::Tensor x = EmbedTokens(weights_, inputs.select(1, kToken));
  for (size_t i = 0; i < weights_.layers.size(); ++i) {
    LayerCache cache{.keys = kv_.keys[i], .values = kv_.values[i]};
    x = LayerForward(weights_, weights_.layers[i], rotary, x,
                     [&](const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
                       cache.Write(own, keys, values);
                       return DecodeAttention(queries, gather(cache.keys), gather(cache.values), lengths, begins);
                     });
    if (observe) {
      observe(static_cast<int64_t>(i), x);
    }
  }
  at::Tensor logits = logits_.slice(0, 0, batch);
  logits.copy_(HeadLogits(weights_, x));
}

float* DecodeSteps::Run(std::span<const DecodeRow> rows) {
  Check(!rows.empty() && std::ssize(rows) <= kMaxBatch, "a step feeds between 1 and kMaxBatch rows");
  const auto longest = std::ranges::max(rows, {}, [](const DecodeRow& row) { return row.rows.size(); }).rows.size();
  const int64_t batch = BatchBucket(std::ssize(rows));
  const int64_t context = ContextBucket(static_cast<int64_t>(longest));
  Fill(rows, batch, context);
  std::unique_ptr<DeviceGraph>& graph = graphs_[{batch, context}];
  if (graph == nullptr) {
    graph = MakeDeviceGraph(weights_.device, [this, batch, context] { Compute(batch, context, nullptr); });
  }
  graph->Run();
  if (!host_logits_.is_same(logits_)) {
    host_logits_.slice(0, 0, std::ssize(rows)).copy_(logits_.slice(0, 0, std::ssize(rows)));
  }
  return host_logits_.data_ptr<float>();
}

int64_t DecodeSteps::FindFailedLayer(const DecodeRow& row) {
  const int64_t context = ContextBucket(std::ssize(row.rows));
  Fill({&row, 1}, 1, context);
  int64_t failed = weights_.config.num_layers;
  Compute(1, context, [&](int64_t layer, const at::Tensor& hidden) {
    if (layer < failed && !at::isfinite(hidden).all().item<bool>()) {
      failed = layer;
    }
  });
  return failed;
}

std::vector<std::pair<int64_t, int64_t>> DecodeSteps::buckets() const {
  std::vector<std::pair<int64_t, int64_t>> used;
  for (const auto& [bucket, graph] : graphs_) {
    used.push_back(bucket);
  }
  return used;
}

}  // namespace cupel
