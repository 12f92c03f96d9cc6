#include "policy/model/decoder_weights.h"

#include <cmath>

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "base/check.h"

namespace cupel {
namespace {

Parameter MakeMatrix(std::string name, int64_t rows, int64_t columns) {
  return {.name = std::move(name), .master = at::empty({rows, columns}, at::kFloat), .grad = {}, .decays = true};
}

Parameter MakeNorm(std::string name, int64_t width) {
  return {.name = std::move(name), .master = at::empty({width}, at::kFloat), .grad = {}, .decays = false};
}

LinearWeights MakeLinear(std::string name, int64_t out, int64_t in) {
  return {.weight = MakeMatrix(std::move(name), out, in), .packed = {}, .onednn = {}};
}

LayerWeights MakeLayer(const ModelConfig& config, int64_t layer) {
  const std::string prefix = fmt::format("model.layers.{}.", layer);
  const int64_t width = config.hidden_size;
  LayerWeights weights;
  weights.input_norm = MakeNorm(prefix + "input_layernorm", width);
  weights.qkv = MakeLinear(prefix + "self_attn.qkv", config.q_size() + 2 * config.kv_size(), width);
  weights.o_proj = MakeLinear(prefix + "self_attn.o_proj", width, config.q_size());
  weights.post_norm = MakeNorm(prefix + "post_attention_layernorm", width);
  weights.gate_up = MakeLinear(prefix + "mlp.gate_up", 2 * config.ffn_size, width);
  weights.down = MakeLinear(prefix + "mlp.down_proj", width, config.ffn_size);
  return weights;
}

// RoPE angles (Su et al. 2021, arXiv 2104.09864) position * theta^(-2i/d). Frequencies and angles are rounded to float because the models
// were trained with such angles; only their cosine and sine are exact.
std::vector<float> MakeRopeTable(const ModelConfig& config) {
  const int64_t half = config.head_dim / 2;
  std::vector<float> table(static_cast<size_t>(config.max_context * config.head_dim));
  for (int64_t i = 0; i < half; ++i) {
    const double exponent = static_cast<double>(2 * i) / static_cast<double>(config.head_dim);
    const auto frequency = static_cast<float>(1.0 / std::pow(config.rope_theta, exponent));
    for (int64_t position = 0; position < config.max_context; ++position) {
      const double angle = static_cast<float>(position) * frequency;
      float* row = table.data() + position * config.head_dim;
      row[i] = static_cast<float>(std::cos(angle));
      row[half + i] = static_cast<float>(std::sin(angle));
    }
  }
  return table;
}

NamedSlice Whole(std::string name, Parameter& parameter) { return {std::move(name), &parameter, 0, parameter.master.size(0)}; }

void AppendLayerSlices(const ModelConfig& config, int64_t idx, LayerWeights& layer, std::vector<NamedSlice>& slices) {
  const std::string prefix = fmt::format("model.layers.{}.", idx);
  const int64_t q = config.q_size();
  const int64_t kv = config.kv_size();
  const int64_t ffn = config.ffn_size;
  slices.push_back(Whole(prefix + "input_layernorm.weight", layer.input_norm));
  slices.push_back({prefix + "self_attn.q_proj.weight", &layer.qkv.weight, 0, q});
  slices.push_back({prefix + "self_attn.k_proj.weight", &layer.qkv.weight, q, q + kv});
  slices.push_back({prefix + "self_attn.v_proj.weight", &layer.qkv.weight, q + kv, q + 2 * kv});
  slices.push_back(Whole(prefix + "self_attn.o_proj.weight", layer.o_proj.weight));
  slices.push_back(Whole(prefix + "post_attention_layernorm.weight", layer.post_norm));
  slices.push_back({prefix + "mlp.gate_proj.weight", &layer.gate_up.weight, 0, ffn});
  slices.push_back({prefix + "mlp.up_proj.weight", &layer.gate_up.weight, ffn, 2 * ffn});
  slices.push_back(Whole(prefix + "mlp.down_proj.weight", layer.down.weight));
}

}  // namespace

DecoderWeights AllocateWeights(const ModelConfig& config) {
  Check(config.num_kv_heads > 0 && config.num_heads % config.num_kv_heads == 0, "query heads are a multiple of key/value heads");
  DecoderWeights weights;
  weights.config = config;
  weights.embedding = MakeMatrix("model.embed_tokens", config.vocab_size, config.hidden_size);
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    weights.layers.push_back(MakeLayer(config, layer));
  }
  weights.final_norm = MakeNorm("model.norm", config.hidden_size);
  if (!config.tie_word_embeddings) {
    weights.head = MakeLinear("lm_head", config.vocab_size, config.hidden_size);
  }
  weights.rope_table = MakeRopeTable(config);
  return weights;
}

