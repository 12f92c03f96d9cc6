#include "policy/model/tensor_ops.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "base/check.h"
#include "policy/model/onednn.h"

namespace cupel {
namespace {

// Rows that one kernel call gets at most: a panel of weights is used often once it is in the cache, and the rows stay in the second-level
// cache.
constexpr int64_t kRowsPerCall = 96;
// Fewer rows than this are not worth a thread.
constexpr int64_t kRowsPerThread = 8;
// Rows whose contributions to the gradient of a norm's scale are added up first. Fixed, so that the sum does not depend on the threads.
constexpr int64_t kRowsPerPartialSum = 64;

std::byte* RowOf(const at::Tensor& tensor, int64_t row) {
  return static_cast<std::byte*>(tensor.data_ptr()) + row * tensor.stride(0) * static_cast<int64_t>(tensor.element_size());
}

void AddInto(const at::Tensor& target, const at::Tensor& term) {
  float* sum = target.data_ptr<float>();
  const at::BFloat16* values = term.const_data_ptr<at::BFloat16>();
  at::parallel_for(0, target.numel(), 1 << 16, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      sum[i] += static_cast<float>(values[i]);
    }
  });
}

// dL/dB = s dL/dW A^T and dL/dA = s B^T dL/dW with dL/dW = grad^T x, which is never formed: u = x A^T and v = grad B are thin.
void AddAdapterGradient(const ComputeBackend& backend, Adapter& adapter, const at::Tensor& x, const at::Tensor& grad) {
  const at::Tensor u = Product(backend, x, ComputeCopy(backend, adapter.a.master).t()).mul_(adapter.scale);
  const at::Tensor v = Product(backend, grad, ComputeCopy(backend, adapter.b.master)).mul_(adapter.scale);
  AddWeightGradient(backend, adapter.b, u, grad);
  AddWeightGradient(backend, adapter.a, x, v);
}

}  // namespace

void ForRows(int64_t rows, const std::function<void(int64_t, int64_t)>& work) {
  at::parallel_for(0, rows, kRowsPerThread, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin; first < end; first += kRowsPerCall) {
      work(first, std::min(first + kRowsPerCall, end));
    }
  });
}

at::Tensor EmptyRows(const ComputeBackend& backend, int64_t rows, int64_t width) { return at::empty({rows, width}, backend.scalar_type()); }

at::Tensor NormForward(const ComputeBackend& backend, const Parameter& norm, double eps, const at::Tensor& x, at::Tensor* rstd) {
  at::Tensor y = EmptyRows(backend, x.size(0), x.size(1));
  float* inverse = nullptr;
  if (rstd != nullptr) {
    *rstd = at::empty({x.size(0)}, at::kFloat);
    inverse = rstd->data_ptr<float>();
  }
  ForRows(x.size(0), [&](int64_t begin, int64_t end) {
    NormRows(backend, norm, eps, RowOf(x, begin), end - begin, RowOf(y, begin), inverse == nullptr ? nullptr : inverse + begin);
  });
  return y;
}

at::Tensor NormBackward(const ComputeBackend& backend, Parameter& norm, const at::Tensor& x, const at::Tensor& rstd,
                        const at::Tensor& grad) {
  const int64_t rows = x.size(0);
  const int64_t width = x.size(1);
  at::Tensor grad_x = EmptyRows(backend, rows, width);
  const int64_t num_sums = (rows + kRowsPerPartialSum - 1) / kRowsPerPartialSum;
  const at::Tensor sums = at::zeros({num_sums, width}, at::kFloat);
  at::parallel_for(0, num_sums, 1, [&](int64_t first_sum, int64_t last_sum) {
    for (int64_t sum = first_sum; sum < last_sum; ++sum) {
      const int64_t begin = sum * kRowsPerPartialSum;
      const int64_t count = std::min(kRowsPerPartialSum, rows - begin);
      backend.kernels->rms_norm_backward(backend.type, RowOf(x, begin), norm.master.const_data_ptr<float>(),
                                         rstd.const_data_ptr<float>() + begin, RowOf(grad, begin), count, width, RowOf(grad_x, begin),
                                         sums.data_ptr<float>() + sum * width);
    }
  });
  for (int64_t sum = 0; sum < num_sums && norm.grad.defined(); ++sum) {
    norm.grad.add_(sums[sum]);
  }
  return grad_x;
}

