#pragma once

#include "policy/kernels/cpu/simd.h"

// Matrix products with weights packed in panels. Included only by the path files (see simd.h).
//
// A panel holds kPanel output columns. Floats: [K][kPanel]. bf16: [ceil(K / 2)][kPanel][2], pairs of neighbouring k side by side, as the
// dot-product instruction wants them; an odd K is filled up with zeros, and so are columns past N. Inside a panel all rows of x are taken
// in blocks of up to kRows, so a weight comes from memory once in a call and from the cache for the other blocks. A block keeps kRows x
// kColumns vectors of sums in registers over the whole of K: one chain of additions per output, ascending in k, whatever the block's
// height. While a block is at work it also fetches a part of the panel that comes next into the second-level cache: the first block of a
// panel would otherwise wait for memory while the multipliers idle.

namespace cupel::kernels::CUPEL_KERNEL_PATH {
namespace {

#if defined(__AVX512F__)
constexpr int64_t kColumns = 4;
constexpr int kRows = 6;  // kRows * kColumns sums, kColumns weights and an input fit the 32 registers
#else
constexpr int64_t kColumns = 2;
constexpr int kRows = 4;  // the same for 16 registers, with room for the widening of bf16
#endif
constexpr int64_t kPanel = kColumns * kWidth;

#if defined(__AVX512BF16__)
constexpr bool kMultipliesBf16 = true;
#else
constexpr bool kMultipliesBf16 = false;
#endif

template <class T>
constexpr int64_t kStep = 1;  // inputs consumed at a time
template <>
constexpr int64_t kStep<bf16> = 2;

template <class T>
int64_t PanelElements(int64_t k) {
  return (k + kStep<T> - 1) / kStep<T> * kStep<T> * kPanel;
}

// The inputs of one step as they lie in memory: a float or a pair of bf16, 32 bits either way.
template <class T>
CUPEL_INLINE uint32_t LoadStep(const T* x) {
  uint32_t step = 0;
  __builtin_memcpy(&step, x, sizeof(step));
  return step;
}
CUPEL_INLINE uint32_t LastStep(const bf16* x) { return x->bits; }

template <class T>
void PackPanel(const T* weight, int64_t k, int64_t columns, uint32_t* panel) {
  constexpr int64_t kNeighbours = 16;  // columns at a time: their rows stay in the first-level cache
  const int64_t whole_steps = k / kStep<T>;
  for (int64_t first = 0; first < columns; first += kNeighbours) {
    const int64_t end = first + kNeighbours < columns ? first + kNeighbours : columns;
    for (int64_t step = 0; step < whole_steps; ++step) {
      for (int64_t column = first; column < end; ++column) {
        panel[step * kPanel + column] = LoadStep(weight + column * k + step * kStep<T>);
      }
    }
  }
  if constexpr (kStep<T> == 2) {
    for (int64_t column = 0; k % 2 != 0 && column < columns; ++column) {
      panel[whole_steps * kPanel + column] = LastStep(weight + column * k + k - 1);
    }
  }
}

template <class T>
void PackAs(const void* weight, int64_t row_begin, int64_t row_end, PackedMatrix& out) {
  uint32_t* packed = static_cast<uint32_t*>(PackedData(out));
  for (int64_t row = row_begin; row < row_end; row += kPanel) {
    const int64_t columns = row_end - row < kPanel ? row_end - row : kPanel;
    PackPanel<T>(static_cast<const T*>(weight) + row * out.k, out.k, columns, packed + row / kPanel * PanelElements<T>(out.k) / kStep<T>);
  }
}

void Pack(const void* weight, int64_t row_begin, int64_t row_end, PackedMatrix& out) {
  if (out.type == DType::kFloat) {
    PackAs<float>(weight, row_begin, row_end, out);
  } else {
    PackAs<bf16>(weight, row_begin, row_end, out);
  }
}

template <int R>
struct Sums {
  Vec at[R][kColumns];
};

// One input of each row against one line of the panel.
template <int R>
CUPEL_INLINE void Accumulate(const float* x, int64_t ldx, const float* w, Sums<R>& sums) {
  Vec line[kColumns];
#pragma GCC unroll 8
  for (int64_t c = 0; c < kColumns; ++c) {
    line[c] = Load(w + c * kWidth);
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const Vec input = Set(x[r * ldx]);
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      sums.at[r][c] = Fma(input, line[c], sums.at[r][c]);
    }
  }
}

// One pair of inputs of each row against one line of the panel. `pairs` is called with the row.
template <int R, class Pairs>
CUPEL_INLINE void AccumulatePairs(Pairs pairs, const bf16* w, Sums<R>& sums) {
#if defined(__AVX512BF16__)
  __m512bh line[kColumns];
#pragma GCC unroll 8
  for (int64_t c = 0; c < kColumns; ++c) {
    line[c] = (__m512bh)_mm512_loadu_si512(w + c * kWidth * 2);
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const __m512bh input = (__m512bh)_mm512_set1_epi32(static_cast<int>(pairs(r)));
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      sums.at[r][c].v = _mm512_dpbf16_ps(sums.at[r][c].v, input, line[c]);
    }
  }
#else
  Vec line[kColumns];
#pragma GCC unroll 8
  for (int64_t c = 0; c < kColumns; ++c) {
    line[c] = LowOfPairs(w + c * kWidth * 2);
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const Vec input = LowOfPair(pairs(r));
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      sums.at[r][c] = Fma(input, line[c], sums.at[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int64_t c = 0; c < kColumns; ++c) {
    line[c] = HighOfPairs(w + c * kWidth * 2);
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const Vec input = HighOfPair(pairs(r));
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      sums.at[r][c] = Fma(input, line[c], sums.at[r][c]);
    }
  }
#endif
}

constexpr int64_t kLine = 64;                                                // bytes of a cache line
constexpr int64_t kFetchParts = kPanel * int64_t{sizeof(uint32_t)} / kLine;  // lines of a panel per step: so many blocks fetch all of it

template <int R>
CUPEL_INLINE void SumOverK(const float* x, int64_t ldx, const float* panel, int64_t k, const char* fetch, Sums<R>& sums) {
  for (int64_t i = 0; i < k; ++i) {
    _mm_prefetch(fetch + i * kLine, _MM_HINT_T1);
    Accumulate<R>(x + i, ldx, panel + i * kPanel, sums);
  }
}

template <int R>
CUPEL_INLINE void SumOverK(const bf16* x, int64_t ldx, const bf16* panel, int64_t k, const char* fetch, Sums<R>& sums) {
  int64_t i = 0;
  for (; i + 2 <= k; i += 2) {
    _mm_prefetch(fetch + i / 2 * kLine, _MM_HINT_T1);
    AccumulatePairs<R>(
        [&](int r) __attribute__((always_inline)) { return LoadStep(x + r * ldx + i); }, panel + i * kPanel, sums);
  }
  if (i < k) {
    AccumulatePairs<R>(
        [&](int r) __attribute__((always_inline)) { return LastStep(x + r * ldx + i); }, panel + i * kPanel, sums);
  }
}

// The block of outputs to write: `columns` of each row, y of type `type` with row stride ld.
struct Output {
  const void* residual;  // null for none
  void* y;
  int64_t ld;
  int64_t columns;
  DType type;
};

// Adds the residual and rounds once.
template <class T, int R>
CUPEL_INLINE void FinishAs(const Sums<R>& sums, const Output& out) {
  const T* residual = static_cast<const T*>(out.residual);
  T* y = static_cast<T*>(out.y);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      StoreSum(sums.at[r][c], residual, y, r * out.ld + c * kWidth, out.columns - c * kWidth);
    }
  }
}

