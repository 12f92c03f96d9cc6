#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

// The processor kernels of the decoder: free functions over raw pointers, one table of them per instruction-set path, chosen once by
// what the processor has. Sampling and training call the same functions, and every function computes a row in an order that depends on that
// row alone: not on how many rows there are, on which thread has them, or on their place in the batch. So the log-probability of a token is
// the same number, bit for bit, when it is sampled and when it is trained on.
//
// Dimensions: M rows, N outputs, K inputs of a product, D model width, H query heads, KH key/value heads, d head size, F feed-forward
// width, V vocabulary. All matrices row-major. T is float or bf16 (16 bits, the upper half of a float); sums are taken in float.
// Every function may be called from several threads at once on disjoint outputs; none starts a thread.

namespace cupel::kernels {

struct bf16 {
  uint16_t bits;
};
float ToFloat(bf16 value);
bf16 ToBf16(float value);  // round to nearest, ties to even; NaN stays NaN

enum class DType : uint8_t { kFloat, kBf16 };
inline int64_t SizeOf(DType type) { return type == DType::kFloat ? 4 : 2; }

// Memory aligned to 64 bytes, zeroed.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t bytes);
  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  size_t size_ = 0;
};

// A weight matrix [N, K] laid out for gemm, see gemm.h. The layout belongs to the path that packed it.
struct PackedMatrix {
  DType type = DType::kFloat;
  int64_t n = 0;
  int64_t k = 0;
  AlignedBuffer data;
};

// One run of keys and values that a query row attends to: rows are `stride` elements apart, [rows, KH * d].
struct KeyValueRun {
  const void* keys;
  const void* values;
  int64_t rows;
  int64_t stride;
};

// One query row and what it sees: all rows of `prefix` (may be empty), then all rows of `suffix`; the keys are summed in that order.
struct AttentionRow {
  const void* query;  // [H * d]
  void* out;          // [H * d]
  KeyValueRun prefix;
  KeyValueRun suffix;
  float* log_sum_exp;  // [H], written if not null: log sum exp of the scaled scores, which the backward pass needs
};

inline constexpr int64_t kMaxHeadDim = 256;

struct AttentionShape {
  int64_t num_heads;     // H
  int64_t num_kv_heads;  // KH
  int64_t head_dim;      // d, a multiple of 16, at most kMaxHeadDim
  float scale;           // of the scores, d^-0.5
};

// Backward of one query row. Gradients of keys and values are added to float accumulators (several rows share them, so one thread must own
// a whole sequence tree at a time); the gradient of the query is written.
struct AttentionRowBackward {
  AttentionRow forward;     // as in the forward pass, `out` and log_sum_exp filled
  const void* grad_out;     // T [H * d]
  float* grad_query;        // [H * d]
  float* grad_prefix_keys;  // [rows, KH * d], stride KH * d; null when the prefix is empty
  float* grad_prefix_values;
  float* grad_suffix_keys;
  float* grad_suffix_values;
};

// A drawn token and the numbers that training needs.
struct SoftmaxStats {
  float max;      // of the logits
  float log_sum;  // log sum exp(logit - max): log p(v) = logit[v] - max - log_sum
  float entropy;  // of the distribution, in nats
};

// The functions of one instruction-set path. Plain function pointers, filled once; T is given by `type`.
struct KernelTable {
  std::string_view name;  // "avx512bf16", "avx512", "avx2"
  int64_t panel;          // output columns per panel of PackedMatrix
  bool multiplies_bf16;   // by an instruction of the processor; elsewhere each number is widened to fp32 first

