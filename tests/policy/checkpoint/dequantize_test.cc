// Covers policy/checkpoint/{dequantize,float_formats}.h against gguf 0.19.0. Alone: build/release/tests/policy_api_test "[dequantize]"

#include "policy/checkpoint/dequantize.h"

#include <bit>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "policy/checkpoint/float_formats.h"
#include "tests/policy/golden.h"

namespace cupel {
namespace {

TEST_CASE("every quantisation type gives the reference's floats bit by bit", "[dequantize]") {
  std::set<std::string> seen;
  for (const Json& entry : ReadGoldenJson("gguf/dequant.json")) {
    INFO(entry["type"].get<std::string>());
    const GgmlType* type = FindGgmlType(entry["ggml_type"].get<uint32_t>());
    REQUIRE(type != nullptr);
    CHECK(type->name == entry["type"].get<std::string>());
    CHECK(type->block_elements == entry["block_elements"].get<int64_t>());
    CHECK(type->block_bytes == entry["block_bytes"].get<int64_t>());
    const std::string blocks = FromHex(entry["data"].get<std::string>());
    const std::vector<float> expected = FloatsFromHex(entry["values"].get<std::string>());
    const auto num_blocks = entry["blocks"].get<int64_t>();
    REQUIRE(blocks.size() == static_cast<size_t>(num_blocks * type->block_bytes));
    std::vector<float> values(expected.size());
    type->to_float(reinterpret_cast<const uint8_t*>(blocks.data()), num_blocks, values.data());
    int differing = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      // The sign of a zero may differ: the reference has (q - 8) * d where d = 0 in either order.
      differing += values[i] == expected[i] ? 0 : 1;
    }
    CHECK(differing == 0);
    seen.emplace(type->name);
  }
  CHECK(seen.size() == 14);
}

TEST_CASE("all halfs convert to the float of the same value", "[dequantize]") {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = HalfToFloat(static_cast<uint16_t>(bits));
    const int exponent = static_cast<int>((bits >> 10) & 31);
    const double mantissa = bits & 1023;
    const double sign = (bits & 0x8000) != 0 ? -1 : 1;
    if (exponent == 31) {
      CHECK(((mantissa == 0) ? std::isinf(value) : std::isnan(value)));
      continue;
    }
    const double expected = sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
    if (double{value} != expected || std::signbit(value) != std::signbit(sign)) FAIL("half " << bits);
  }
  CHECK(Bf16ToFloat(0x3F80) == 1.0f);
  CHECK(Bf16ToFloat(0xC000) == -2.0f);
}

TEST_CASE("types without a converter have a name for messages", "[dequantize]") {
  CHECK(FindGgmlType(16) == nullptr);
  CHECK(GgmlTypeName(16) == "IQ2_XXS");
  CHECK(GgmlTypeName(4) == "type 4");
  CHECK(GgmlTypeName(3) == "Q4_1");
  CHECK(GgmlTypeNames().starts_with("F32, F16, Q4_0"));
}

}  // namespace
}  // namespace cupel
