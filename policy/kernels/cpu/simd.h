#pragma once

#include <cstdint>
#include <immintrin.h>

#include "policy/kernels/cpu/paths.h"

// Vectors of kWidth floats and what the kernels do with them, for the instruction set that the including file is compiled for. Included
// only by the path files (avx2.cc and so on), which name their path in CUPEL_KERNEL_PATH: everything is internal to that file, so no code
// that needs a newer processor can be linked into the rest of the program. For the same reason nothing here may call an inline function of
// another header.
//
// Contraction of a*b+c is off in these files: where a product is fused into a sum, Fma says so, and a value never depends on how the
// compiler arranged the loop around it.

namespace cupel::kernels::CUPEL_KERNEL_PATH {
namespace {

#define CUPEL_INLINE inline __attribute__((always_inline))

#if defined(__AVX512F__)

constexpr int64_t kWidth = 16;
struct Vec {
  __m512 v;
};

CUPEL_INLINE Vec Zero() { return {_mm512_setzero_ps()}; }
CUPEL_INLINE Vec Set(float x) { return {_mm512_set1_ps(x)}; }
CUPEL_INLINE Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
CUPEL_INLINE Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
CUPEL_INLINE Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
CUPEL_INLINE Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
CUPEL_INLINE Vec Fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
CUPEL_INLINE Vec NegativeFma(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
// The larger one; b if either is NaN.
CUPEL_INLINE Vec Max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
CUPEL_INLINE Vec Min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
CUPEL_INLINE Vec Sqrt(Vec a) { return {_mm512_sqrt_ps(a.v)}; }
CUPEL_INLINE Vec ZeroWhereLess(Vec value, Vec a, Vec b) {
  return {_mm512_mask_mov_ps(value.v, _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), _mm512_setzero_ps())};
}
CUPEL_INLINE Vec SelectGreater(Vec a, Vec b, Vec yes, Vec no) {
  return {_mm512_mask_mov_ps(no.v, _mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ), yes.v)};
}
CUPEL_INLINE bool AnyEqual(Vec a, Vec b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ) != 0; }
// value * 2^n, where `shifted` holds n in the low bits of its representation.
CUPEL_INLINE Vec AddExponent(Vec value, Vec shifted) {
  const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted.v), 23);
  return {_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(value.v), exponent))};
}

CUPEL_INLINE __mmask16 FirstLanes(int64_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
CUPEL_INLINE Vec Widen(__m256i bits) { return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16))}; }
CUPEL_INLINE __m256i Narrow(Vec x) {
  const __m512i bits = _mm512_castps_si512(x.v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd), 16);
  const __m512i quiet = _mm512_or_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(0x40));
  return _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q), quiet));
}

CUPEL_INLINE Vec Load(const float* p) { return {_mm512_loadu_ps(p)}; }
CUPEL_INLINE Vec Load(const bf16* p) { return Widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
CUPEL_INLINE Vec LoadFirst(const float* p, int64_t n) { return {_mm512_maskz_loadu_ps(FirstLanes(n), p)}; }
CUPEL_INLINE Vec LoadFirst(const bf16* p, int64_t n) { return Widen(_mm256_maskz_loadu_epi16(FirstLanes(n), p)); }
CUPEL_INLINE void Store(float* p, Vec x) { _mm512_storeu_ps(p, x.v); }
CUPEL_INLINE void Store(bf16* p, Vec x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), Narrow(x)); }
CUPEL_INLINE void StoreFirst(float* p, Vec x, int64_t n) { _mm512_mask_storeu_ps(p, FirstLanes(n), x.v); }
CUPEL_INLINE void StoreFirst(bf16* p, Vec x, int64_t n) { _mm256_mask_storeu_epi16(p, FirstLanes(n), Narrow(x)); }

// The low and the high half of each 32-bit element, a pair of bf16, as floats.
CUPEL_INLINE Vec LowOfPairs(const bf16* p) { return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16))}; }
CUPEL_INLINE Vec HighOfPairs(const bf16* p) {
  return {_mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32(static_cast<int>(0xffff0000u))))};
}

