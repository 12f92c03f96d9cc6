// Covers policy/kernels/cpu/int8.h: roundings and products of every path against plain loops and double precision. Alone:
// build/release/tests/kernels_test "[int8]"

#include "policy/kernels/cpu/int8.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/policy/kernels/kernel_values.h"

namespace cupel::kernels {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// x of type T [m, k], weight float [n, k], residual T [m, n].
struct Product {
  Product(DType of, int64_t rows, int64_t outputs, int64_t inputs, uint32_t which)
      : Product(of, rows, outputs, inputs, TestRandom(which)) {}

  Values Multiply(const Int8Table& table, bool with_residual, int64_t n_begin = 0, int64_t n_end = -1) {
    Int8Matrix packed = MakeInt8Matrix(table, n, k);
    table.pack(weight.floats(), 0, n, packed);
    Int8Scratch scratch(m, k);
    table.quantize(type, x.data(), m, k, scratch.rows());
    Values y(type, m * n);
    table.gemm(scratch.rows(), m, packed, n_begin, n_end < 0 ? n : n_end, with_residual ? residual.data() : nullptr, y.data(), n, type);
    return y;
  }

  DType type;
  int64_t m, n, k;
  Values x, weight, residual;

 private:
  Product(DType of, int64_t rows, int64_t outputs, int64_t inputs, RandomStream random)
      : type(of),
        m(rows),
        n(outputs),
        k(inputs),
        x(Values::Normal(of, rows * inputs, random)),
        weight(Values::Normal(DType::kFloat, outputs * inputs, random, 0.05)),
        residual(Values::Normal(of, rows * outputs, random)) {}
};

struct Size {
  int64_t m, n, k;
};
const Size kSizes[] = {{1, 1, 1},    {2, 16, 3},  {3, 33, 31},   {6, 32, 32},   {7, 64, 33}, {13, 65, 64},
                       {31, 48, 95}, {64, 31, 9}, {5, 192, 576}, {12, 257, 40}, {0, 64, 8}};

bool SameBits(Values& a, Values& b) {
  const auto bytes = static_cast<size_t>(a.size() * SizeOf(a.type()));
  return a.size() == b.size() && (bytes == 0 || std::memcmp(a.data(), b.data(), bytes) == 0);
}

const Int8Table& Generic() { return *AvailableInt8().back(); }

// Largest magnitude of count numbers, from i on.
double LargestOf(const Values& values, int64_t i, int64_t count) {
  double largest = 0;
  for (int64_t j = i; j < i + count; ++j) {
    largest = std::max(largest, std::abs(values[j]));
  }
  return largest;
}

TEST_CASE("the best path comes first and plain loops last", "[int8]") {
  const std::vector<const Int8Table*> tables = AvailableInt8();
  CHECK(&BestInt8() == tables.front());
  CHECK(Generic().name == "generic");
}

TEST_CASE("every path gives the bits of the plain loops", "[int8]") {
  for (const DType type : {DType::kFloat, DType::kBf16}) {
    for (const Size& size : kSizes) {
      CAPTURE(size.m, size.n, size.k, type);
      Product product(type, size.m, size.n, size.k, 1);
      for (const bool with_residual : {false, true}) {
        Values expected = product.Multiply(Generic(), with_residual);
        for (const Int8Table* table : AvailableInt8()) {
          CAPTURE(table->name);
          Values y = product.Multiply(*table, with_residual);
          CHECK(SameBits(y, expected));
        }
      }
    }
  }
}

// Half a step of each factor times the other one: what rounding may cost, from the numbers themselves.
TEST_CASE("products stay within half a step of both factors of the exact ones", "[int8]") {
  for (const DType type : {DType::kFloat, DType::kBf16}) {
    Product product(type, 9, 40, 100, 2);
    Values y = product.Multiply(Generic(), true);
    for (int64_t row = 0; row < product.m; ++row) {
      for (int64_t column = 0; column < product.n; ++column) {
        const double weight_step = LargestOf(product.weight, column * product.k, product.k) / 127;
        double exact = product.residual[row * product.n + column];
        double allowed = 1e-5;
        for (int64_t i = 0; i < product.k; ++i) {
          const int64_t begin = i / kInt8Block * kInt8Block;
          const double step = LargestOf(product.x, row * product.k + begin, std::min(kInt8Block, product.k - begin)) / 127;
          const double x = product.x[row * product.k + i];
          const double w = product.weight[column * product.k + i];
          exact += x * w;
          allowed += (std::abs(x) + step / 2) * weight_step / 2 + std::abs(w) * step / 2;
        }
        CHECK(std::abs(y[row * product.n + column] - exact) <= allowed + RoundingError(type) * std::abs(exact));
      }
    }
  }
}

TEST_CASE("numbers on the grid of their scale give exact products", "[int8]") {
  for (const Int8Table* table : AvailableInt8()) {
    CAPTURE(table->name);
    Product product(DType::kFloat, 7, 37, 96, 3);
    RandomStream random = TestRandom(4);
    const auto fill = [&](Values& values, int64_t period) {
      for (int64_t i = 0; i < values.size(); ++i) {
        values.Set(i, i % period == 0 ? 127 : static_cast<double>(random.Between(-127, 127)));
      }
    };
    fill(product.x, kInt8Block);  // the scale of every block, and of every weight row, is 1
    fill(product.weight, product.k);
    const Values y = product.Multiply(*table, false);
    for (int64_t row = 0; row < product.m; ++row) {
      for (int64_t column = 0; column < product.n; ++column) {
        double exact = 0;
        for (int64_t i = 0; i < product.k; ++i) {
          exact += product.x[row * product.k + i] * product.weight[column * product.k + i];
        }
        CHECK(y[row * product.n + column] == exact);
      }
    }
  }
}

TEST_CASE("the extremes of both factors overflow no intermediate sum", "[int8]") {
  for (const Int8Table* table : AvailableInt8()) {
    for (const double x : {-127.0, 127.0}) {
      for (const double w : {-127.0, 127.0}) {
        Product product(DType::kFloat, 6, 32, 1536, 5);
        for (int64_t i = 0; i < product.x.size(); ++i) {
          product.x.Set(i, x);
        }
        for (int64_t i = 0; i < product.weight.size(); ++i) {
          product.weight.Set(i, w);
        }
        CAPTURE(table->name, x, w);
        const Values y = product.Multiply(*table, false);
        CHECK(y[0] == x * w * 1536);
        CHECK(y[y.size() - 1] == x * w * 1536);
      }
    }
  }
}

TEST_CASE("a row's product depends on that row alone, and parts of the columns are the whole's", "[int8]") {
  for (const Int8Table* table : AvailableInt8()) {
    CAPTURE(table->name);
    Product all(DType::kBf16, 29, 3 * 64 + 7, 70, 6);
    Values whole = all.Multiply(*table, true);
    for (const int64_t row : {0, 11, 28}) {
      Product one(DType::kBf16, 1, all.n, all.k, 6);
      std::memcpy(one.x.data(), all.x.At(row * all.k), static_cast<size_t>(all.k) * 2);
      std::memcpy(one.weight.data(), all.weight.data(), static_cast<size_t>(all.weight.size()) * 4);
      std::memcpy(one.residual.data(), all.residual.At(row * all.n), static_cast<size_t>(all.n) * 2);
      Values alone = one.Multiply(*table, true);
      CHECK(std::memcmp(alone.data(), whole.At(row * all.n), static_cast<size_t>(all.n) * 2) == 0);
    }
    Values part = all.Multiply(*table, true, 64, 128);  // 64 is a multiple of every panel
    for (int64_t row = 0; row < all.m; ++row) {
      CHECK(std::memcmp(part.At(row * all.n + 64), whole.At(row * all.n + 64), 64 * 2) == 0);
      CHECK(part[row * all.n + 63] == 0);
      CHECK(part[row * all.n + 128] == 0);
    }
  }
}

TEST_CASE("what is not finite makes its outputs NaN and no others", "[int8]") {
  for (const Int8Table* table : AvailableInt8()) {
    for (const float bad : {kNan, kInfinity, -kInfinity}) {
      CAPTURE(table->name, bad);
      Product product(DType::kFloat, 3, 35, 50, 7);
      product.x.Set(1 * 50 + 49, bad);
      product.weight.Set(34 * 50 + 3, bad);
      const Values y = product.Multiply(*table, true);
      for (int64_t row = 0; row < 3; ++row) {
        for (int64_t column = 0; column < 35; ++column) {
          CHECK(std::isnan(y[row * 35 + column]) == (row == 1 || column == 34));
        }
      }
    }
  }
}

TEST_CASE("zeros and numbers too small to divide by give zero", "[int8]") {
  for (const Int8Table* table : AvailableInt8()) {
    for (const double tiny : {0.0, 1e-44, -1e-39}) {
      Product product(DType::kFloat, 2, 17, 40, 8);
      for (int64_t i = 0; i < product.x.size(); ++i) {
        product.x.Set(i, tiny);
      }
      CAPTURE(table->name, tiny);
      const Values y = product.Multiply(*table, false);
      for (int64_t i = 0; i < y.size(); ++i) {
        CHECK(y[i] == 0);
      }
    }
  }
}

}  // namespace
}  // namespace cupel::kernels
