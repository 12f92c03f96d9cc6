#pragma once

#include "policy/kernels/cpu/int8_paths.h"
#include "policy/kernels/cpu/simd.h"

// Products with int8 weights (int8.h) for the instruction set that the including file is compiled for. Included only by the int8 path files
// (see simd.h for what they may not do).
//
// A panel holds kPanel outputs as [K / 4][kPanel][4]: four neighbouring k side by side, as the dot-product instructions want them. Blocks
// of up to kRows rows keep two sums per output in registers: integers over kInt8Block inputs, and floats over the whole of K.
//
// One factor of these instructions is unsigned. With VNNI the weights are stored as q + 128, and since
//   sum q_x (q_w + 128) = sum q_x q_w + 128 sum q_x
// the integers begin at the row's offset -128 sum q_x. On AVX2 that would overflow the 16-bit sums of pairs; there the sign of x goes to
// the weight, which leaves at most 2 * 127 * 127 in such a sum.

namespace cupel::kernels::CUPEL_KERNEL_PATH {
namespace {

constexpr int64_t kColumns = 2;
constexpr int64_t kPanel = kColumns * kWidth;
constexpr int64_t kQuad = 4;                         // inputs per step
constexpr int64_t kSteps = kInt8Block / kQuad;       // of a block
constexpr int64_t kVecs = kInt8Block / kWidth;       // floats of a block
constexpr int64_t kPanelStep = kPanel * kQuad;       // bytes of a panel per step
constexpr float kSmallest = 1e-30f;                  // a block whose numbers are all smaller is zero: 127 / max would overflow
constexpr int64_t kLine = 64;                        // bytes of a cache line
constexpr int64_t kFetchParts = kPanelStep / kLine;  // lines of a panel per step: so many row blocks fetch all of it

#if defined(__AVX512F__)
constexpr int kRows = 6;  // 2 * kRows * kColumns sums, kColumns weights and an input fit the 32 registers
constexpr int kBias = 128;

struct IntVec {
  __m512i v;
};
CUPEL_INLINE IntVec SetInt(int32_t x) { return {_mm512_set1_epi32(x)}; }
CUPEL_INLINE IntVec LoadQuads(const int8_t* p) { return {_mm512_loadu_si512(p)}; }
CUPEL_INLINE IntVec Start(int32_t offset) { return SetInt(offset); }
CUPEL_INLINE IntVec AddProducts(IntVec sum, IntVec weights, int32_t inputs) {
  return {_mm512_dpbusd_epi32(sum.v, weights.v, _mm512_set1_epi32(inputs))};
}
CUPEL_INLINE Vec ToFloats(IntVec x) { return {_mm512_cvtepi32_ps(x.v)}; }

// Rounds a block of floats to bytes; returns their sum. What is not a number becomes the smallest int, and is held to a byte's smallest
// here, so that the sum keeps within its type; the block's scale is NaN then.
CUPEL_INLINE int32_t RoundBlock(const Vec (&block)[kVecs], Vec inverse, int8_t* out) {
  const __m512i smallest = _mm512_set1_epi32(-128);
  const __m512i low = _mm512_max_epi32(_mm512_cvtps_epi32((block[0] * inverse).v), smallest);
  const __m512i high = _mm512_max_epi32(_mm512_cvtps_epi32((block[1] * inverse).v), smallest);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_cvtsepi32_epi8(low));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + kWidth), _mm512_cvtsepi32_epi8(high));
  return _mm512_reduce_add_epi32(_mm512_add_epi32(low, high));
}

#else  // AVX2 and FMA
constexpr int kRows = 2;  // the same for 16 registers
constexpr int kBias = 0;

struct IntVec {
  __m256i v;
};
CUPEL_INLINE IntVec SetInt(int32_t x) { return {_mm256_set1_epi32(x)}; }
CUPEL_INLINE IntVec LoadQuads(const int8_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
CUPEL_INLINE IntVec Start(int32_t /*offset*/) { return SetInt(0); }
CUPEL_INLINE IntVec AddProducts(IntVec sum, IntVec weights, int32_t inputs) {
  const __m256i x = _mm256_set1_epi32(inputs);
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(weights.v, x));
  return {_mm256_add_epi32(sum.v, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))};
}
CUPEL_INLINE Vec ToFloats(IntVec x) { return {_mm256_cvtepi32_ps(x.v)}; }

CUPEL_INLINE int32_t RoundBlock(const Vec (&block)[kVecs], Vec inverse, int8_t* out) {
  const __m256i a = _mm256_packs_epi32(_mm256_cvtps_epi32((block[0] * inverse).v), _mm256_cvtps_epi32((block[1] * inverse).v));
  const __m256i b = _mm256_packs_epi32(_mm256_cvtps_epi32((block[2] * inverse).v), _mm256_cvtps_epi32((block[3] * inverse).v));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);  // packing goes by halves of the registers
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a, b), order));
  return 0;  // nothing here needs it
}
#endif

