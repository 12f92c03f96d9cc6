#include "policy/model/scored_head.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "base/check.h"
#include "policy/model/loss_rows.h"
#include "policy/model/record.h"
#include "policy/model/tensor_ops.h"

namespace cupel {
namespace {

// Rows whose logits and their gradients stand in memory at once: 512 x 49,152 are 100 MB in float and 50 MB in bf16. Large enough to make
// the two products with the gradients efficient.
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

// Runs `work(first, rows)` on blocks of rows that cover [begin, end), with all threads.
void ForBlocks(int64_t begin, int64_t end, const std::function<void(int64_t first, int64_t rows)>& work) {
  at::parallel_for(begin, end, kRowsPerThread, [&](int64_t thread_begin, int64_t thread_end) {
    for (int64_t first = thread_begin; first < thread_end; first += kLogitRows) {
      work(first, std::min(kLogitRows, thread_end - first));
    }
  });
}

// Final norm, head and log-softmax of the scored rows, and the way back.
class ScoredHead {
 public:
  ScoredHead(const ComputeBackend& backend, DecoderWeights& weights, const PackedBatch& batch, const at::Tensor& hidden, double temperature)
      : backend_(backend),
        weights_(weights),
        batch_(batch),
        inverse_temperature_(static_cast<float>(1.0 / temperature)),
        num_tokens_(hidden.size(0)),
        gathered_(Gather(hidden, batch.query_rows)),
        stats_(static_cast<size_t>(batch.num_scored())) {
    Check(temperature > 0, "a temperature is positive");
    normed_ = NormForward(backend, weights.final_norm, weights.config.rms_norm_eps, gathered_, &rstd_);
  }

  // log p and entropy of rows [begin, end). The logits, multiplied by the inverse temperature, are left in `logits` [rows, V] unless it is
  // null.
  void Score(int64_t begin, int64_t end, float* logits, float* logprobs, float* entropies) {
    ForBlocks(begin, end, [&](int64_t first, int64_t rows) {
      at::Tensor scratch;
      if (logits == nullptr) {
        scratch = at::empty({rows, vocab()}, at::kFloat);
      }
      float* block = logits == nullptr ? scratch.data_ptr<float>() : logits + (first - begin) * vocab();
      Logits(first, rows, block);
      for (int64_t row = first; row < first + rows; ++row) {
        float* z = block + (row - first) * vocab();
        const kernels::SoftmaxStats stats = backend_.kernels->softmax_stats(z, vocab(), inverse_temperature_);
        stats_[static_cast<size_t>(row)] = stats;
        logprobs[row] = z[Target(row)] - stats.max - stats.log_sum;
        entropies[row] = stats.entropy;
      }
    });
  }

  // d loss / d normed of rows [begin, end) from the gradients by log p and entropy (null: none); adds the head's gradient. `logits` as
  // Score left them, or null to compute them again.
  void Differentiate(int64_t begin, int64_t end, const float* logits, const float* logprob_gradients, const float* entropy_gradients) {
    const at::Tensor grad_logits = EmptyRows(backend_, end - begin, vocab());
    ForBlocks(begin, end, [&](int64_t first, int64_t rows) {
      at::Tensor scratch;
      if (logits == nullptr) {
        scratch = at::empty({rows, vocab()}, at::kFloat);
        Logits(first, rows, scratch.data_ptr<float>());
      }
      for (int64_t row = first; row < first + rows; ++row) {
        const float* z = logits == nullptr ? Rescaled(scratch, row, first) : logits + (row - begin) * vocab();
        auto* out = static_cast<std::byte*>(grad_logits.data_ptr()) + (row - begin) * vocab() * backend_.bytes();
        RowBackward(row, z, logprob_gradients[row], entropy_gradients == nullptr ? 0.0F : entropy_gradients[row], out);
      }
    });
    AddWeightGradient(backend_, weights_.head_weight(), normed_.slice(0, begin, end), grad_logits);
    if (!matrix_.defined()) {
      matrix_ = Operand(backend_, ComputeCopy(backend_, weights_.head_weight().master));
      grad_normed_ = EmptyRows(backend_, normed_.size(0), normed_.size(1));
    }
    grad_normed_.slice(0, begin, end).copy_(Product(backend_, grad_logits, matrix_));
  }

  // d loss / d hidden, once every row has been differentiated.
  at::Tensor HiddenGradient() {
    const at::Tensor grad_gathered = NormBackward(backend_, weights_.final_norm, gathered_, rstd_, grad_normed_);
    return ScatterAdd(grad_gathered, batch_.query_rows, num_tokens_);
  }

