#include "tests/policy/model/reference_decoder.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "base/random.h"
#include "policy/model/decoder.h"
#include "policy/model/weight_loading.h"

namespace cupel {

ModelConfig SmallConfig() {
  ModelConfig config;
  config.vocab_size = 259;
  config.hidden_size = 64;
  config.ffn_size = 96;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 16;
  config.max_context = 256;
  return config;
}

ComputeBackend TestBackend(kernels::DType type) { return {.kernels = kernels::BestKernels(), .type = type, .onednn = false}; }

TestModel MakeTestModel(const ModelConfig& config, const ComputeBackend& backend, uint64_t seed) {
  TestModel model{backend, AllocateWeights(config)};
  DrawMasters(seed, model.weights);
  for (Parameter* parameter : Parameters(model.weights)) {
    if (parameter->master.dim() == 1) {
      parameter->master.copy_(at::linspace(0.5, 1.5, parameter->master.size(0)));
    } else {
      parameter->master.mul_(6.0);
    }
    parameter->grad = at::zeros_like(parameter->master);
  }
  RefreshDerived(backend, model.weights);
  return model;
}

std::vector<TokenId> RandomTokens(int64_t count, uint32_t stream, int64_t vocab_size) {
  RandomStream random(1, RandomPurpose::kTaskContent, stream);
  std::vector<TokenId> tokens(static_cast<size_t>(count));
  std::generate(tokens.begin(), tokens.end(), [&] { return static_cast<TokenId>(random.Below(static_cast<uint64_t>(vocab_size))); });
  return tokens;
}

std::vector<Group> SampleGroups() {
  return {{RandomTokens(19, 0), {RandomTokens(12, 1), RandomTokens(1, 2), RandomTokens(70, 3)}},
          {RandomTokens(1, 4), {RandomTokens(5, 5), RandomTokens(33, 6)}},
          {RandomTokens(67, 7), {RandomTokens(17, 8)}}};
}

PackedBatch Pack(std::span<const Group> groups) {
  PackedBatch batch;
  for (const Group& group : groups) {
    AppendGroup(group.prompt, group.completions, batch);
  }
  return batch;
}

at::Tensor Logprobs(TestModel& model, const PackedBatch& batch, double temperature) {
  const auto layout = MakeLayout(batch, model.weights.config);
  const at::Tensor hidden = DecoderForward(model.backend, model.weights, layout);
  return ScoreTokens(model.backend, model.weights, layout, hidden, temperature).logprobs;
}

void ZeroGradients(TestModel& model) {
  for (Parameter* parameter : Parameters(model.weights)) {
    parameter->grad.zero_();
  }
}

ReferenceDecoder::ReferenceDecoder(DecoderWeights& weights) : config_(weights.config) {
  for (const NamedSlice& slice : NamedSlices(weights)) {
    leaves_[slice.name] = slice.parameter->master.slice(0, slice.row_begin, slice.row_end).clone().requires_grad_(true);
  }
  if (config_.tie_word_embeddings) {
    leaves_["lm_head.weight"] = leaves_.at("model.embed_tokens.weight");
  }
}

at::Tensor ReferenceDecoder::Norm(const at::Tensor& x, const std::string& name) const {
  return x * at::rsqrt(x.pow(2).mean(-1, true) + config_.rms_norm_eps) * Weight(name);
}

at::Tensor ReferenceDecoder::Rotate(const at::Tensor& x) const {
  const int64_t half = config_.head_dim / 2;
  const at::Tensor exponents = at::arange(half, at::kDouble) * 2 / static_cast<double>(config_.head_dim);
  const at::Tensor frequencies = at::pow(at::scalar_tensor(config_.rope_theta, at::kDouble), -exponents);
  const at::Tensor angles = at::outer(at::arange(x.size(1), at::kDouble), frequencies);  // [T, d/2]
  const at::Tensor cos = at::cos(angles).to(at::kFloat);
  const at::Tensor sin = at::sin(angles).to(at::kFloat);
  const at::Tensor low = x.narrow(2, 0, half);
  const at::Tensor high = x.narrow(2, half, half);
  return at::cat({low * cos - high * sin, high * cos + low * sin}, 2);
}

at::Tensor ReferenceDecoder::Attention(const at::Tensor& x, const std::string& prefix) const {
  const int64_t num_tokens = x.size(0);
  const auto project = [&](const std::string& name, int64_t heads) {
    return at::linear(x, Weight(prefix + name)).view({num_tokens, heads, config_.head_dim}).transpose(0, 1);
  };
  const int64_t repeats = config_.num_heads / config_.num_kv_heads;
  const at::Tensor q = Rotate(project("q_proj.weight", config_.num_heads));
  const at::Tensor k = Rotate(project("k_proj.weight", config_.num_kv_heads)).repeat_interleave(repeats, 0);
  const at::Tensor v = project("v_proj.weight", config_.num_kv_heads).repeat_interleave(repeats, 0);
  const at::Tensor future = at::ones({num_tokens, num_tokens}, at::kBool).triu(1);
  const at::Tensor scores = at::matmul(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(config_.head_dim));
  const at::Tensor attended = at::matmul(at::softmax(scores.masked_fill(future, -INFINITY), -1), v);
  return at::linear(attended.transpose(0, 1).reshape({num_tokens, -1}), Weight(prefix + "o_proj.weight"));
}

at::Tensor ReferenceDecoder::FeedForward(const at::Tensor& x, const std::string& prefix) const {
  const at::Tensor gate = at::linear(x, Weight(prefix + "gate_proj.weight"));
  const at::Tensor up = at::linear(x, Weight(prefix + "up_proj.weight"));
  return at::linear(at::silu(gate) * up, Weight(prefix + "down_proj.weight"));
}

at::Tensor ReferenceDecoder::Logits(std::span<const TokenId> tokens) const {
  const at::Tensor ids = at::tensor(std::vector<int64_t>(tokens.begin(), tokens.end()), at::kLong);
  at::Tensor x = at::embedding(Weight("model.embed_tokens.weight"), ids);
  for (int64_t layer = 0; layer < config_.num_layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    x = x + Attention(Norm(x, prefix + "input_layernorm.weight"), prefix + "self_attn.");
    x = x + FeedForward(Norm(x, prefix + "post_attention_layernorm.weight"), prefix + "mlp.");
  }
  return at::linear(Norm(x, "model.norm.weight"), Weight("lm_head.weight"));
}

at::Tensor ReferenceDecoder::Logprobs(std::span<const Group> groups, double temperature) const {
  std::vector<at::Tensor> parts;
  for (const Group& group : groups) {
    for (const std::vector<TokenId>& completion : group.completions) {
      std::vector<TokenId> tokens = group.prompt;
      tokens.insert(tokens.end(), completion.begin(), completion.end());
      const auto begin = static_cast<int64_t>(group.prompt.size()) - 1;
      const auto count = static_cast<int64_t>(completion.size());
      const at::Tensor logprobs = at::log_softmax(Logits(tokens).narrow(0, begin, count) / temperature, -1);
      const at::Tensor targets = at::tensor(std::vector<int64_t>(completion.begin(), completion.end()), at::kLong);
      parts.push_back(logprobs.gather(1, targets.unsqueeze(1)).squeeze(1));
    }
  }
  return at::cat(parts);
}

double RelativeError(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor difference = (actual.to(at::kDouble) - expected.to(at::kDouble)).abs().max();
  return (difference / expected.to(at::kDouble).abs().max()).item<double>();
}

at::Tensor GradientOf(const NamedSlice& slice) { return slice.parameter->grad.slice(0, slice.row_begin, slice.row_end); }

double GradientError(DecoderWeights& weights, const ReferenceDecoder& reference) {
  double largest = 0;
  for (const NamedSlice& slice : NamedSlices(weights)) {
    largest = std::max(largest, RelativeError(GradientOf(slice), reference.leaves().at(slice.name).grad()));
  }
  return largest;
}

}  // namespace cupel
