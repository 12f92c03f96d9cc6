#include "policy/model/autograd_ops.h"

#include <memory>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "policy/model/record.h"
#include "policy/model/tensor_ops.h"

namespace cupel {
namespace {

// Adds row i of grad [N, D] to row tokens[i] of the embedding's gradient, in the order of i.
void AddEmbeddingGradient(Parameter& embedding, std::span<const TokenId> tokens, const at::Tensor& grad) {
  if (!embedding.grad.defined()) {
    return;
  }
  const at::Tensor rows = grad.to(at::kFloat);
  const int64_t width = rows.size(1);
  const float* from = rows.const_data_ptr<float>();
  float* table = embedding.grad.data_ptr<float>();
  for (const TokenId token : tokens) {
    float* to = table + token * width;
    for (int64_t i = 0; i < width; ++i) {
      to[i] += from[i];
    }
    from += width;
  }
}

}  // namespace

at::Tensor Embed(const ComputeBackend& backend, DecoderWeights& weights, std::span<const TokenId> tokens) {
  at::Tensor x = EmptyRows(backend, static_cast<int64_t>(tokens.size()), weights.config.hidden_size);
  EmbedRows(backend, weights, tokens, x.data_ptr());
  if (at::GradMode::is_enabled()) {
    // Weights are no leaves, but a graph starts at one: an empty tensor that never gets a gradient.
    const at::Tensor leaf = at::empty({0}, at::kFloat).requires_grad_(true);
    Record(x, {leaf}, [&embedding = weights.embedding, kept = std::vector<TokenId>(tokens.begin(), tokens.end())](const at::Tensor& grad) {
      AddEmbeddingGradient(embedding, kept, grad);
      return std::vector<at::Tensor>(1);
    });
  }
  return x;
}

at::Tensor NormLinear(const ComputeBackend& backend, Parameter& norm, double eps, LinearWeights& linear, const at::Tensor& x) {
  at::Tensor rstd;
  at::Tensor y = LinearForward(backend, linear, NormForward(backend, norm, eps, x, IsRecording(x) ? &rstd : nullptr));
  Record(y, {x}, [&backend, &norm, eps, &linear, x = x.detach(), rstd](const at::Tensor& grad) -> std::vector<at::Tensor> {
    const at::Tensor normed = NormForward(backend, norm, eps, x, nullptr);
    return {NormBackward(backend, norm, x, rstd, LinearBackward(backend, linear, normed, grad))};
  });
  return y;
}

at::Tensor LinearAdd(const ComputeBackend& backend, LinearWeights& linear, const at::Tensor& x, const at::Tensor& residual) {
  at::Tensor y = LinearForward(backend, linear, x, residual);
  Record(y, {x, residual}, [&backend, &linear, x = x.detach()](const at::Tensor& grad) -> std::vector<at::Tensor> {
    return {LinearBackward(backend, linear, x, grad), grad};
  });
  return y;
}

at::Tensor SwigluLinearAdd(const ComputeBackend& backend, LinearWeights& down, const at::Tensor& gate_up, const at::Tensor& residual) {
  at::Tensor y = LinearForward(backend, down, SwigluForward(backend, gate_up), residual);
  Record(y, {gate_up, residual}, [&backend, &down, gate_up = gate_up.detach()](const at::Tensor& grad) -> std::vector<at::Tensor> {
    const at::Tensor product = SwigluForward(backend, gate_up);
    return {SwigluBackward(backend, gate_up, LinearBackward(backend, down, product, grad)), grad};
  });
  return y;
}

}  // namespace cupel
