#include "policy/engine/decoder_pass.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace cupel {
namespace {

constexpr int64_t kLogitBytes = int64_t{8} << 20;

int64_t LogitRows(int64_t vocab_size) {
  const int64_t fitting = kLogitBytes / (vocab_size * kernels::SizeOf(kernels::DType::kFloat));
  return std::clamp<int64_t>(fitting, 1, DecoderPass::kMaxRows);
}

// A member's columns of n, in whole panels.
Share ColumnShare(int64_t panel, int64_t n, const TeamMember& member) {
  const Share panels = EvenShare((n + panel - 1) / panel, member.idx, member.team_size());
  return {.begin = std::min(panels.begin * panel, n), .end = std::min(panels.end * panel, n)};
}

}  // namespace

DecoderPass::DecoderPass(const DecoderWeights& weights, const ComputeBackend& backend, const Int8Weights* int8)
    : weights_(weights), backend_(backend), int8_(int8), max_logit_rows_(LogitRows(weights.config.vocab_size)) {
  const ModelConfig& config = weights.config;
  const auto rows_of = [&](int64_t width) { return kernels::AlignedBuffer(static_cast<size_t>(kMaxRows * width * backend.bytes())); };
  hidden_ = rows_of(config.hidden_size);
  normed_ = rows_of(config.hidden_size);
  qkv_ = rows_of(config.q_size() + 2 * config.kv_size());
  attended_ = rows_of(config.q_size());
  gate_up_ = rows_of(2 * config.ffn_size);
  activated_ = rows_of(config.ffn_size);
  logits_ = kernels::AlignedBuffer(static_cast<size_t>(max_logit_rows_ * config.vocab_size) * sizeof(float));
  if (int8 != nullptr) {
    rounded_ = kernels::Int8Scratch(kMaxRows, std::max({config.hidden_size, config.q_size(), config.ffn_size}));
  }
}

void DecoderPass::Run(std::span<const PassRow> rows) { RunTogether(rows, *this, {}); }

void DecoderPass::RunTogether(std::span<const PassRow> rows, DecoderPass& owner, const TeamMember& member) {
  Check(!rows.empty() && std::ssize(rows) <= kMaxRows, "a pass has between 1 and kMaxRows rows");
  if (&owner == this) {
    Embed(rows);
  }
  member.Meet();
  for (int64_t layer_idx = 0; layer_idx < weights_.config.num_layers; ++layer_idx) {
    RunLayer(layer_idx, rows, owner, member);
  }
}

void DecoderPass::Embed(std::span<const PassRow> rows) {
  tokens_.clear();
  positions_.clear();
  for (const PassRow& row : rows) {
    tokens_.push_back(row.token);
    positions_.push_back(row.position);
  }
  EmbedRows(backend_, weights_, tokens_, hidden_.data());
}

void DecoderPass::RunLayer(int64_t layer_idx, std::span<const PassRow> rows, DecoderPass& owner, const TeamMember& member) {
  AttentionBlock(layer_idx, rows, owner, member);
  FeedForwardBlock(layer_idx, std::ssize(rows), owner, member);
}

float* DecoderPass::ComputeLogits(const std::byte* hidden, int64_t m) {
  Check(m >= 1 && m <= max_logit_rows_, "the logits of one product fit their scratch");
  auto* logits = reinterpret_cast<float*>(logits_.data());
  NormRows(backend_, weights_.final_norm, weights_.config.rms_norm_eps, hidden, m, normed_.data());
  if (int8_ != nullptr) {
    Int8Columns(int8_->head(), normed_.data(), m, {}, nullptr, logits, kernels::DType::kFloat);
  } else {
    HeadRows(backend_, weights_, normed_.data(), m, logits);
  }
  return logits;
}

