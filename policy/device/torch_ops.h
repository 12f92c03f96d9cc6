#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "policy/device/device_weights.h"

// The decoder written with LibTorch's operations, on whatever device its tensors lie on, differentiated by LibTorch's autograd.
//
// Dimensions: M rows (tokens), D model width, H query heads, KH key/value heads, d head size, V vocabulary. T is the compute type.

namespace cupel {

// Indices of the host as int64 [n] on the device.
at::Tensor LongsOn(at::Device device, const std::vector<int64_t>& values);

// The rows `rows` [M] of x; the way back adds rows that were taken several times in fp32.
at::Tensor GatherRows(const at::Tensor& x, const at::Tensor& rows);

// x / rms(x) * scale in fp32, rounded once to T. x: T [M, D], scale: fp32 [D].
at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& scale, double eps);

// x W^T in fp32, whatever T is. x: T [M, D], w: T [V, D].
at::Tensor FloatLinear(const at::Tensor& x, const at::Tensor& w);
// The same with a plain product: a b. a: T [m, k], b: T [k, n].
at::Tensor FloatProduct(const at::Tensor& a, const at::Tensor& b);

// Cosine and sine of the positions of M rows, fp32 [M, 1, d/2].
struct RotaryRows {
  at::Tensor cosine;
  at::Tensor sine;
};
RotaryRows RotaryOf(const DeviceWeights& weights, const at::Tensor& positions);

// What a layer asks of whoever knows the sequences: queries [M, H, d], keys and values [M, KH, d] of its rows, queries and keys rotated;
// the answer is [M, H, d]. All T.
using Attend = std::function<at::Tensor(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values)>;

// One layer: T [M, D] to T [M, D].
at::Tensor LayerForward(const DeviceWeights& weights, const DeviceLayer& layer, const RotaryRows& rotary, const at::Tensor& x,
                        const Attend& attend);

}  // namespace cupel
