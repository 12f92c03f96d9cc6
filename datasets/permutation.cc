#include "datasets/permutation.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/random.h"

namespace cupel {
namespace {

constexpr uint32_t kRounds = 8;

struct Feistel {
  std::array<uint32_t, 2> key;
  uint64_t tweak;
  int half_bits;  // 1 .. 32

  uint64_t Encrypt(uint64_t value) const {
    const uint64_t mask = (uint64_t{1} << half_bits) - 1;
    uint64_t left = value >> half_bits;
    uint64_t right = value & mask;
    for (uint32_t round = 0; round < kRounds; ++round) {
      const uint64_t next = left ^ (Round(round, static_cast<uint32_t>(right)) & mask);
      left = right;
      right = next;
    }
    return (left << half_bits) | right;
  }

  uint32_t Round(uint32_t round, uint32_t half) const {
    return Philox4x32(key, {half, round, static_cast<uint32_t>(tweak), static_cast<uint32_t>(tweak >> 32)})[0];
  }
};

}  // namespace

int64_t PermutedIndex(int64_t size, std::array<uint32_t, 2> key, uint64_t tweak, int64_t index) {
  Check(0 <= index && index < size, "index inside the permuted range");
  const int bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(size - 1)));
  const Feistel feistel{key, tweak, std::max(1, (bits + 1) / 2)};
  uint64_t value = static_cast<uint64_t>(index);
  do {  // Ends: the cycle through `index` returns to it at the latest. Fewer than four turns on average.
    value = feistel.Encrypt(value);
  } while (value >= static_cast<uint64_t>(size));
  return static_cast<int64_t>(value);
}

}  // namespace cupel