float* DecoderPass::ComputeLogitsTogether(int64_t m, DecoderPass& owner, const TeamMember& member) {
  Check(m >= 1 && m <= max_logit_rows_, "the logits of one product fit their scratch");
  NormRows(backend_, weights_.final_norm, weights_.config.rms_norm_eps, owner.hidden(), m, normed_.data());
  if (int8_ != nullptr) {
    Int8Columns(int8_->head(), normed_.data(), m, member, nullptr, owner.logits_.data(), kernels::DType::kFloat);
  } else {
    const Share columns = ColumnShare(backend_.kernels->panel, weights_.config.vocab_size, member);
    GemmColumns(weights_.head.packed, normed_.data(), m, columns, nullptr, owner.logits_.data(), kernels::DType::kFloat);
  }
  member.Meet();
  return reinterpret_cast<float*>(owner.logits_.data());
}

int64_t DecoderPass::FindFailedLayer(const PassRow& row) {
  Embed({&row, 1});
  const int64_t width = weights_.config.hidden_size;
  for (int64_t layer_idx = 0; layer_idx < weights_.config.num_layers; ++layer_idx) {
    RunLayer(layer_idx, {&row, 1}, *this, {});
    for (int64_t i = 0; i < width; ++i) {
      const float value = backend_.type == kernels::DType::kFloat
                              ? reinterpret_cast<const float*>(hidden_.data())[i]
                              : kernels::ToFloat(reinterpret_cast<const kernels::bf16*>(hidden_.data())[i]);
      if (!std::isfinite(value)) {
        return layer_idx;
      }
    }
  }
  return weights_.config.num_layers;
}

// Columns [columns.begin, columns.end) of y = x W^T (+ residual).
void DecoderPass::GemmColumns(const kernels::PackedMatrix& packed, const void* x, int64_t m, const Share& columns, const void* residual,
                              void* y, kernels::DType type) const {
  if (columns.begin < columns.end) {
    backend_.kernels->gemm(x, packed.k, m, packed, columns.begin, columns.end, residual, y, packed.n, type);
  }
}

// A member's columns of y = x W^T (+ residual) with int8 weights. Rounding the rows is cheaper than a meeting: every member rounds all.
void DecoderPass::Int8Columns(const kernels::Int8Matrix& matrix, const void* x, int64_t m, const TeamMember& member, const void* residual,
                              void* y, kernels::DType type) {
  const kernels::Int8Table& table = int8_->kernels();
  const Share columns = ColumnShare(table.panel, matrix.n, member);
  if (columns.begin < columns.end) {
    table.quantize(backend_.type, x, m, matrix.k, rounded_.rows());
    table.gemm(rounded_.rows(), m, matrix, columns.begin, columns.end, residual, y, matrix.n, type);
  }
}

const kernels::Int8Matrix* DecoderPass::Int8Of(int64_t layer_idx, kernels::Int8Matrix Int8LayerWeights::*matrix) const {
  return int8_ == nullptr ? nullptr : &(int8_->layer(layer_idx).*matrix);
}

// A member's columns of y = x W^T (+ residual), of `int8` unless it is null; everything when it is alone.
void DecoderPass::LinearColumns(const LinearWeights& linear, const kernels::Int8Matrix* int8, const void* x, int64_t m,
                                const TeamMember& member, const void* residual, void* y) {
  if (int8 != nullptr) {
    Int8Columns(*int8, x, m, member, residual, y, backend_.type);
  } else if (member.team_size() == 1) {
    LinearRows(backend_, linear, x, m, residual, y);
  } else {
    GemmColumns(linear.packed, x, m, ColumnShare(backend_.kernels->panel, linear.packed.n, member), residual, y, backend_.type);
  }
}