CUPEL_INLINE Vec LowOfPair(uint32_t pair) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_set1_epi32(static_cast<int>(pair)), 16))};
}
CUPEL_INLINE Vec HighOfPair(uint32_t pair) {
  return {
      _mm512_castsi512_ps(_mm512_and_si512(_mm512_set1_epi32(static_cast<int>(pair)), _mm512_set1_epi32(static_cast<int>(0xffff0000u))))};
}

CUPEL_INLINE float First(Vec x) { return _mm512_cvtss_f32(x.v); }
CUPEL_INLINE float Sum(Vec x) { return _mm512_reduce_add_ps(x.v); }
CUPEL_INLINE float Largest(Vec x) { return _mm512_reduce_max_ps(x.v); }

// kWidth sums in double.
struct DoubleVec {
  __m512d low, high;
};
CUPEL_INLINE DoubleVec DoubleZero() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
CUPEL_INLINE DoubleVec ToDouble(Vec x) {
  return {_mm512_cvtps_pd(_mm512_castps512_ps256(x.v)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(x.v, 1))};
}
CUPEL_INLINE DoubleVec operator+(DoubleVec a, DoubleVec b) { return {_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)}; }
CUPEL_INLINE DoubleVec operator*(DoubleVec a, DoubleVec b) { return {_mm512_mul_pd(a.low, b.low), _mm512_mul_pd(a.high, b.high)}; }
CUPEL_INLINE double Sum(DoubleVec x) { return _mm512_reduce_add_pd(_mm512_add_pd(x.low, x.high)); }

#else  // AVX2 and FMA

constexpr int64_t kWidth = 8;
struct Vec {
  __m256 v;
};

CUPEL_INLINE Vec Zero() { return {_mm256_setzero_ps()}; }
CUPEL_INLINE Vec Set(float x) { return {_mm256_set1_ps(x)}; }
CUPEL_INLINE Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
CUPEL_INLINE Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
CUPEL_INLINE Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
CUPEL_INLINE Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
CUPEL_INLINE Vec Fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
CUPEL_INLINE Vec NegativeFma(Vec a, Vec b, Vec c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
CUPEL_INLINE Vec Max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
CUPEL_INLINE Vec Min(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
CUPEL_INLINE Vec Sqrt(Vec a) { return {_mm256_sqrt_ps(a.v)}; }
CUPEL_INLINE Vec ZeroWhereLess(Vec value, Vec a, Vec b) { return {_mm256_andnot_ps(_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ), value.v)}; }
CUPEL_INLINE Vec SelectGreater(Vec a, Vec b, Vec yes, Vec no) {
  return {_mm256_blendv_ps(no.v, yes.v, _mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ))};
}
CUPEL_INLINE bool AnyEqual(Vec a, Vec b) { return _mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)) != 0; }
CUPEL_INLINE Vec AddExponent(Vec value, Vec shifted) {
  const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted.v), 23);
  return {_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(value.v), exponent))};
}

CUPEL_INLINE __m256i FirstLanes(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
CUPEL_INLINE Vec Widen(__m128i bits) { return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16))}; }
CUPEL_INLINE __m128i Narrow(Vec x) {
  const __m256i bits = _mm256_castps_si256(x.v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd), 16);
  const __m256i quiet = _mm256_or_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(0x40));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(x.v, x.v, _CMP_UNORD_Q));
  const __m256i result = _mm256_blendv_epi8(rounded, quiet, is_nan);
  return _mm_packus_epi32(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
}

