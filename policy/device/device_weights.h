#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "policy/model/decoder_weights.h"

namespace cupel {

// The weights of a layer as a device computes with them: T is the compute type, norms are fp32.
struct DeviceLayer {
  at::Tensor input_norm;  // [D]
  at::Tensor qkv;         // [(H + 2 KH) d, D]
  at::Tensor o_proj;      // [D, H d]
  at::Tensor post_norm;   // [D]
  at::Tensor gate_up;     // [2 F, D]
  at::Tensor down;        // [D, F]
};

// Copies of what acts: of a matrix with adapters, the sum. They are leaves of the autograd graph, and stay where they are from the first
// to the last update, because recorded graphs hold their addresses.
struct DeviceWeights {
  ModelConfig config;
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;  // T
  at::Tensor embedding;              // [V, D]
  std::vector<DeviceLayer> layers;   // [L]
  at::Tensor final_norm;             // [D]
  at::Tensor head;                   // [V, D]; with tied embeddings the embedding itself
  at::Tensor cosine;                 // [max_context, d/2] fp32, of the rotary angles
  at::Tensor sine;                   // the same
};

// Allocated with undefined contents, except for the rotary table.
DeviceWeights AllocateDeviceWeights(const DecoderWeights& masters, at::Device device, at::ScalarType type);

// A tensor on the device and what it is a copy of.
struct DeviceCopy {
  Parameter* parameter;   // borrowed from the masters
  LinearWeights* matrix;  // the matrix that the parameter belongs to, when it can have adapters; otherwise null
  at::Tensor copy;        // the same tensor as in DeviceWeights
};
// Every tensor of the model once.
std::vector<DeviceCopy> DeviceCopies(DecoderWeights& masters, DeviceWeights& weights);

// Brings the masters to the device, rounded on the way: 2 bytes a parameter in bf16.
void RefreshCopies(const std::vector<DeviceCopy>& copies);

// Makes leaves of the copies whose masters, or whose adapters, are trained.
void MarkTrained(const std::vector<DeviceCopy>& copies);

// Adds the gradients of the copies into Parameter::grad, those of matrices with adapters by the chain rule into the gradients of the
// adapters, and forgets them on the device. Brings as many bytes back as RefreshCopies took there; of adapters only their own.
void CollectGradients(const std::vector<DeviceCopy>& copies);

}  // namespace cupel