template <class T, int R>
void GemmBlock(const T* x, int64_t ldx, const T* panel, int64_t k, const char* fetch, const Output& out) {
  Sums<R> sums;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      sums.at[r][c] = Zero();
    }
  }
  SumOverK<R>(x, ldx, panel, k, fetch, sums);
  if (out.type == DType::kFloat) {
    FinishAs<float, R>(sums, out);
  } else {
    FinishAs<bf16, R>(sums, out);
  }
}

// The columns [n, n_end) of `out` that lie in the panel at column n, from row `row` on.
CUPEL_INLINE Output BlockOf(const Output& out, int64_t row, int64_t n, int64_t n_end) {
  const int64_t bytes = (row * out.ld + n) * (out.type == DType::kFloat ? 4 : 2);
  return {.residual = out.residual == nullptr ? nullptr : static_cast<const char*>(out.residual) + bytes,
          .y = static_cast<char*>(out.y) + bytes,
          .ld = out.ld,
          .columns = n_end - n < kPanel ? n_end - n : kPanel,
          .type = out.type};
}

template <class T>
void GemmAs(const T* x, int64_t ldx, int64_t m, const PackedMatrix& weight, int64_t n_begin, int64_t n_end, const Output& out) {
  using Block = void (*)(const T*, int64_t, const T*, int64_t, const char*, const Output&);
#if defined(__AVX512F__)
  static constexpr Block kBlocks[kRows] = {GemmBlock<T, 1>, GemmBlock<T, 2>, GemmBlock<T, 3>,
                                           GemmBlock<T, 4>, GemmBlock<T, 5>, GemmBlock<T, 6>};
#else
  static constexpr Block kBlocks[kRows] = {GemmBlock<T, 1>, GemmBlock<T, 2>, GemmBlock<T, 3>, GemmBlock<T, 4>};
#endif
  const T* packed = static_cast<const T*>(PackedData(weight));
  const int64_t blocks = (m + kRows - 1) / kRows;
  for (int64_t n = n_begin; n < n_end; n += kPanel) {
    const T* panel = packed + n / kPanel * PanelElements<T>(weight.k);
    const bool fetches = n + kPanel < n_end && blocks >= kFetchParts;  // few rows wait for memory whatever is fetched
    const T* next = fetches ? panel + PanelElements<T>(weight.k) : panel;
    const int64_t steps = PanelElements<T>(weight.k) / kStep<T> / kPanel;
    for (int64_t block = 0; block < blocks; ++block) {
      // Blocks of equal height, give or take one: a last block of one row would leave the multipliers idle.
      const int64_t row = block * m / blocks;
      const int64_t rows = (block + 1) * m / blocks - row;
      const char* fetch = reinterpret_cast<const char*>(next) + block % kFetchParts * steps * kLine;
      kBlocks[rows - 1](x + row * ldx, ldx, panel, weight.k, fetch, BlockOf(out, row, n, n_end));
    }
  }
}

void Gemm(const void* x, int64_t ldx, int64_t m, const PackedMatrix& weight, int64_t n_begin, int64_t n_end, const void* residual, void* y,
          int64_t ldy, DType out_type) {
  const Output out{.residual = residual, .y = y, .ld = ldy, .columns = 0, .type = out_type};
  if (weight.type == DType::kFloat) {
    GemmAs(static_cast<const float*>(x), ldx, m, weight, n_begin, n_end, out);
  } else {
    GemmAs(static_cast<const bf16*>(x), ldx, m, weight, n_begin, n_end, out);
  }
}

}  // namespace
}  // namespace cupel::kernels::CUPEL_KERNEL_PATH
