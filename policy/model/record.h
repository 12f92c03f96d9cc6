#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace cupel {

// Hand-written operations on LibTorch's autograd graph. An operation computes its output with the kernels and, if somebody may
// differentiate it, records the function that maps the gradient of the output to the gradients of its inputs (an undefined tensor: none).
// Weights are no inputs: a backward function adds their gradients into Parameter::grad itself, so they never pass through the graph.

// True when an operation on `input` will be differentiated; otherwise nothing need be kept for a backward pass.
bool IsRecording(const at::Tensor& input);

// Makes `output` the result of an operation on `inputs`. The function runs at most once and is dropped, with the tensors it captured, as
// soon as it has run. Capture inputs detached. Does nothing unless IsRecording of some input.
using BackwardFunction = std::function<std::vector<at::Tensor>(const at::Tensor& grad_output)>;
void Record(at::Tensor& output, const std::vector<at::Tensor>& inputs, BackwardFunction backward);

// forward(x), of which only x is kept for the backward pass, where the function runs a second time and must give the same numbers. Just
// forward(x) when x is not recording.
at::Tensor Recomputed(const std::function<at::Tensor(const at::Tensor&)>& forward, const at::Tensor& x);

}  // namespace cupel