CUPEL_INLINE Vec Load(const float* p) { return {_mm256_loadu_ps(p)}; }
CUPEL_INLINE Vec Load(const bf16* p) { return Widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
CUPEL_INLINE Vec LoadFirst(const float* p, int64_t n) { return {_mm256_maskload_ps(p, FirstLanes(n))}; }
CUPEL_INLINE Vec LoadFirst(const bf16* p, int64_t n) {
  alignas(16) bf16 lanes[8] = {};
  for (int64_t i = 0; i < n; ++i) {
    lanes[i] = p[i];
  }
  return Load(lanes);
}
CUPEL_INLINE void Store(float* p, Vec x) { _mm256_storeu_ps(p, x.v); }
CUPEL_INLINE void Store(bf16* p, Vec x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), Narrow(x)); }
CUPEL_INLINE void StoreFirst(float* p, Vec x, int64_t n) { _mm256_maskstore_ps(p, FirstLanes(n), x.v); }
CUPEL_INLINE void StoreFirst(bf16* p, Vec x, int64_t n) {
  alignas(16) bf16 lanes[8];
  Store(lanes, x);
  for (int64_t i = 0; i < n; ++i) {
    p[i] = lanes[i];
  }
}

CUPEL_INLINE __m256i LoadPairs(const bf16* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
CUPEL_INLINE Vec LowOfPairs(const bf16* p) { return {_mm256_castsi256_ps(_mm256_slli_epi32(LoadPairs(p), 16))}; }
CUPEL_INLINE Vec HighOfPairs(const bf16* p) {
  return {_mm256_castsi256_ps(_mm256_and_si256(LoadPairs(p), _mm256_set1_epi32(static_cast<int>(0xffff0000u))))};
}

CUPEL_INLINE Vec LowOfPair(uint32_t pair) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_set1_epi32(static_cast<int>(pair)), 16))};
}
CUPEL_INLINE Vec HighOfPair(uint32_t pair) {
  return {
      _mm256_castsi256_ps(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(pair)), _mm256_set1_epi32(static_cast<int>(0xffff0000u))))};
}

CUPEL_INLINE float First(Vec x) { return _mm256_cvtss_f32(x.v); }
CUPEL_INLINE float Sum(Vec x) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(x.v), _mm256_extractf128_ps(x.v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}
CUPEL_INLINE float Largest(Vec x) {
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(x.v), _mm256_extractf128_ps(x.v, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

struct DoubleVec {
  __m256d low, high;
};
CUPEL_INLINE DoubleVec DoubleZero() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
CUPEL_INLINE DoubleVec ToDouble(Vec x) {
  return {_mm256_cvtps_pd(_mm256_castps256_ps128(x.v)), _mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1))};
}
CUPEL_INLINE DoubleVec operator+(DoubleVec a, DoubleVec b) { return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }
CUPEL_INLINE DoubleVec operator*(DoubleVec a, DoubleVec b) { return {_mm256_mul_pd(a.low, b.low), _mm256_mul_pd(a.high, b.high)}; }
CUPEL_INLINE double Sum(DoubleVec x) {
  const __m256d sum = _mm256_add_pd(x.low, x.high);
  const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(sum), _mm256_extractf128_pd(sum, 1));
  return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

#endif

// How many lanes an access touches: all, or the first n of the last vector of a row.
struct AllLanes {};
struct SomeLanes {
  int64_t n;
};
template <class T>
CUPEL_INLINE Vec Load(const T* p, AllLanes) {
  return Load(p);
}
template <class T>
CUPEL_INLINE Vec Load(const T* p, SomeLanes lanes) {
  return LoadFirst(p, lanes.n);
}
template <class T>
CUPEL_INLINE void Store(T* p, Vec x, AllLanes) {
  Store(p, x);
}
template <class T>
CUPEL_INLINE void Store(T* p, Vec x, SomeLanes lanes) {
  StoreFirst(p, x, lanes.n);
}

// Writes sum, plus the residual unless that is null, to y + at, rounded once: the first `lanes` of it, none if that is not positive.
template <class T>
CUPEL_INLINE void StoreSum(Vec sum, const T* residual, T* y, int64_t at, int64_t lanes) {
  if (lanes >= kWidth) {
    Store(y + at, residual == nullptr ? sum : sum + Load(residual + at));
  } else if (lanes > 0) {
    StoreFirst(y + at, residual == nullptr ? sum : sum + LoadFirst(residual + at, lanes), lanes);
  }
}