std::vector<int64_t> NamedSlice::shape() const {
  std::vector<int64_t> shape = parameter->master.sizes().vec();
  shape[0] = row_end - row_begin;
  return shape;
}

int64_t NamedSlice::size() const { return (row_end - row_begin) * parameter->master.stride(0); }

float* NamedSlice::data() const { return parameter->master.data_ptr<float>() + row_begin * parameter->master.stride(0); }

std::vector<NamedSlice> NamedSlices(DecoderWeights& weights) {
  std::vector<NamedSlice> slices;
  slices.push_back(Whole("model.embed_tokens.weight", weights.embedding));
  for (size_t layer = 0; layer < weights.layers.size(); ++layer) {
    AppendLayerSlices(weights.config, static_cast<int64_t>(layer), weights.layers[layer], slices);
  }
  slices.push_back(Whole("model.norm.weight", weights.final_norm));
  if (!weights.config.tie_word_embeddings) {
    slices.push_back(Whole("lm_head.weight", weights.head.weight));
  }
  return slices;
}

std::vector<Parameter*> Parameters(DecoderWeights& weights) {
  std::vector<Parameter*> parameters{&weights.embedding};
  for (LayerWeights& layer : weights.layers) {
    parameters.insert(parameters.end(), {&layer.input_norm, &layer.qkv.weight, &layer.o_proj.weight, &layer.post_norm,
                                         &layer.gate_up.weight, &layer.down.weight});
  }
  parameters.push_back(&weights.final_norm);
  if (!weights.config.tie_word_embeddings) {
    parameters.push_back(&weights.head.weight);
  }
  return parameters;
}

std::vector<LinearWeights*> LayerMatrices(DecoderWeights& weights) {
  std::vector<LinearWeights*> matrices;
  for (LayerWeights& layer : weights.layers) {
    matrices.insert(matrices.end(), {&layer.qkv, &layer.o_proj, &layer.gate_up, &layer.down});
  }
  return matrices;
}

std::vector<Parameter*> AllParameters(DecoderWeights& weights) {
  std::vector<Parameter*> parameters = Parameters(weights);
  for (LinearWeights* matrix : LayerMatrices(weights)) {
    for (Adapter& adapter : matrix->adapters) {
      parameters.insert(parameters.end(), {&adapter.a, &adapter.b});
    }
  }
  return parameters;
}

std::vector<Parameter*> TrainedParameters(DecoderWeights& weights) {
  const std::vector<Parameter*> all = AllParameters(weights);
  const size_t num_without_adapters = Parameters(weights).size();
  const bool has_adapters = all.size() > num_without_adapters;
  return {all.begin() + static_cast<std::ptrdiff_t>(has_adapters ? num_without_adapters : 0), all.end()};
}

at::Tensor EffectiveMatrix(const LinearWeights& linear) {
  if (linear.adapters.empty()) {
    return linear.weight.master;
  }
  at::Tensor sum = linear.weight.master.clone();
  for (const Adapter& adapter : linear.adapters) {
    at::Tensor rows = sum.slice(0, adapter.row_begin, adapter.row_end);
    rows.addmm_(adapter.b.master, adapter.a.master, 1, adapter.scale);
  }
  return sum;
}

}  // namespace cupel
