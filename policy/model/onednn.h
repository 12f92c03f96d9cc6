#pragma once

#include <ATen/core/Tensor.h>

// oneDNN's products with prepacked bf16 weights. LibTorch ships them without a header; they are looked up in its dispatcher.

namespace cupel {

// A copy of `weight` [out, in] bf16 in the layout that oneDNN prefers on this processor. Opaque: only OnednnLinear can read it.
at::Tensor OnednnReorder(const at::Tensor& weight);

// x [m, in] times the transpose of a reordered weight: [m, out] bf16. Uses LibTorch's threads unless inside a parallel region.
at::Tensor OnednnLinear(const at::Tensor& x, const at::Tensor& reordered);

}  // namespace cupel
