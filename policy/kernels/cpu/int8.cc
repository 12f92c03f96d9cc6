#include "policy/kernels/cpu/int8.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "policy/kernels/cpu/int8_paths.h"
#include "policy/kernels/cpu/paths.h"

namespace cupel::kernels {
namespace {

bool HasAvx512Vnni() { return HasAvx512() && __builtin_cpu_supports("avx512vnni"); }

}  // namespace

int8_t* Int8Values(Int8Matrix& matrix) { return reinterpret_cast<int8_t*>(matrix.values.data()); }
const int8_t* Int8Values(const Int8Matrix& matrix) { return reinterpret_cast<const int8_t*>(matrix.values.data()); }
float* Int8Scales(Int8Matrix& matrix) { return reinterpret_cast<float*>(matrix.scales.data()); }
const float* Int8Scales(const Int8Matrix& matrix) { return reinterpret_cast<const float*>(matrix.scales.data()); }

Int8Scratch::Int8Scratch(int64_t max_rows, int64_t max_k)
    : values_(static_cast<size_t>(max_rows * NumInt8Blocks(max_k) * kInt8Block)),
      scales_(static_cast<size_t>(max_rows * NumInt8Blocks(max_k)) * sizeof(float)),
      offsets_(static_cast<size_t>(max_rows * NumInt8Blocks(max_k)) * sizeof(int32_t)) {}

Int8Rows Int8Scratch::rows() {
  return {.values = reinterpret_cast<int8_t*>(values_.data()),
          .scales = reinterpret_cast<float*>(scales_.data()),
          .offsets = reinterpret_cast<int32_t*>(offsets_.data())};
}

Int8Matrix MakeInt8Matrix(const Int8Table& table, int64_t n, int64_t k) {
  Check(n > 0 && k > 0, "a packed matrix has rows and columns");
  const int64_t padded_n = (n + table.panel - 1) / table.panel * table.panel;
  Int8Matrix matrix;
  matrix.n = n;
  matrix.k = k;
  matrix.values = AlignedBuffer(static_cast<size_t>(padded_n * NumInt8Blocks(k) * kInt8Block));
  matrix.scales = AlignedBuffer(static_cast<size_t>(padded_n) * sizeof(float));
  return matrix;
}

std::vector<const Int8Table*> AvailableInt8() {
  std::vector<const Int8Table*> tables;
  if (HasAvx512Vnni()) {
    tables.push_back(&avx512vnni::kInt8Table);
  }
  if (HasAvx2()) {
    tables.push_back(&int8_avx2::kInt8Table);
  }
  tables.push_back(&int8_generic::kInt8Table);
  return tables;
}

const Int8Table& BestInt8() { return *AvailableInt8().front(); }

namespace int8_generic {
namespace {

// What int8.h says, in plain loops: the oracle of the other paths.
constexpr float kSmallest = 1e-30F;  // as in int8_gemm.h

float Element(DType type, const void* values, int64_t i) {
  return type == DType::kFloat ? static_cast<const float*>(values)[i] : ToFloat(static_cast<const bf16*>(values)[i]);
}

// Rounds `count` numbers; returns their scale, NaN if one is not finite.
template <class At>
float Round(int64_t count, const At& at, int8_t* out) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(at(i))) {
      std::fill(out, out + count, int8_t{0});
      return std::nanf("");
    }
    largest = std::max(largest, std::abs(at(i)));
  }
  const float inverse = largest > kSmallest ? 127.0F / largest : 0.0F;
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<int8_t>(std::nearbyint(at(i) * inverse));
  }
  return largest / 127.0F;
}

void Pack(const float* weight, int64_t row_begin, int64_t row_end, Int8Matrix& out) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    const float* from = weight + row * out.k;
    int8_t* to = Int8Values(out) + row * NumInt8Blocks(out.k) * kInt8Block;
    Int8Scales(out)[row] = Round(
        out.k, [&](int64_t i) { return from[i]; }, to);
  }
}

void Quantize(DType type, const void* x, int64_t m, int64_t k, const Int8Rows& rows) {
  const int64_t blocks = NumInt8Blocks(k);
  for (int64_t at = 0; at < m * blocks; ++at) {
    const int64_t begin = at % blocks * kInt8Block;
    const int64_t first = at / blocks * k + begin;
    const int64_t count = std::min(kInt8Block, k - begin);
    int8_t* to = rows.values + at * kInt8Block;
    std::fill(to, to + kInt8Block, int8_t{0});
    rows.scales[at] = Round(
        count, [&](int64_t i) { return Element(type, x, first + i); }, to);
  }
}

float Product(const Int8Rows& x, int64_t row, const Int8Matrix& weight, int64_t n) {
  const int64_t blocks = NumInt8Blocks(weight.k);
  const int8_t* w = Int8Values(weight) + n * blocks * kInt8Block;
  float sum = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    const int8_t* values = x.values + (row * blocks + b) * kInt8Block;
    int32_t products = 0;
    for (int64_t i = 0; i < kInt8Block; ++i) {
      products += values[i] * w[b * kInt8Block + i];
    }
    sum = std::fma(x.scales[row * blocks + b], static_cast<float>(products), sum);
  }
  return sum * Int8Scales(weight)[n];
}

void Gemm(const Int8Rows& x, int64_t m, const Int8Matrix& weight, int64_t n_begin, int64_t n_end, const void* residual, void* y,
          int64_t ldy, DType type) {
  for (int64_t row = 0; row < m; ++row) {
    for (int64_t n = n_begin; n < n_end; ++n) {
      const int64_t at = row * ldy + n;
      const float product = Product(x, row, weight, n);
      const float sum = residual == nullptr ? product : product + Element(type, residual, at);
      if (type == DType::kFloat) {
        static_cast<float*>(y)[at] = sum;
      } else {
        static_cast<bf16*>(y)[at] = ToBf16(sum);
      }
    }
  }
}

}  // namespace

const Int8Table kInt8Table = {.name = "generic", .panel = 1, .pack = Pack, .quantize = Quantize, .gemm = Gemm};

}  // namespace int8_generic
}  // namespace cupel::kernels
