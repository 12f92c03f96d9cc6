#include "policy/model/scored_head.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "base/check.h"
#include "policy/model/record.h"
#include "policy/model/tensor_ops.h"

namespace cupel {
namespace {

// Rows whose logit gradients stand in memory at once: 512 x 49,152 bf16 are 50 MB. Large enough to make the two products with them
// efficient.
constexpr int64_t kGradientRows = 512;
// Rows of logits that a thread holds: 48 x 49,152 floats are 9 MB, and a pass over the head's weights serves enough rows to be worth its
// memory traffic.
constexpr int64_t kLogitRows = 48;
constexpr int64_t kRowsPerThread = 8;

at::Tensor Gather(const at::Tensor& x, std::span<const int64_t> rows) {
  at::Tensor result = at::empty({static_cast<int64_t>(rows.size()), x.size(1)}, x.options());
  const size_t bytes = static_cast<size_t>(x.size(1)) * x.element_size();
  const auto* from = static_cast<const std::byte*>(x.const_data_ptr());
  auto* to = static_cast<std::byte*>(result.data_ptr());
  for (const int64_t row : rows) {
    std::memcpy(to, from + static_cast<size_t>(row) * bytes, bytes);
    to += bytes;
  }
  return result;
}

// The transpose of Gather: rows that were gathered several times get the sum, taken in float and in order.
at::Tensor ScatterAdd(const at::Tensor& grad, std::span<const int64_t> rows, int64_t num_rows) {
  const at::Tensor values = grad.to(at::kFloat);
  at::Tensor sum = at::zeros({num_rows, grad.size(1)}, at::kFloat);
  const int64_t width = grad.size(1);
  const float* from = values.const_data_ptr<float>();
  for (const int64_t row : rows) {
    float* to = sum.data_ptr<float>() + row * width;
    for (int64_t i = 0; i < width; ++i) {
      to[i] += from[i];
    }
    from += width;
  }
  return sum.to(grad.scalar_type());
}

// Computes the logits of normed rows [begin, end) block by block and hands each row of logits to `use`. Logits stand in one scratch buffer
// per thread.
void ForLogits(const ComputeBackend& backend, const DecoderWeights& weights, const at::Tensor& normed, int64_t begin, int64_t end,
               const std::function<void(int64_t row, float* logits)>& use) {
  const int64_t vocab = weights.config.vocab_size;
  const int64_t row_bytes = normed.size(1) * backend.bytes();
  const auto* x = static_cast<const std::byte*>(normed.const_data_ptr());
  at::parallel_for(begin, end, kRowsPerThread, [&](int64_t thread_begin, int64_t thread_end) {
    const at::Tensor logits = at::empty({std::min(kLogitRows, thread_end - thread_begin), vocab}, at::kFloat);
    for (int64_t first = thread_begin; first < thread_end; first += kLogitRows) {
      const int64_t rows = std::min(kLogitRows, thread_end - first);
      HeadRows(backend, weights, x + first * row_bytes, rows, logits.data_ptr<float>());
      for (int64_t row = 0; row < rows; ++row) {
        use(first + row, logits.data_ptr<float>() + row * vocab);
      }
    }
  });
}

// d(loss)/d(normed) of all scored rows from d(loss)/d(log p); adds the head's gradient.
at::Tensor HeadBackward(const ComputeBackend& backend, DecoderWeights& weights, std::span<const TokenId> targets, const at::Tensor& normed,
                        const at::Tensor& grad_logprobs, float inverse_temperature) {
  const int64_t vocab = weights.config.vocab_size;
  const int64_t num_rows = normed.size(0);
  const float* coefficients = grad_logprobs.const_data_ptr<float>();
  const at::Tensor matrix = ComputeCopy(backend, weights.head_weight());
  at::Tensor grad_normed = EmptyRows(backend, num_rows, normed.size(1));
  for (int64_t begin = 0; begin < num_rows; begin += kGradientRows) {
    const int64_t end = std::min(begin + kGradientRows, num_rows);
    const at::Tensor grad_logits = EmptyRows(backend, end - begin, vocab);
    auto* out = static_cast<std::byte*>(grad_logits.data_ptr());
    ForLogits(backend, weights, normed, begin, end, [&](int64_t row, float* logits) {
      const kernels::SoftmaxStats stats = backend.kernels->softmax_stats(logits, vocab, inverse_temperature);
      backend.kernels->softmax_backward(backend.type, logits, vocab, stats, targets[static_cast<size_t>(row)], coefficients[row],
                                        inverse_temperature, out + (row - begin) * vocab * backend.bytes());
    });
    AddWeightGradient(weights.head_weight(), normed.slice(0, begin, end), grad_logits);
    at::Tensor part = grad_normed.slice(0, begin, end);
    at::mm_out(part, grad_logits, matrix);
  }
  return grad_normed;
}

}  // namespace

ScoredTokens ScoreTokens(const ComputeBackend& backend, DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout,
                         const at::Tensor& hidden, double temperature) {
  Check(temperature > 0, "a temperature is positive");
  const auto inverse_temperature = static_cast<float>(1.0 / temperature);
  const int64_t vocab = weights.config.vocab_size;
  const int64_t num_rows = layout->batch.num_scored();
  const double eps = weights.config.rms_norm_eps;
  const at::Tensor gathered = Gather(hidden, layout->batch.query_rows);
  at::Tensor rstd;
  const at::Tensor normed = NormForward(backend, weights.final_norm, eps, gathered, IsRecording(hidden) ? &rstd : nullptr);
  ScoredTokens result{at::empty({num_rows}, at::kFloat), at::empty({num_rows}, at::kFloat)};
  float* logprobs = result.logprobs.data_ptr<float>();
  float* entropy = result.entropy.data_ptr<float>();
  ForLogits(backend, weights, normed, 0, num_rows, [&](int64_t row, float* logits) {
    const kernels::SoftmaxStats stats = backend.kernels->softmax_stats(logits, vocab, inverse_temperature);
    logprobs[row] = logits[layout->batch.targets[static_cast<size_t>(row)]] - stats.max - stats.log_sum;
    entropy[row] = stats.entropy;
  });
  Record(result.logprobs, {hidden},
         [&backend, &weights, layout, gathered, normed, rstd, inverse_temperature,
          num_tokens = hidden.size(0)](const at::Tensor& grad) -> std::vector<at::Tensor> {
           const at::Tensor grad_normed = HeadBackward(backend, weights, layout->batch.targets, normed, grad, inverse_temperature);
           const at::Tensor grad_gathered = NormBackward(backend, weights.final_norm, gathered, rstd, grad_normed);
           return {ScatterAdd(grad_gathered, layout->batch.query_rows, num_tokens)};
         });
  return result;
}

at::Tensor ScoredLogits(const ComputeBackend& backend, DecoderWeights& weights, const PackedLayout& layout, const at::Tensor& hidden) {
  const int64_t vocab = weights.config.vocab_size;
  const at::Tensor gathered = Gather(hidden, layout.batch.query_rows);
  const at::Tensor normed = NormForward(backend, weights.final_norm, weights.config.rms_norm_eps, gathered, nullptr);
  at::Tensor result = at::empty({normed.size(0), vocab}, at::kFloat);
  ForLogits(backend, weights, normed, 0, normed.size(0),
            [&](int64_t row, float* logits) { std::copy(logits, logits + vocab, result.data_ptr<float>() + row * vocab); });
  return result;
}

}  // namespace cupel
