#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/kernels/cpu/kernels.h"

// Matrix products with weights of 8 bits, for sampling: half the bytes of bf16 to stream and twice its multiplications per instruction.
//
// A weight matrix is rounded to q = round(127 w / max |w|) with one scale per output; a row of inputs likewise, with one scale for every
// kInt8Block of them, because single activations are large and would leave few steps to the others. A product is then
//
//   y[n] = scale[n] sum over blocks b of scale[b] (sum over i in b of q_x[i] q_w[n][i])      (+ residual[n])
//
// whose inner sums are exact integers, and whose outer sum is one chain of fused additions in float, b ascending. So all paths give the
// same bits, and a row's result depends on that row alone. A number that is not finite, in a weight or an input, makes every output that
// it has a part in NaN.
//
// Dimensions: M rows, N outputs, K inputs. Every function may be called from several threads at once on disjoint outputs.

namespace cupel::kernels {

inline constexpr int64_t kInt8Block = 32;
inline int64_t NumInt8Blocks(int64_t k) { return (k + kInt8Block - 1) / kInt8Block; }

// A weight matrix [N, K]. The layout of `values` belongs to the path that packed it; K is filled up with zeros to whole blocks and N to
// whole panels.
struct Int8Matrix {
  int64_t n = 0;
  int64_t k = 0;
  AlignedBuffer values;  // one byte per weight
  AlignedBuffer scales;  // float [N, in whole panels]
};

// Quantised rows of inputs. `offsets` is what the path's own products need beside, if anything.
struct Int8Rows {
  int8_t* values;    // [M][blocks * kInt8Block]
  float* scales;     // [M][blocks]
  int32_t* offsets;  // [M][blocks]
};

// Memory for up to `max_rows` rows of up to `max_k` inputs.
class Int8Scratch {
 public:
  Int8Scratch() = default;
  Int8Scratch(int64_t max_rows, int64_t max_k);
  Int8Rows rows();

 private:
  AlignedBuffer values_, scales_, offsets_;
};

// The functions of one path.
struct Int8Table {
  std::string_view name;  // "avx512vnni", "avx2", "generic"
  int64_t panel;          // outputs per panel of Int8Matrix

  // Rounds rows [row_begin, row_end) of weight, float [N, K], into out, which must have been made by MakeInt8Matrix. Both are multiples of
  // `panel` or N.
  void (*pack)(const float* weight, int64_t row_begin, int64_t row_end, Int8Matrix& out);
  // Rounds x [M, K], rows side by side, T given by `type`.
  void (*quantize)(DType type, const void* x, int64_t m, int64_t k, const Int8Rows& rows);
  // y[M, N] = x weight^T (+ residual), x quantised by the same path. y and residual (null for none; may be y itself) are of `type` with
  // row stride ldy. Columns [n_begin, n_end), multiples of `panel` or N.
  void (*gemm)(const Int8Rows& x, int64_t m, const Int8Matrix& weight, int64_t n_begin, int64_t n_end, const void* residual, void* y,
               int64_t ldy, DType type);
};

Int8Matrix MakeInt8Matrix(const Int8Table& table, int64_t n, int64_t k);

// The paths that this processor can run, fastest first. The last is plain loops, which run anywhere.
std::vector<const Int8Table*> AvailableInt8();
const Int8Table& BestInt8();

}  // namespace cupel::kernels
