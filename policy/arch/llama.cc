#include <fmt/format.h>

#include "policy/arch/architecture.h"

// Llama, Llama 2, SmolLM, SmolLM2 and others of that shape: grouped-query attention without biases, SwiGLU feed-forward, RMSNorm before
// each, rotary embeddings over the whole head.

namespace cupel {

Architecture LlamaArchitecture();

namespace {

constexpr int64_t kMaxVocab = 1 << 22;
constexpr int64_t kMaxWidth = 1 << 20;
constexpr int64_t kMaxLayers = 1 << 12;
constexpr int64_t kMaxHeads = 1 << 12;
constexpr int64_t kMaxHeadDim = 1 << 12;
constexpr int64_t kMaxContext = int64_t{1} << 30;
constexpr double kMaxRopeTheta = 1e12;

// hidden / heads, where the file does not say it.
int64_t DefaultHeadDim(const ModelConfig& config) { return config.num_heads > 0 ? config.hidden_size / config.num_heads : 0; }

void RequirePlainRope(FieldReader& fields) {
  fields.RequireText("rope_parameters.rope_type", "default");
  fields.RequireText("rope_scaling.rope_type", "default");
  fields.RequireText("rope_scaling.type", "default");
}

ModelConfig FromHuggingFace(FieldReader& fields) {
  ModelConfig config;
  config.architecture = "llama";
  config.vocab_size = fields.Int("vocab_size", 1, kMaxVocab);
  config.hidden_size = fields.Int("hidden_size", 1, kMaxWidth);
  config.ffn_size = fields.Int("intermediate_size", 1, kMaxWidth);
  config.num_layers = fields.Int("num_hidden_layers", 1, kMaxLayers);
  config.num_heads = fields.Int("num_attention_heads", 1, kMaxHeads);
  config.num_kv_heads = fields.Int("num_key_value_heads", 1, kMaxHeads, config.num_heads);
  config.head_dim = fields.Int("head_dim", 1, kMaxHeadDim, DefaultHeadDim(config));
  config.max_context = fields.Int("max_position_embeddings", 1, kMaxContext, 2048);
  config.rms_norm_eps = fields.Number("rms_norm_eps", 0, 1, 1e-6);
  // transformers 4 has rope_theta at the top, transformers 5 inside rope_parameters.
  const double old_theta = fields.Number("rope_theta", 1, kMaxRopeTheta, 10000.0);
  config.rope_theta = fields.Number("rope_parameters.rope_theta", 1, kMaxRopeTheta, old_theta);
  config.tie_word_embeddings = fields.Bool("tie_word_embeddings", false);
  RequirePlainRope(fields);
  fields.RequireText("hidden_act", "silu");
  fields.RequireFalse("attention_bias");
  fields.RequireFalse("mlp_bias");
  return config;
}

ModelConfig FromGguf(FieldReader& fields) {
  ModelConfig config;
  config.architecture = "llama";
  config.hidden_size = fields.Int("embedding_length", 1, kMaxWidth);
  config.ffn_size = fields.Int("feed_forward_length", 1, kMaxWidth);
  config.num_layers = fields.Int("block_count", 1, kMaxLayers);
  config.num_heads = fields.Int("attention.head_count", 1, kMaxHeads);
  config.num_kv_heads = fields.Int("attention.head_count_kv", 1, kMaxHeads, config.num_heads);
  config.head_dim = fields.Int("attention.key_length", 1, kMaxHeadDim, DefaultHeadDim(config));
  config.max_context = fields.Int("context_length", 1, kMaxContext);
  config.rms_norm_eps = fields.Number("attention.layer_norm_rms_epsilon", 0, 1);
  config.rope_theta = fields.Number("rope.freq_base", 1, kMaxRopeTheta, 10000.0);
  // Settings of which only one value is supported.
  fields.Int("attention.value_length", config.head_dim, config.head_dim, config.head_dim);
  fields.Int("rope.dimension_count", config.head_dim, config.head_dim, config.head_dim);
  fields.Int("expert_count", 0, 0, 0);
  fields.RequireText("rope.scaling.type", "none");
  return config;
}

Json ToHuggingFace(const ModelConfig& config) {
  return {{"vocab_size", config.vocab_size},
          {"hidden_size", config.hidden_size},
          {"intermediate_size", config.ffn_size},
          {"num_hidden_layers", config.num_layers},
          {"num_attention_heads", config.num_heads},
          {"num_key_value_heads", config.num_kv_heads},
          {"head_dim", config.head_dim},
          {"max_position_embeddings", config.max_context},
          {"rms_norm_eps", config.rms_norm_eps},
          {"rope_theta", config.rope_theta},
          {"rope_scaling", nullptr},
          {"rope_parameters", {{"rope_theta", config.rope_theta}, {"rope_type", "default"}}},
          {"hidden_act", "silu"},
          {"attention_bias", false},
          {"attention_dropout", 0.0},
          {"mlp_bias", false},
          {"initializer_range", 0.02},
          {"tie_word_embeddings", config.tie_word_embeddings}};
}

void AddLayer(const ModelConfig& config, int64_t layer, std::vector<TensorSpec>& tensors) {
  const int64_t width = config.hidden_size;
  const auto add = [&](std::string_view name, std::string_view gguf_name, std::vector<int64_t> shape, int64_t paired_heads = 0) {
    tensors.push_back({fmt::format("model.layers.{}.{}.weight", layer, name), std::move(shape),
                       fmt::format("blk.{}.{}.weight", layer, gguf_name), paired_heads});
  };
  add("input_layernorm", "attn_norm", {width});
  add("self_attn.q_proj", "attn_q", {config.q_size(), width}, config.num_heads);
  add("self_attn.k_proj", "attn_k", {config.kv_size(), width}, config.num_kv_heads);
  add("self_attn.v_proj", "attn_v", {config.kv_size(), width});
  add("self_attn.o_proj", "attn_output", {width, config.q_size()});
  add("post_attention_layernorm", "ffn_norm", {width});
  add("mlp.gate_proj", "ffn_gate", {config.ffn_size, width});
  add("mlp.up_proj", "ffn_up", {config.ffn_size, width});
  add("mlp.down_proj", "ffn_down", {width, config.ffn_size});
}

std::vector<TensorSpec> Tensors(const ModelConfig& config) {
  std::vector<TensorSpec> tensors;
  tensors.push_back({"model.embed_tokens.weight", {config.vocab_size, config.hidden_size}, "token_embd.weight"});
  for (int64_t layer = 0; layer < config.num_layers; ++layer) AddLayer(config, layer, tensors);
  tensors.push_back({"model.norm.weight", {config.hidden_size}, "output_norm.weight"});
  if (!config.tie_word_embeddings) tensors.push_back({"lm_head.weight", {config.vocab_size, config.hidden_size}, "output.weight"});
  return tensors;
}

}  // namespace

Architecture LlamaArchitecture() { return {"llama", "LlamaForCausalLM", FromHuggingFace, FromGguf, ToHuggingFace, Tensors}; }

}  // namespace cupel