at::Tensor LinearForward(const ComputeBackend& backend, const LinearWeights& linear, const at::Tensor& x, const at::Tensor& residual) {
  if (backend.onednn) {
    at::Tensor y = OnednnLinear(x, linear.onednn);
    return residual.defined() ? y.add_(residual) : y;
  }
  at::Tensor y = EmptyRows(backend, x.size(0), linear.weight.master.size(0));
  ForRows(x.size(0), [&](int64_t begin, int64_t end) {
    LinearRows(backend, linear, RowOf(x, begin), end - begin, residual.defined() ? RowOf(residual, begin) : nullptr, RowOf(y, begin));
  });
  return y;
}

at::Tensor LinearBackward(const ComputeBackend& backend, LinearWeights& linear, const at::Tensor& x, const at::Tensor& grad) {
  for (Adapter& adapter : linear.adapters) {
    AddAdapterGradient(backend, adapter, x, grad.slice(1, adapter.row_begin, adapter.row_end));
  }
  AddWeightGradient(backend, linear.weight, x, grad);
  return Product(backend, grad, ComputeCopy(backend, EffectiveMatrix(linear)));
}

void AddWeightGradient(const ComputeBackend& backend, Parameter& parameter, const at::Tensor& x, const at::Tensor& grad) {
  if (!parameter.grad.defined()) {
    return;
  }
  if (backend.type == kernels::DType::kFloat || backend.widens_products()) {
    parameter.grad.addmm_(Operand(backend, grad).t(), Operand(backend, x));
  } else {
    AddInto(parameter.grad, at::mm(grad.t(), x));
  }
}

at::Tensor Product(const ComputeBackend& backend, const at::Tensor& a, const at::Tensor& b) {
  return at::mm(Operand(backend, a), Operand(backend, b)).to(backend.scalar_type());
}

at::Tensor Operand(const ComputeBackend& backend, const at::Tensor& x) { return backend.widens_products() ? x.to(at::kFloat) : x; }

at::Tensor ComputeCopy(const ComputeBackend& backend, const at::Tensor& matrix) {
  if (backend.type == kernels::DType::kFloat) {
    return matrix;
  }
  at::Tensor copy = at::empty(matrix.sizes(), at::kBFloat16);
  const float* from = matrix.const_data_ptr<float>();
  auto* to = static_cast<kernels::bf16*>(copy.data_ptr());
  at::parallel_for(0, copy.numel(), 1 << 16,
                   [&](int64_t begin, int64_t end) { backend.kernels->to_bf16(from + begin, end - begin, to + begin); });
  return copy;
}

at::Tensor SwigluForward(const ComputeBackend& backend, const at::Tensor& x) {
  const int64_t ffn = x.size(1) / 2;
  at::Tensor y = EmptyRows(backend, x.size(0), ffn);
  ForRows(x.size(0),
          [&](int64_t begin, int64_t end) { backend.kernels->swiglu(backend.type, RowOf(x, begin), end - begin, ffn, RowOf(y, begin)); });
  return y;
}

at::Tensor SwigluBackward(const ComputeBackend& backend, const at::Tensor& x, const at::Tensor& grad) {
  at::Tensor grad_x = EmptyRows(backend, x.size(0), x.size(1));
  ForRows(x.size(0), [&](int64_t begin, int64_t end) {
    backend.kernels->swiglu_backward(backend.type, RowOf(x, begin), RowOf(grad, begin), end - begin, x.size(1) / 2, RowOf(grad_x, begin));
  });
  return grad_x;
}

}  // namespace cupel
