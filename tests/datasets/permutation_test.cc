// Random orders without memory. Run alone: build/release/tests/datasets_test "[permutation]"

#include "datasets/permutation.h"

#include <algorithm>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

std::vector<int64_t> Order(int64_t size, std::array<uint32_t, 2> key, uint64_t tweak) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < size; ++i) {
    order.push_back(PermutedIndex(size, key, tweak, i));
  }
  return order;
}

TEST_CASE("every index appears once, whatever the size", "[permutation]") {
  for (int64_t size = 1; size <= 300; ++size) {
    std::vector<int64_t> order = Order(size, {1, 2}, 3);
    std::ranges::sort(order);
    for (int64_t i = 0; i < size; ++i) {
      REQUIRE(order[static_cast<size_t>(i)] == i);
    }
  }
}

TEST_CASE("sizes up to 2^62 stay inside their range", "[permutation]") {
  for (const int64_t size : {(int64_t{1} << 31) + 1, (int64_t{1} << 32) + 5, (int64_t{1} << 61) + 1, int64_t{1} << 62}) {
    std::set<int64_t> seen;
    for (int64_t i = 0; i < 100; ++i) {
      const int64_t image = PermutedIndex(size, {1, 2}, 0, size - 1 - i);
      CHECK((0 <= image && image < size));
      seen.insert(image);
    }
    CHECK(seen.size() == 100);
  }
}

TEST_CASE("keys and tweaks give unrelated orders", "[permutation]") {
  const std::vector<int64_t> order = Order(1000, {1, 2}, 0);
  CHECK(order != Order(1000, {1, 3}, 0));
  CHECK(order != Order(1000, {2, 2}, 0));
  CHECK(order != Order(1000, {1, 2}, 1));
  CHECK(order != Order(1000, {1, 2}, uint64_t{1} << 32));
  CHECK(order == Order(1000, {1, 2}, 0));
}

// Over many tweaks, each of 10 x 10 (index, image) pairs is equally likely. Chi-square with 81 degrees of freedom exceeds 127 with
// probability 1e-3.
TEST_CASE("each index is equally likely to land anywhere", "[permutation]") {
  constexpr int64_t kSize = 10;
  constexpr uint64_t kTweaks = 10'000;
  std::vector<double> counts(kSize * kSize, 0.0);
  for (uint64_t tweak = 0; tweak < kTweaks; ++tweak) {
    for (int64_t i = 0; i < kSize; ++i) {
      counts[static_cast<size_t>(i * kSize + PermutedIndex(kSize, {7, 11}, tweak, i))] += 1;
    }
  }
  const double expected = static_cast<double>(kTweaks) / kSize;
  double chi_square = 0;
  for (const double count : counts) {
    chi_square += (count - expected) * (count - expected) / expected;
  }
  CHECK(chi_square < 127);
}

}  // namespace
}  // namespace cupel