CUPEL_INLINE int64_t NumBlocks(int64_t k) { return (k + kInt8Block - 1) / kInt8Block; }

// The largest magnitude, and NaN instead of 0 where a number is not finite.
struct Extent {
  Vec largest = Zero();
  Vec poison = Zero();
};
CUPEL_INLINE void Widen(Vec x, Extent& extent) {
  extent.largest = Max(extent.largest, Max(x, Zero() - x));
  extent.poison = extent.poison + (x - x);
}

struct Scale {
  float scale;    // of the rounded numbers; NaN where one was not finite
  float inverse;  // that the numbers are multiplied by
};
CUPEL_INLINE Scale ScaleOf(const Extent& extent) {
  const float largest = Largest(extent.largest);
  return {largest / 127.0f + Sum(extent.poison), largest > kSmallest ? 127.0f / largest : 0.0f};
}

// `count` floats from p, filled up with zeros.
template <class T>
CUPEL_INLINE void LoadBlock(const T* p, int64_t count, Vec (&block)[kVecs]) {
#pragma GCC unroll 8
  for (int64_t i = 0; i < kVecs; ++i) {
    const int64_t left = count - i * kWidth;
    block[i] = left >= kWidth ? Load(p + i * kWidth) : left > 0 ? LoadFirst(p + i * kWidth, left) : Zero();
  }
}

CUPEL_INLINE Scale ScaleOfRow(const float* row, int64_t k) {
  Extent extent;
  for (int64_t i = 0; i < k; i += kInt8Block) {
    Vec block[kVecs];
    LoadBlock(row + i, k - i, block);
#pragma GCC unroll 8
    for (const Vec& x : block) {
      Widen(x, extent);
    }
  }
  return ScaleOf(extent);
}

// One output's weights into its column of the panel.
void PackColumn(const float* row, int64_t k, float inverse, int8_t* column) {
  for (int64_t i = 0; i < k; i += kInt8Block) {
    Vec block[kVecs];
    LoadBlock(row + i, k - i, block);
    alignas(64) int8_t rounded[kInt8Block];
    RoundBlock(block, Set(inverse), rounded);
    for (int64_t j = 0; j < kInt8Block; j += kQuad) {
      int8_t* to = column + (i + j) * kPanel;
      for (int64_t l = 0; l < kQuad; ++l) {
        to[l] = static_cast<int8_t>(static_cast<uint8_t>(rounded[j + l] + kBias));
      }
    }
  }
}

void Pack(const float* weight, int64_t row_begin, int64_t row_end, Int8Matrix& out) {
  const int64_t panel_bytes = NumBlocks(out.k) * kInt8Block * kPanel;
  for (int64_t row = row_begin; row < row_end; ++row) {
    const float* from = weight + row * out.k;
    const Scale scale = ScaleOfRow(from, out.k);
    Int8Scales(out)[row] = scale.scale;
    PackColumn(from, out.k, scale.inverse, Int8Values(out) + row / kPanel * panel_bytes + row % kPanel * kQuad);
  }
}

template <class T>
void QuantizeAs(const T* x, int64_t m, int64_t k, const Int8Rows& rows) {
  const int64_t blocks = NumBlocks(k);
  for (int64_t row = 0; row < m; ++row) {
    for (int64_t b = 0; b < blocks; ++b) {
      Vec block[kVecs];
      LoadBlock(x + row * k + b * kInt8Block, k - b * kInt8Block, block);
      Extent extent;
#pragma GCC unroll 8
      for (const Vec& v : block) {
        Widen(v, extent);
      }
      const Scale scale = ScaleOf(extent);
      const int64_t at = row * blocks + b;
      rows.scales[at] = scale.scale;
      rows.offsets[at] = -kBias * RoundBlock(block, Set(scale.inverse), rows.values + at * kInt8Block);
    }
  }
}

void Quantize(DType type, const void* x, int64_t m, int64_t k, const Int8Rows& rows) {
  if (type == DType::kFloat) {
    QuantizeAs(static_cast<const float*>(x), m, k, rows);
  } else {
    QuantizeAs(static_cast<const bf16*>(x), m, k, rows);
  }
}

CUPEL_INLINE int32_t LoadQuad(const int8_t* x) {
  int32_t quad = 0;
  __builtin_memcpy(&quad, x, sizeof(quad));
  return quad;
}

// Integer sums of R rows over one block of inputs. `x` and the rows' offsets are `row_blocks` blocks apart.
template <int R>
CUPEL_INLINE void SumBlock(const int8_t* x, const int32_t* offsets, int64_t row_blocks, const int8_t* panel, const char* fetch,
                           IntVec (&sums)[R][kColumns]) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      sums[r][c] = Start(offsets[r * row_blocks]);
    }
  }