// Calls body(i, lanes) for i = 0, kWidth, ... below n, in that order.
template <class Body>
CUPEL_INLINE void ForEachVec(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    body(i, AllLanes{});
  }
  if (i < n) {
    body(i, SomeLanes{n - i});
  }
}

// The range in which e^x is a normal number.
constexpr float kLowestExponent = -87.336f;
constexpr float kHighestExponent = 88.72283f;

// e^x within that range, with an error below 1 ulp: 2^n by adding to the exponent, e^r on [-ln 2 / 2, ln 2 / 2] by a polynomial fitted to
// it. Adding and subtracting 1.5 * 2^23 rounds to an integer.
CUPEL_INLINE Vec ExpInRange(Vec x) {
  const Vec rounding = Set(12582912.0f);
  const Vec shifted = Fma(x, Set(1.44269504f), rounding);
  const Vec n = shifted - rounding;
  const Vec r = NegativeFma(n, Set(1.42860677e-6f), NegativeFma(n, Set(6.93145752e-1f), x));
  Vec p = Fma(Set(1.37805939e-3f), r, Set(8.37312452e-3f));
  p = Fma(p, r, Set(4.16695364e-2f));
  p = Fma(p, r, Set(1.66664720e-1f));
  p = Fma(p, r, Set(4.99999851e-1f));
  p = Fma(p, r, Set(1.0f));
  p = Fma(p, r, Set(1.0f));
  return AddExponent(p, shifted);
}

// x, or the bound of the range that it exceeds; NaN stays NaN.
CUPEL_INLINE Vec AtLeastLowest(Vec x) { return Max(Set(kLowestExponent), x); }
CUPEL_INLINE Vec AtMostHighest(Vec x) { return Min(Set(kHighestExponent), x); }

// e^x; infinity above the range, and below it its smallest value.
CUPEL_INLINE Vec ExpOrInfinity(Vec x) {
  return SelectGreater(x, Set(kHighestExponent), Set(__builtin_inff()), ExpInRange(AtLeastLowest(AtMostHighest(x))));
}
// e^x for x that cannot exceed the range, such as a log-probability; 0 below the range.
CUPEL_INLINE Vec ExpOfNegative(Vec x) { return ZeroWhereLess(ExpInRange(AtLeastLowest(x)), x, Set(kLowestExponent)); }
CUPEL_INLINE float ExpOfNegative(float x) { return First(ExpOfNegative(Set(x))); }

// 1 / (1 + e^-x).
CUPEL_INLINE Vec Sigmoid(Vec x) { return Set(1.0f) / (Set(1.0f) + ExpOrInfinity(Zero() - x)); }

// Natural logarithm of a positive normal number, infinity or NaN: taken in double, so that rounding to float is the only error.
// log(m 2^e) = e ln 2 + 2 atanh((m - 1) / (m + 1)) with m between sqrt(1/2) and sqrt(2).
CUPEL_INLINE float Log(float x) {
  if (!(x <= 3.402823466e38f)) {
    return x;
  }
  uint32_t bits = 0;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  int exponent = static_cast<int>(bits >> 23) - 127;
  bits = (bits & 0x7fffffu) | 0x3f800000u;
  float mantissa = 0;
  __builtin_memcpy(&mantissa, &bits, sizeof(mantissa));
  double m = mantissa;
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent += 1;
  }
  const double s = (m - 1) / (m + 1);
  const double q = s * s;
  double series = 1.0 / 17;
  for (int k = 15; k >= 1; k -= 2) {
    series = series * q + 1.0 / k;
  }
  return static_cast<float>(exponent * 0.6931471805599453 + 2 * s * series);
}

}  // namespace
}  // namespace cupel::kernels::CUPEL_KERNEL_PATH