  int64_t vocab() const { return weights_.config.vocab_size; }
  void Logits(int64_t first, int64_t rows, float* logits) const {
    const auto* x = static_cast<const std::byte*>(normed_.const_data_ptr());
    HeadRows(backend_, weights_, x + first * normed_.size(1) * backend_.bytes(), rows, logits);
  }

 private:
  int64_t Target(int64_t row) const { return batch_.targets[static_cast<size_t>(row)]; }

  // The row of logits at temperature 1, scaled as Score scales it.
  const float* Rescaled(const at::Tensor& block, int64_t row, int64_t first) {
    float* z = block.data_ptr<float>() + (row - first) * vocab();
    stats_[static_cast<size_t>(row)] = backend_.kernels->softmax_stats(z, vocab(), inverse_temperature_);
    return z;
  }

  void RowBackward(int64_t row, const float* z, float logprob_gradient, float entropy_gradient, void* out) const {
    const kernels::SoftmaxStats& stats = stats_[static_cast<size_t>(row)];
    if (entropy_gradient == 0) {
      backend_.kernels->softmax_backward(backend_.type, z, vocab(), stats, Target(row), logprob_gradient, inverse_temperature_, out);
    } else {
      backend_.kernels->softmax_entropy_backward(backend_.type, z, vocab(), stats, Target(row), logprob_gradient, entropy_gradient,
                                                 inverse_temperature_, out);
    }
  }

  const ComputeBackend& backend_;
  DecoderWeights& weights_;
  const PackedBatch& batch_;
  float inverse_temperature_;
  int64_t num_tokens_;                        // N
  at::Tensor gathered_;                       // [C, D]
  at::Tensor rstd_;                           // [C]
  at::Tensor normed_;                         // [C, D]
  at::Tensor matrix_;                         // [V, D], an operand of products, made for the way back
  at::Tensor grad_normed_;                    // [C, D]
  std::vector<kernels::SoftmaxStats> stats_;  // [C]
};

}  // namespace

ScoredTokens ScoreTokens(const ComputeBackend& backend, DecoderWeights& weights, const std::shared_ptr<const PackedLayout>& layout,
                         const at::Tensor& hidden, double temperature) {
  const int64_t num_rows = layout->batch.num_scored();
  const auto head = std::make_shared<ScoredHead>(backend, weights, layout->batch, hidden.detach(), temperature);
  ScoredTokens result{at::empty({num_rows}, at::kFloat), at::empty({num_rows}, at::kFloat)};
  head->Score(0, num_rows, nullptr, result.logprobs.data_ptr<float>(), result.entropy.data_ptr<float>());
  Record(result.logprobs, {hidden}, [head, layout, num_rows](const at::Tensor& grad) -> std::vector<at::Tensor> {
    for (int64_t begin = 0; begin < num_rows; begin += kGradientRows) {
      head->Differentiate(begin, std::min(begin + kGradientRows, num_rows), nullptr, grad.const_data_ptr<float>(), nullptr);
    }
    return {head->HiddenGradient()};
  });
  return result;
}

at::Tensor ScoreAndDifferentiate(const ComputeBackend& backend, DecoderWeights& weights, const PackedLayout& layout,
                                 const at::Tensor& hidden, double temperature, const LossGradient& loss) {
  const PackedBatch& batch = layout.batch;
  ScoredHead head(backend, weights, batch, hidden, temperature);
  LossRows rows(batch.num_scored());
  at::Tensor logits;  // [rows at one time, V]
  for (const CompletionBlock& block : SplitByCompletions(batch, kGradientRows)) {
    const bool fits = block.rows() <= kGradientRows;  // otherwise the completion is gone through twice
    if (fits && (!logits.defined() || logits.size(0) < block.rows())) {
      logits = at::empty({block.rows(), weights.config.vocab_size}, at::kFloat);
    }
    float* kept = fits ? logits.data_ptr<float>() : nullptr;
    head.Score(block.begin, block.end, kept, rows.logprobs.data(), rows.entropies.data());
    rows.Ask(batch, block, loss);
    for (int64_t row = block.begin; row < block.end; row += kGradientRows) {
      head.Differentiate(row, std::min(row + kGradientRows, block.end), kept, rows.logprob_gradients.data(), rows.entropy_gradients.data());
    }
  }
  return head.HiddenGradient();
}

at::Tensor ScoredLogits(const ComputeBackend& backend, DecoderWeights& weights, const PackedLayout& layout, const at::Tensor& hidden) {
  const int64_t num_rows = layout.batch.num_scored();
  const ScoredHead head(backend, weights, layout.batch, hidden, 1.0);
  at::Tensor result = at::empty({num_rows, head.vocab()}, at::kFloat);
  ForBlocks(0, num_rows, [&](int64_t first, int64_t rows) { head.Logits(first, rows, result.data_ptr<float>() + first * head.vocab()); });
  return result;
}

}  // namespace cupel
