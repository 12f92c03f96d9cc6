// Covers choice of path, bf16 rounding, memory, and matrix products of policy/kernels/cpu. Alone: build/release/tests/kernels_test "[gemm]"

#include "policy/kernels/cpu/kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <set>

#include <catch2/catch.hpp>

#include "tests/policy/kernels/kernel_values.h"

namespace cupel::kernels {
namespace {

TEST_CASE("paths are distinct, fastest first, and their features are reported", "[paths]") {
  const std::vector<const KernelTable*> tables = AvailableKernels();
  REQUIRE(BestKernels() == (tables.empty() ? nullptr : tables.front()));
  std::set<std::string_view> names;
  for (const KernelTable* table : tables) {
    CHECK(names.insert(table->name).second);
    CHECK(table->panel > 0);
  }
  const std::vector<std::string_view> features = CpuFeatures();
  for (const std::string_view needed : {"avx2", "fma"}) {
    CHECK((tables.empty() || std::find(features.begin(), features.end(), needed) != features.end()));
  }
}

TEST_CASE("buffers are aligned and zero, small and large", "[memory]") {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{63}, size_t{4097}, (size_t{4} << 20) + 3}) {
    AlignedBuffer buffer(bytes);
    CHECK(buffer.size() == bytes);
    CHECK(reinterpret_cast<uintptr_t>(buffer.data()) % 64 == 0);
    CHECK(std::all_of(buffer.data(), buffer.data() + bytes, [](std::byte b) { return b == std::byte{0}; }));
  }
}

struct RoundingCase {
  uint32_t bits;
  uint16_t rounded;
};

// IEEE 754 round-to-nearest-even on the upper 16 bits.
const RoundingCase kRoundingCases[] = {
    {0x00000000, 0x0000}, {0x80000000, 0x8000}, {0x3f800000, 0x3f80},  // 0, -0, 1
    {0x3f808000, 0x3f80},                                              // halfway, stays even
    {0x3f818000, 0x3f82},                                              // halfway, goes up to even
    {0x3f808001, 0x3f81}, {0x3f807fff, 0x3f80},                        // just above and just below halfway
    {0x7f7f7fff, 0x7f7f}, {0x7f7f8000, 0x7f80},                        // the largest bf16, and the first float that becomes infinity
    {0x7f800000, 0x7f80}, {0xff800000, 0xff80},                        // infinities
    {0x7fc00000, 0x7fc0}, {0xffc00001, 0xffc0},                        // quiet NaNs
    {0x7f800001, 0x7fc0}, {0xff80ffff, 0xffc0},                        // signalling NaNs become quiet, never infinity
    {0x00000001, 0x0000}, {0x00008000, 0x0000},                        // denormals: rounded like any other number
    {0x00008001, 0x0001}, {0x00018000, 0x0002}, {0x007fffff, 0x0080},  // the last becomes normal
};

TEST_CASE("rounding to bf16 gives the known answers", "[bf16]") {
  for (const RoundingCase& c : kRoundingCases) {
    CAPTURE(c.bits);
    CHECK(ToBf16(std::bit_cast<float>(c.bits)).bits == c.rounded);
  }
  CHECK(ToFloat({0x3f81}) == 1.0078125f);
}

TEST_CASE("every path rounds arrays of any length to bf16 as ToBf16 does", "[bf16]") {
  std::vector<float> in;
  for (uint32_t upper = 0; upper < 0x10000; upper += 3) {
    for (const uint32_t lower : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      in.push_back(std::bit_cast<float>(upper << 16 | lower));
    }
  }
  for (const KernelTable* table : AvailableKernels()) {
    for (const size_t n : {in.size(), size_t{1}, size_t{15}, size_t{17}}) {
      const std::vector<float> part(in.end() - static_cast<std::ptrdiff_t>(n), in.end());
      std::vector<bf16> out(n);
      table->to_bf16(part.data(), static_cast<int64_t>(n), out.data());
      const auto same = [](float value, bf16 rounded) { return ToBf16(value).bits == rounded.bits; };
      CHECK(std::equal(part.begin(), part.end(), out.begin(), same));
    }
  }
}

struct Product {
  Product(const KernelTable& kernels, DType input, DType output, int64_t rows, int64_t outputs, int64_t inputs, RandomStream& random)
      : table(kernels),
        m(rows),
        n(outputs),
        k(inputs),
        x(Values::Normal(input, rows * inputs, random)),
        weight(Values::Normal(input, outputs * inputs, random)),
        residual(Values::Normal(output, rows * outputs, random)),
        packed(MakePackedMatrix(kernels, input, outputs, inputs)) {
    table.pack(weight.data(), 0, n, packed);
  }

  Values Multiply(bool with_residual) {
    Values y(residual.type(), m * n);
    table.gemm(x.data(), k, m, packed, 0, n, with_residual ? residual.data() : nullptr, y.data(), n, y.type());
    return y;
  }

  const KernelTable& table;
  int64_t m, n, k;
  Values x, weight, residual;
  PackedMatrix packed;
};

// Largest error in units of what is allowed: K roundings of a chain of sums relative to the sum of magnitudes, and one rounding of the
// output.
double WorstProductError(Product& product, const Values& y, bool with_residual) {
  double worst = 0;
  for (int64_t row = 0; row < product.m; ++row) {
    for (int64_t column = 0; column < product.n; ++column) {
      double sum = with_residual ? product.residual[row * product.n + column] : 0;
      double magnitude = std::abs(sum);
      for (int64_t i = 0; i < product.k; ++i) {
        const double term = product.x[row * product.k + i] * product.weight[column * product.k + i];
        sum += term;
        magnitude += std::abs(term);
      }
      const double allowed = static_cast<double>(product.k + 2) * std::ldexp(1, -24) * magnitude + RoundingError(y.type()) * std::abs(sum);
      const double error = std::abs(y[row * product.n + column] - sum) / allowed;
      worst = error <= worst ? worst : error;
    }
  }
  return worst;
}