#pragma GCC unroll 8
  for (int64_t step = 0; step < kSteps; ++step) {
    _mm_prefetch(fetch + step * kLine, _MM_HINT_T1);
    IntVec line[kColumns];
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      line[c] = LoadQuads(panel + step * kPanelStep + c * kWidth * kQuad);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const int32_t inputs = LoadQuad(x + r * row_blocks * kInt8Block + step * kQuad);
#pragma GCC unroll 8
      for (int64_t c = 0; c < kColumns; ++c) {
        sums[r][c] = AddProducts(sums[r][c], line[c], inputs);
      }
    }
  }
}

// The block of outputs to write: `columns` of each row, with row stride ld.
struct Output {
  const float* scales;
  const void* residual;  // null for none
  void* y;
  int64_t ld;
  int64_t columns;
};

template <class T, int R>
CUPEL_INLINE void Finish(const Vec (&sums)[R][kColumns], const Output& out) {
  const T* residual = static_cast<const T*>(out.residual);
  T* y = static_cast<T*>(out.y);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      const Vec product = sums[r][c] * Load(out.scales + c * kWidth);  // filled up to whole panels
      StoreSum(product, residual, y, r * out.ld + c * kWidth, out.columns - c * kWidth);
    }
  }
}

template <class T, int R>
void GemmBlock(const Int8Rows& x, int64_t row, int64_t blocks, const int8_t* panel, const char* fetch, const Output& out) {
  const int64_t first = row * blocks;
  Vec sums[R][kColumns];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int64_t c = 0; c < kColumns; ++c) {
      sums[r][c] = Zero();
    }
  }
  for (int64_t b = 0; b < blocks; ++b) {
    IntVec products[R][kColumns];
    SumBlock<R>(x.values + (first + b) * kInt8Block, x.offsets + first + b, blocks, panel + b * kSteps * kPanelStep,
                fetch + b * kSteps * kLine, products);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec scale = Set(x.scales[first + r * blocks + b]);
#pragma GCC unroll 8
      for (int64_t c = 0; c < kColumns; ++c) {
        sums[r][c] = Fma(scale, ToFloats(products[r][c]), sums[r][c]);
      }
    }
  }
  Finish<T, R>(sums, out);
}

template <class T>
void GemmAs(const Int8Rows& x, int64_t m, const Int8Matrix& weight, int64_t n_begin, int64_t n_end, const T* residual, T* y, int64_t ldy) {
  using Block = void (*)(const Int8Rows&, int64_t, int64_t, const int8_t*, const char*, const Output&);
#if defined(__AVX512F__)
  static constexpr Block kBlocks[kRows] = {GemmBlock<T, 1>, GemmBlock<T, 2>, GemmBlock<T, 3>,
                                           GemmBlock<T, 4>, GemmBlock<T, 5>, GemmBlock<T, 6>};
#else
  static constexpr Block kBlocks[kRows] = {GemmBlock<T, 1>, GemmBlock<T, 2>};
#endif
  const int64_t blocks = NumBlocks(weight.k);
  const int64_t panel_bytes = blocks * kInt8Block * kPanel;
  const int64_t row_blocks = (m + kRows - 1) / kRows;
  for (int64_t n = n_begin; n < n_end; n += kPanel) {
    const int8_t* panel = Int8Values(weight) + n / kPanel * panel_bytes;
    const bool fetches = n + kPanel < n_end && row_blocks >= kFetchParts;  // few rows wait for memory whatever is fetched
    const char* next = reinterpret_cast<const char*>(fetches ? panel + panel_bytes : panel);
    for (int64_t block = 0; block < row_blocks; ++block) {
      // Blocks of equal height, give or take one.
      const int64_t row = block * m / row_blocks;
      const int64_t rows = (block + 1) * m / row_blocks - row;
      const int64_t at = row * ldy + n;
      const Output out{.scales = Int8Scales(weight) + n,
                       .residual = residual == nullptr ? nullptr : residual + at,
                       .y = y + at,
                       .ld = ldy,
                       .columns = n_end - n < kPanel ? n_end - n : kPanel};
      kBlocks[rows - 1](x, row, blocks, panel, next + block % kFetchParts * blocks * kSteps * kLine, out);
    }
  }
}

void Gemm(const Int8Rows& x, int64_t m, const Int8Matrix& weight, int64_t n_begin, int64_t n_end, const void* residual, void* y,
          int64_t ldy, DType type) {
  if (type == DType::kFloat) {
    GemmAs(x, m, weight, n_begin, n_end, static_cast<const float*>(residual), static_cast<float*>(y), ldy);
  } else {
    GemmAs(x, m, weight, n_begin, n_end, static_cast<const bf16*>(residual), static_cast<bf16*>(y), ldy);
  }
}

}  // namespace

const Int8Table kInt8Table = {.name = CUPEL_INT8_NAME, .panel = kPanel, .pack = Pack, .quantize = Quantize, .gemm = Gemm};

}  // namespace cupel::kernels::CUPEL_KERNEL_PATH