  // Packs weight [N, K] (row-major, element type = `type`) into out, which must have been made by MakePackedMatrix. Rows [row_begin,
  // row_end) only, both multiples of `panel` or N, so that threads can share the work.
  void (*pack)(const void* weight, int64_t row_begin, int64_t row_end, PackedMatrix& out);
  // y[M, N] = x[M, K] weight^T (+ residual[M, N]); x of the weight's type with row stride ldx; y of `out_type` with row stride ldy.
  // residual (null for none) has the type and stride of y and may be y itself. The sum over K of each output is one chain in ascending
  // order (of pairs of products on avx512bf16, whose instruction takes denormals for zero). Columns [n_begin, n_end), multiples of `panel`
  // or N.
  void (*gemm)(const void* x, int64_t ldx, int64_t m, const PackedMatrix& weight, int64_t n_begin, int64_t n_end, const void* residual,
               void* y, int64_t ldy, DType out_type);
  // y = x / sqrt(mean(x^2) + eps) * weight. rstd [M] is written if not null. weight is float.
  void (*rms_norm)(DType type, const void* x, const float* weight, float eps, int64_t m, int64_t width, void* y, float* rstd);
  // grad_x is written; grad_weight [D] float is added to.
  void (*rms_norm_backward)(DType type, const void* x, const float* weight, const float* rstd, const void* grad_y, int64_t m, int64_t width,
                            void* grad_x, float* grad_weight);
  // Rotates pairs (i, i + d/2) of each head in place, Llama's half-split form. cos_sin holds [positions][d] = cos (d/2 values) then sin
  // (d/2). direction -1 rotates back (the backward pass). `stride` is the distance of rows in elements.
  void (*rope)(DType type, void* x, int64_t m, int64_t stride, int64_t heads, int64_t head_dim, const int64_t* positions,
               const float* cos_sin, int direction);
  void (*attention)(DType type, const AttentionShape& shape, const AttentionRow* rows, int64_t m);
  void (*attention_backward)(DType type, const AttentionShape& shape, const AttentionRowBackward* rows, int64_t m);
  // y[M, F] = silu(x[:, :F]) * x[:, F:], x [M, 2F].
  void (*swiglu)(DType type, const void* x, int64_t m, int64_t ffn, void* y);
  void (*swiglu_backward)(DType type, const void* x, const void* grad_y, int64_t m, int64_t ffn, void* grad_x);
  // logits [V] are multiplied by inverse_temperature in place first (1 leaves the bits alone).
  SoftmaxStats (*softmax_stats)(float* logits, int64_t vocab, float inverse_temperature);
  // Writes d(loss)/d(logits) = coefficient * (onehot(target) - softmax) * inverse_temperature as T [V], from logits already scaled.
  void (*softmax_backward)(DType out_type, const float* logits, int64_t vocab, const SoftmaxStats& stats, int64_t target, float coefficient,
                           float inverse_temperature, void* grad_logits);
  // The same with a gradient through the entropy H of the row as well: adds -entropy_coefficient * p (log p + H) * inverse_temperature.
  void (*softmax_entropy_backward)(DType out_type, const float* logits, int64_t vocab, const SoftmaxStats& stats, int64_t target,
                                   float coefficient, float entropy_coefficient, float inverse_temperature, void* grad_logits);
  // The index whose cumulative probability first exceeds uniform (in [0, 1)), walking the logits in index order. Where rounding leaves the
  // total at or below uniform, the last index of non-zero probability.
  int64_t (*sample)(const float* logits, int64_t vocab, const SoftmaxStats& stats, double uniform);
  int64_t (*argmax)(const float* logits, int64_t vocab);  // lowest index among equals
  // One AdamW update (Loshchilov, Hutter 2019, decoupled decay) of n parameters; grad is multiplied by grad_scale first. bf16_copy (null
  // for none) gets the rounded new parameters.
  void (*adamw)(float* parameter, float* first_moment, float* second_moment, const float* grad, int64_t n, float grad_scale,
                float learning_rate, double beta1, double beta2, float eps, float weight_decay, float bias_correction1,
                float bias_correction2, bf16* bf16_copy);
  // Sum of squares in double, in a fixed order.
  double (*sum_of_squares)(const float* values, int64_t n);
  void (*to_bf16)(const float* in, int64_t n, bf16* out);
};

PackedMatrix MakePackedMatrix(const KernelTable& table, DType type, int64_t n, int64_t k);

// The fastest path that this processor can run. Null when it has not even AVX2 with FMA.
const KernelTable* BestKernels();
// Every path that this processor can run, fastest first; tests go through all of them.
std::vector<const KernelTable*> AvailableKernels();
// What the processor has, for `doctor`: "avx2 fma avx512f avx512bf16 amx_bf16 ...".
std::vector<std::string_view> CpuFeatures();

}  // namespace cupel::kernels
