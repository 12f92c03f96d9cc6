#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"
#include "policy/packed_batch.h"
#include "policy/tokenizer.h"

// What the tests of the decoder share: small random models, and the same mathematics written with LibTorch's own operations, one unpacked
// sequence at a time, whose gradients come from LibTorch's autograd.

namespace cupel {

struct TestModel {
  ComputeBackend backend;
  DecoderWeights weights;
};

// Two layers, grouped-query attention, tied embeddings; tests change what they are about.
ModelConfig SmallConfig();

// Random weights large enough that attention and softmax are far from uniform, norms away from 1, gradients allocated and zero.
TestModel MakeTestModel(const ModelConfig& config, const ComputeBackend& backend, uint64_t seed = 7);
// Compute in fp32 or bf16 on the fastest kernels.
ComputeBackend TestBackend(kernels::DType type);

// Random tokens of the model's vocabulary.
std::vector<TokenId> RandomTokens(int64_t count, uint32_t stream, int64_t vocab_size = 259);

struct Group {
  std::vector<TokenId> prompt;
  std::vector<std::vector<TokenId>> completions;
};
// Three groups: several completions, one of a single token, a prompt of one token, lengths that cross the kernels' blocks.
std::vector<Group> SampleGroups();
PackedBatch Pack(std::span<const Group> groups);
// The scored log-probabilities of a model, packed; recorded when gradients are on.
at::Tensor Logprobs(TestModel& model, const PackedBatch& batch, double temperature = 1.0);
void ZeroGradients(TestModel& model);

class ReferenceDecoder {
 public:
  // Copies the masters as leaves of an autograd graph, by Hugging Face name.
  explicit ReferenceDecoder(DecoderWeights& weights);

  at::Tensor Logits(std::span<const TokenId> tokens) const;  // [T, V] fp32
  // The scored log-probabilities in the order of a packed batch, [C] fp32.
  at::Tensor Logprobs(std::span<const Group> groups, double temperature = 1.0) const;
  const std::map<std::string, at::Tensor>& leaves() const { return leaves_; }

 private:
  const at::Tensor& Weight(const std::string& name) const { return leaves_.at(name); }
  at::Tensor Norm(const at::Tensor& x, const std::string& name) const;
  at::Tensor Rotate(const at::Tensor& x) const;  // [heads, T, d]
  at::Tensor Attention(const at::Tensor& x, const std::string& prefix) const;
  at::Tensor FeedForward(const at::Tensor& x, const std::string& prefix) const;

  ModelConfig config_;
  std::map<std::string, at::Tensor> leaves_;
};

// The largest difference of any element, relative to the largest element of `expected`.
double RelativeError(const at::Tensor& actual, const at::Tensor& expected);
// The largest RelativeError of Parameter::grad against the gradients of the reference, over all named tensors.
double GradientError(DecoderWeights& weights, const ReferenceDecoder& reference);
// The gradient of the slice, in the shape of its Hugging Face tensor.
at::Tensor GradientOf(const NamedSlice& slice);

}  // namespace cupel