TEST_CASE("products agree with double precision for odd sizes, both types, with and without residual", "[gemm]") {
  struct Size {
    int64_t m, n, k;
  };
  const Size sizes[] = {{1, 1, 1},   {2, 16, 3},   {3, 63, 7},    {7, 64, 64},  {8, 65, 33}, {9, 100, 17},
                        {31, 48, 5}, {64, 130, 9}, {5, 192, 576}, {13, 257, 2}, {0, 64, 8}};
  RandomStream random = TestRandom();
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (const Size& size : sizes) {
      for (const DType out : {DType::kFloat, DType::kBf16}) {
        for (const bool with_residual : {false, true}) {
          Product product(table, type, out, size.m, size.n, size.k, random);
          const Values y = product.Multiply(with_residual);
          INFO(Name(table, type) << " M " << size.m << " N " << size.n << " K " << size.k << " residual " << with_residual);
          CHECK(WorstProductError(product, y, with_residual) <= 1);
        }
      }
    }
  });
}

TEST_CASE("a row of a product has the same bits whatever the batch, the strides and the split of columns", "[gemm]") {
  RandomStream random = TestRandom(1);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (int round = 0; round < 30; ++round) {
      const int64_t n = random.Between(1, 4 * table.panel);
      const int64_t k = random.Between(1, 70);
      const DType out = random.Below(2) == 0 ? DType::kFloat : DType::kBf16;
      Product alone(table, type, out, 1, n, k, random);
      const Values expected = alone.Multiply(true);

      // The same row somewhere in a batch with padding between rows, columns in two calls.
      const int64_t m = random.Between(1, 40);
      const int64_t row = random.Between(0, m - 1);
      const int64_t ldx = k + random.Between(0, 5);
      const int64_t ldy = n + random.Between(0, 5);
      const int64_t split = std::min(n, random.Between(0, 4) * table.panel);
      Values x = Values::Normal(type, (m - 1) * ldx + k, random);
      Values residual = Values::Normal(out, (m - 1) * ldy + n, random);
      Values y(out, residual.size());
      std::memcpy(x.At(row * ldx), alone.x.data(), static_cast<size_t>(k * SizeOf(type)));
      std::memcpy(residual.At(row * ldy), alone.residual.data(), static_cast<size_t>(n * SizeOf(out)));
      table.gemm(x.data(), ldx, m, alone.packed, split, n, residual.data(), y.data(), ldy, out);
      table.gemm(x.data(), ldx, m, alone.packed, 0, split, residual.data(), y.data(), ldy, out);
      INFO(Name(table, type) << " M " << m << " row " << row << " N " << n << " K " << k << " split " << split);
      Values want = expected;
      CHECK(std::memcmp(y.At(row * ldy), want.data(), static_cast<size_t>(n * SizeOf(out))) == 0);
    }
  });
}

TEST_CASE("a product touches only its own columns", "[gemm]") {
  RandomStream random = TestRandom(2);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    const int64_t n = 3 * table.panel - 5;
    const int64_t ldy = n + 3;
    Product product(table, type, DType::kFloat, 7, n, 11, random);
    std::vector<float> y(static_cast<size_t>(7 * ldy), -77.0f);
    table.gemm(product.x.data(), 11, 7, product.packed, table.panel, n, nullptr, y.data(), ldy, DType::kFloat);
    for (int64_t i = 0; i < 7 * ldy; ++i) {
      const bool is_written = i % ldy >= table.panel && i % ldy < n;
      CHECK((y[static_cast<size_t>(i)] != -77.0f) == is_written);
    }
  });
}

TEST_CASE("the residual may be the output itself", "[gemm]") {
  RandomStream random = TestRandom(5);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    Product product(table, type, type, 9, table.panel + 7, 12, random);
    const std::vector<double> want = product.Multiply(true).Doubles();
    Values& y = product.residual;
    table.gemm(product.x.data(), 12, 9, product.packed, 0, product.n, y.data(), y.data(), product.n, type);
    CHECK(y.Doubles() == want);
  });
}

TEST_CASE("packing in parts gives what packing at once gives, and packing again replaces it", "[gemm]") {
  RandomStream random = TestRandom(3);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    const int64_t n = 2 * table.panel + 9;
    Product product(table, type, DType::kFloat, 1, n, 13, random);
    PackedMatrix parts = MakePackedMatrix(table, type, n, 13);
    Values other = Values::Normal(type, n * 13, random);
    table.pack(other.data(), 0, n, parts);
    CHECK(std::memcmp(parts.data.data(), product.packed.data.data(), parts.data.size()) != 0);
    table.pack(product.weight.data(), 2 * table.panel, n, parts);
    table.pack(product.weight.data(), 0, 2 * table.panel, parts);
    CHECK(std::memcmp(parts.data.data(), product.packed.data.data(), parts.data.size()) == 0);
  });
}

TEST_CASE("products keep infinities and NaN", "[gemm]") {
  RandomStream random = TestRandom(4);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    Product product(table, type, DType::kFloat, 3, 5, 4, random);
    product.x.Set(4, std::numeric_limits<double>::quiet_NaN());
    product.x.Set(8, std::numeric_limits<double>::infinity());
    const Values y = product.Multiply(false);
    for (int64_t column = 0; column < 5; ++column) {
      CHECK(std::isfinite(y[column]));
      CHECK(std::isnan(y[5 + column]));
      CHECK(std::isinf(y[10 + column]));
    }
  });
}

}  // namespace
}  // namespace cupel::kernels