// Norms and SwiGLU are cheaper than a meeting: every member computes all rows of them into scratch of its own. Rotation, cache and
// attention go by rows, products by columns.
void DecoderPass::AttentionBlock(int64_t layer_idx, std::span<const PassRow> rows, DecoderPass& owner, const TeamMember& member) {
  const ModelConfig& config = weights_.config;
  const LayerWeights& layer = weights_.layers[static_cast<size_t>(layer_idx)];
  const int64_t m = std::ssize(rows);
  NormRows(backend_, layer.input_norm, config.rms_norm_eps, owner.hidden_.data(), m, normed_.data());
  LinearColumns(layer.qkv, Int8Of(layer_idx, &Int8LayerWeights::qkv), normed_.data(), m, member, nullptr, owner.qkv_.data());
  member.Meet();
  const Share share = EvenShare(m, member.idx, member.team_size());
  owner.Attend(layer_idx, rows.subspan(static_cast<size_t>(share.begin), static_cast<size_t>(share.end - share.begin)), share.begin,
               attention_rows_);
  member.Meet();
  LinearColumns(layer.o_proj, Int8Of(layer_idx, &Int8LayerWeights::o_proj), owner.attended_.data(), m, member, owner.hidden_.data(),
                owner.hidden_.data());
  member.Meet();
}

// Attention of rows that begin with row `first` of the pass; `attention_rows` is the caller's scratch.
void DecoderPass::Attend(int64_t layer_idx, std::span<const PassRow> rows, int64_t first,
                         std::vector<kernels::AttentionRow>& attention_rows) {
  if (rows.empty()) {
    return;
  }
  const ModelConfig& config = weights_.config;
  const int64_t m = std::ssize(rows);
  const int64_t qkv_size = config.q_size() + 2 * config.kv_size();
  // Queries and keys lie side by side in a row and turn together.
  backend_.kernels->rope(backend_.type, At(qkv_, first * qkv_size), m, qkv_size, config.num_heads + config.num_kv_heads, config.head_dim,
                         positions_.data() + first, weights_.rope_table.data(), 1);
  StoreKeysAndValues(layer_idx, rows, first);
  attention_rows.clear();
  for (int64_t i = 0; i < m; ++i) {
    const PassRow& row = rows[static_cast<size_t>(i)];
    attention_rows.push_back({.query = At(qkv_, (first + i) * qkv_size),
                              .out = At(attended_, (first + i) * config.q_size()),
                              .prefix = row.prefix == nullptr ? kernels::KeyValueRun{} : row.prefix->Run(layer_idx, row.prefix_rows),
                              .suffix = row.own->Run(layer_idx, row.own_row + 1),
                              .log_sum_exp = nullptr});
  }
  backend_.kernels->attention(backend_.type, AttentionShapeOf(config), attention_rows.data(), m);
}

void DecoderPass::StoreKeysAndValues(int64_t layer_idx, std::span<const PassRow> rows, int64_t first) {
  const ModelConfig& config = weights_.config;
  const int64_t qkv_size = config.q_size() + 2 * config.kv_size();
  const auto side_bytes = static_cast<size_t>(config.kv_size() * backend_.bytes());
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::byte* keys = At(qkv_, (first + static_cast<int64_t>(i)) * qkv_size + config.q_size());
    std::memcpy(rows[i].own->KeyRow(layer_idx, rows[i].own_row), keys, side_bytes);
    std::memcpy(rows[i].own->ValueRow(layer_idx, rows[i].own_row), keys + side_bytes, side_bytes);
  }
}

void DecoderPass::FeedForwardBlock(int64_t layer_idx, int64_t m, DecoderPass& owner, const TeamMember& member) {
  const ModelConfig& config = weights_.config;
  const LayerWeights& layer = weights_.layers[static_cast<size_t>(layer_idx)];
  NormRows(backend_, layer.post_norm, config.rms_norm_eps, owner.hidden_.data(), m, normed_.data());
  LinearColumns(layer.gate_up, Int8Of(layer_idx, &Int8LayerWeights::gate_up), normed_.data(), m, member, nullptr, owner.gate_up_.data());
  member.Meet();
  backend_.kernels->swiglu(backend_.type, owner.gate_up_.data(), m, config.ffn_size, activated_.data());
  LinearColumns(layer.down, Int8Of(layer_idx, &Int8LayerWeights::down), activated_.data(), m, member, owner.hidden_.data(),
                owner.hidden_.data());
  member.Meet();
}

std::byte* DecoderPass::At(kernels::AlignedBuffer& buffer, int64_t element) const { return buffer.data() + element * backend_.bytes(); }

}  // namespace cupel
