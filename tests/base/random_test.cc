// Covers base/random.h. Alone: build/release/tests/base_test "[random]"

#include "base/random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"

namespace cupel {
namespace {

using Block = std::array<uint32_t, 4>;

template <size_t size>
std::array<uint32_t, size> Words(const Json& list) {
  std::array<uint32_t, size> words{};
  for (size_t i = 0; i < size; ++i) {
    words[i] = list.at(i).get<uint32_t>();
  }
  return words;
}

TEST_CASE("Philox gives the known answers of Random123", "[random]") {
  CHECK(Philox4x32({0, 0}, {0, 0, 0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr uint32_t kOnes = 0xffffffff;
  CHECK(Philox4x32({kOnes, kOnes}, {kOnes, kOnes, kOnes, kOnes}) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Philox4x32({0xa4093822, 0x299f31d0}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("Philox agrees with randomgen", "[random]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/random/philox.jsonl").value();
  while (const std::optional<std::string_view> line = reader.Next().value()) {
    const Json golden = ParseJson(*line, "philox.jsonl").value();
    CHECK(Philox4x32(Words<2>(golden["key"]), Words<4>(golden["counter"])) == Words<4>(golden["block"]));
  }
  CHECK(reader.line_number() == 64);
}

// Runs made earlier must stay reproducible: these values may never change.
TEST_CASE("streams are pinned", "[random]") {
  const Block key_block = Philox4x32({0xdeadbeef, 1}, {3, 0, 0, 0});
  CHECK(RandomKey(0x1deadbeef, RandomPurpose::kSampling) == std::array<uint32_t, 2>{key_block[0], key_block[1]});
  RandomStream stream(7, RandomPurpose::kTaskContent, 1, 2, 3);
  const std::array<uint32_t, 2> key = RandomKey(7, RandomPurpose::kTaskContent);
  for (uint32_t block = 0; block < 3; ++block) {
    for (const uint32_t word : Philox4x32(key, {block, 1, 2, 3})) {
      CHECK(stream.Next() == word);
    }
  }
}

TEST_CASE("a stream is a function of its seed, purpose and coordinates", "[random]") {
  const auto first = [](uint64_t seed, RandomPurpose purpose, uint32_t a, uint32_t b, uint32_t c) {
    RandomStream stream(seed, purpose, a, b, c);
    const uint64_t high = stream.Next();
    return high << 32 | stream.Next();
  };
  const uint64_t value = first(1, RandomPurpose::kSampling, 2, 3, 4);
  CHECK(value == first(1, RandomPurpose::kSampling, 2, 3, 4));
  const std::set<uint64_t> values = {value,
                                     first(2, RandomPurpose::kSampling, 2, 3, 4),
                                     first(uint64_t{1} << 32, RandomPurpose::kSampling, 2, 3, 4),
                                     first(1, RandomPurpose::kEvaluation, 2, 3, 4),
                                     first(1, RandomPurpose::kSampling, 3, 3, 4),
                                     first(1, RandomPurpose::kSampling, 2, 4, 4),
                                     first(1, RandomPurpose::kSampling, 2, 3, 5)};
  CHECK(values.size() == 7);
}

TEST_CASE("uniform numbers lie in [0, 1) with 53 bits", "[random]") {
  CHECK(UniformFromWords(0, 0) == 0.0);
  CHECK(UniformFromWords(0, 1u << 11) == 0x1p-53);
  CHECK(UniformFromWords(0, (1u << 11) - 1) == 0.0);
  CHECK(UniformFromWords(0x80000000, 0) == 0.5);
  const double largest = UniformFromWords(0xffffffff, 0xffffffff);
  CHECK(largest == 1.0 - 0x1p-53);
  CHECK(largest < 1.0);
}

TEST_CASE("uniform and normal draws have the moments they should", "[random]") {
  constexpr int kDraws = 200'000;
  RandomStream stream(11, RandomPurpose::kWeights);
  double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0, normal_fourths = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double uniform = stream.Uniform();
    sum += uniform;
    squares += uniform * uniform;
    const double normal = stream.Normal();
    normal_sum += normal;
    normal_squares += normal * normal;
    normal_fourths += normal * normal * normal * normal;
  }
  // Five standard errors of each mean.
  const double root = std::sqrt(static_cast<double>(kDraws));
  CHECK(std::abs(sum / kDraws - 0.5) < 5 * std::sqrt(1.0 / 12) / root);
  CHECK(std::abs(squares / kDraws - 1.0 / 3) < 5 * std::sqrt(4.0 / 45) / root);
  CHECK(std::abs(normal_sum / kDraws) < 5 / root);
  CHECK(std::abs(normal_squares / kDraws - 1) < 5 * std::sqrt(2.0) / root);
  CHECK(std::abs(normal_fourths / kDraws - 3) < 5 * std::sqrt(96.0) / root);
}

TEST_CASE("Below is uniform, also for bounds that do not divide the range", "[random]") {
  constexpr uint64_t kBound = 6;
  constexpr int kDraws = 60'000;
  RandomStream stream(5, RandomPurpose::kTaskOrder);
  std::array<int, kBound> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const uint64_t value = stream.Below(kBound);
    REQUIRE(value < kBound);
    ++counts[value];
  }
  double chi_squared = 0;
  for (const int count : counts) {
    const double expected = static_cast<double>(kDraws) / kBound;
    chi_squared += (count - expected) * (count - expected) / expected;
  }
  CHECK(chi_squared < 25.7);  // 5 degrees of freedom, probability 1e-4
}

TEST_CASE("Below stays unbiased near the end of the range", "[random]") {
  // Without rejection, half of all draws of this bound would be below 2^62; with it, a third.
  constexpr uint64_t kBound = 3 * (uint64_t{1} << 62);
  RandomStream stream(5, RandomPurpose::kTaskOrder);
  int low = 0;
  for (int i = 0; i < 30'000; ++i) {
    low += stream.Below(kBound) < (uint64_t{1} << 62) ? 1 : 0;
  }
  CHECK(std::abs(low - 10'000) < 5 * 82);
}

TEST_CASE("the smallest and largest bounds work", "[random]") {
  RandomStream stream(5, RandomPurpose::kTaskOrder);
  CHECK(stream.Below(1) == 0);
  stream.Below(std::numeric_limits<uint64_t>::max());
  CHECK(stream.Between(-3, -3) == -3);
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    seen.insert(stream.Between(-2, 2));
  }
  CHECK(seen == std::set<int64_t>{-2, -1, 0, 1, 2});
  bool any_negative = false, any_positive = false;
  for (int i = 0; i < 64; ++i) {
    const int64_t value = stream.Between(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
    any_negative |= value < 0;
    any_positive |= value > 0;
  }
  CHECK(any_negative);
  CHECK(any_positive);
  const int64_t extreme = stream.Between(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max() - 1);
  CHECK(extreme < std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace cupel
