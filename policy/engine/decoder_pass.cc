#include "policy/engine/decoder_pass.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace cupel {
namespace {

constexpr int64_t kLogitBytes = int64_t{8} << 20;

int64_t LogitRows(int64_t vocab_size) {
  const int64_t fitting = kLogitBytes / (vocab_size * kernels::SizeOf(kernels::DType::kFloat));
  return std::clamp<int64_t>(fitting, 1, DecoderPass::kMaxRows);
}

}  // namespace

DecoderPass::DecoderPass(const DecoderWeights& weights, const ComputeBackend& backend)
    : weights_(weights), backend_(backend), max_logit_rows_(LogitRows(weights.config.vocab_size)) {
  const ModelConfig& config = weights.config;
  const auto rows_of = [&](int64_t width) { return kernels::AlignedBuffer(static_cast<size_t>(kMaxRows * width * backend.bytes())); };
  hidden_ = rows_of(config.hidden_size);
  normed_ = rows_of(config.hidden_size);
  qkv_ = rows_of(config.q_size() + 2 * config.kv_size());
  attended_ = rows_of(config.q_size());
  gate_up_ = rows_of(2 * config.ffn_size);
  activated_ = rows_of(config.ffn_size);
  logits_ = kernels::AlignedBuffer(static_cast<size_t>(max_logit_rows_ * config.vocab_size) * sizeof(float));
}

void DecoderPass::Run(std::span<const PassRow> rows) {
  const auto m = static_cast<int64_t>(rows.size());
  Check(m >= 1 && m <= kMaxRows, "a pass has between 1 and kMaxRows rows");
  tokens_.clear();
  positions_.clear();
  for (const PassRow& row : rows) {
    tokens_.push_back(row.token);
    positions_.push_back(row.position);
  }
  EmbedRows(backend_, weights_, tokens_, hidden_.data());
  for (int64_t layer_idx = 0; layer_idx < weights_.config.num_layers; ++layer_idx) {
    AttentionBlock(layer_idx, rows);
    FeedForwardBlock(weights_.layers[static_cast<size_t>(layer_idx)], m);
  }
}

float* DecoderPass::ComputeLogits(const std::byte* hidden, int64_t m) {
  Check(m >= 1 && m <= max_logit_rows_, "the logits of one product fit their scratch");
  auto* logits = reinterpret_cast<float*>(logits_.data());
  NormRows(backend_, weights_.final_norm, weights_.config.rms_norm_eps, hidden, m, normed_.data());
  HeadRows(backend_, weights_, normed_.data(), m, logits);
  return logits;
}

void DecoderPass::AttentionBlock(int64_t layer_idx, std::span<const PassRow> rows) {
  const ModelConfig& config = weights_.config;
  const LayerWeights& layer = weights_.layers[static_cast<size_t>(layer_idx)];
  const auto m = static_cast<int64_t>(rows.size());
  const int64_t qkv_size = config.q_size() + 2 * config.kv_size();
  NormRows(backend_, layer.input_norm, config.rms_norm_eps, hidden_.data(), m, normed_.data());
  LinearRows(backend_, layer.qkv, normed_.data(), m, nullptr, qkv_.data());
  // Queries and keys lie side by side in a row and turn together.
  backend_.kernels->rope(backend_.type, qkv_.data(), m, qkv_size, config.num_heads + config.num_kv_heads, config.head_dim,
                         positions_.data(), weights_.rope_table.data(), 1);
  StoreKeysAndValues(layer_idx, rows);
  attention_rows_.clear();
  for (int64_t i = 0; i < m; ++i) {
    const PassRow& row = rows[static_cast<size_t>(i)];
    attention_rows_.push_back({.query = At(qkv_, i * qkv_size),
                               .out = At(attended_, i * config.q_size()),
                               .prefix = row.prefix == nullptr ? kernels::KeyValueRun{} : row.prefix->Run(layer_idx, row.prefix_rows),
                               .suffix = row.own->Run(layer_idx, row.own_row + 1),
                               .log_sum_exp = nullptr});
  }
  backend_.kernels->attention(backend_.type, AttentionShapeOf(config), attention_rows_.data(), m);
  LinearRows(backend_, layer.o_proj, attended_.data(), m, hidden_.data(), hidden_.data());
}

void DecoderPass::StoreKeysAndValues(int64_t layer_idx, std::span<const PassRow> rows) {
  const ModelConfig& config = weights_.config;
  const int64_t qkv_size = config.q_size() + 2 * config.kv_size();
  const auto side_bytes = static_cast<size_t>(config.kv_size() * backend_.bytes());
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::byte* keys = At(qkv_, static_cast<int64_t>(i) * qkv_size + config.q_size());
    std::memcpy(rows[i].own->KeyRow(layer_idx, rows[i].own_row), keys, side_bytes);
    std::memcpy(rows[i].own->ValueRow(layer_idx, rows[i].own_row), keys + side_bytes, side_bytes);
  }
}

void DecoderPass::FeedForwardBlock(const LayerWeights& layer, int64_t m) {
  const ModelConfig& config = weights_.config;
  NormRows(backend_, layer.post_norm, config.rms_norm_eps, hidden_.data(), m, normed_.data());
  LinearRows(backend_, layer.gate_up, normed_.data(), m, nullptr, gate_up_.data());
  backend_.kernels->swiglu(backend_.type, gate_up_.data(), m, config.ffn_size, activated_.data());
  LinearRows(backend_, layer.down, activated_.data(), m, hidden_.data(), hidden_.data());
}

std::byte* DecoderPass::At(kernels::AlignedBuffer& buffer, int64_t element) const { return buffer.data() + element * backend_.bytes(); }

}  // namespace cupel
