#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "policy/kernels/cpu/kernels.h"
#include "policy/model_config.h"

namespace cupel {

// One trainable tensor. The optimizer owns the numbers in `master`; everything else is derived from them. There is no standing copy in the
// compute type: a forward pass reads the packed layout, and a backward pass makes the copy of one matrix at a time (ComputeCopy in
// tensor_ops.h).
struct Parameter {
  std::string name;     // of the storage: "model.layers.0.self_attn.qkv" (fused matrices have no single Hugging Face name)
  at::Tensor master;    // fp32
  at::Tensor grad;      // fp32, same shape; undefined until EnableTraining, and for good when the parameter is frozen
  bool decays = false;  // weight decay applies (matrices, not norms)
};

// A low-rank change of some rows of a matrix (LoRA, arXiv 2106.09685): W[row_begin:row_end] + scale B A.
struct Adapter {
  std::string module;  // Hugging Face name of the matrix: "model.layers.0.self_attn.q_proj"
  int64_t row_begin;
  int64_t row_end;
  double scale;  // alpha / rank, or alpha / sqrt(rank)
  Parameter a;   // [rank, in]
  Parameter b;   // [rows, rank]
};

// A matrix applied to activations: y = x W^T. With adapters, W is the sum of the master and their products; the layouts below hold the sum,
// so sampling and training do not know of adapters.
struct LinearWeights {
  Parameter weight;              // [out, in]
  kernels::PackedMatrix packed;  // in the compute type, for the product kernel; empty in the layers when oneDNN does their products
  at::Tensor onednn;             // the same for oneDNN, when that backend is chosen; undefined otherwise
  std::vector<Adapter> adapters = {};
};

struct LayerWeights {
  Parameter input_norm;   // [D]
  LinearWeights qkv;      // [(H + 2 KH) d, D]: rows of q, then k, then v
  LinearWeights o_proj;   // [D, H d]
  Parameter post_norm;    // [D]
  LinearWeights gate_up;  // [2 F, D]: rows of gate, then up
  LinearWeights down;     // [D, F]
};

// All weights of a dense grouped-query decoder. Plain data; ownership by value.
struct DecoderWeights {
  ModelConfig config;
  Parameter embedding;               // [V, D]
  std::vector<LayerWeights> layers;  // [L]
  Parameter final_norm;              // [D]
  LinearWeights head;                // [V, D]; with tied embeddings `head.weight` is empty and `packed` holds the embedding
  std::vector<float> rope_table;     // [max_context][d]: cos (d/2), sin (d/2)

  // The parameter that the head multiplies by: the embedding when tied.
  Parameter& head_weight() { return config.tie_word_embeddings ? embedding : head.weight; }
  const Parameter& head_weight() const { return config.tie_word_embeddings ? embedding : head.weight; }
};

// Masters allocated with undefined contents, rotary table computed, nothing derived yet.
DecoderWeights AllocateWeights(const ModelConfig& config);

// A rows [begin, end) slice of a parameter under its Hugging Face name.
struct NamedSlice {
  std::string name;
  Parameter* parameter;  // borrowed from the weights
  int64_t row_begin;
  int64_t row_end;

  std::vector<int64_t> shape() const;  // of the slice
  int64_t size() const;                // elements of the slice
  float* data() const;                 // of its part of the master; rows are contiguous
};
std::vector<NamedSlice> NamedSlices(DecoderWeights& weights);
// Every storage of the model once, in a fixed order, without adapters.
std::vector<Parameter*> Parameters(DecoderWeights& weights);
// The matrices inside the layers, in a fixed order: what can have adapters.
std::vector<LinearWeights*> LayerMatrices(DecoderWeights& weights);
// Parameters, then the parameters of the adapters: everything that makes a policy what it is.
std::vector<Parameter*> AllParameters(DecoderWeights& weights);
// What is trained, in a fixed order: the adapters where there are any, otherwise everything. The optimizer, the gradient norm and the
// trainer's checkpoint loop over these.
std::vector<Parameter*> TrainedParameters(DecoderWeights& weights);
// The matrix that acts, fp32: the master itself, or a new tensor with the adapters added.
at::Tensor EffectiveMatrix(const LinearWeights& linear);

}  // namespace cupel
