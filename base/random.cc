#include "base/random.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "base/check.h"

namespace cupel {
namespace {

// Multipliers and key increments of Philox 4x32 (Salmon et al. 2011, table 2 and section 4.3).
constexpr uint64_t kMultiplier0 = 0xD2511F53;
constexpr uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

uint32_t High(uint64_t product) { return static_cast<uint32_t>(product >> 32); }
uint32_t Low(uint64_t product) { return static_cast<uint32_t>(product); }

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 2> key, std::array<uint32_t, 4> counter) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {High(product1) ^ counter[1] ^ key[0], Low(product1), High(product0) ^ counter[3] ^ key[1], Low(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

std::array<uint32_t, 2> RandomKey(uint64_t seed, RandomPurpose purpose) {
  const std::array<uint32_t, 4> block = Philox4x32({Low(seed), High(seed)}, {static_cast<uint32_t>(purpose), 0, 0, 0});
  return {block[0], block[1]};
}

double UniformFromWords(uint32_t high, uint32_t low) {
  const uint64_t bits = (uint64_t{high} << 32 | low) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

RandomStream::RandomStream(uint64_t seed, RandomPurpose purpose, uint32_t a, uint32_t b, uint32_t c)
    : key_(RandomKey(seed, purpose)), counter_{0, a, b, c} {}

uint32_t RandomStream::Next() {
  if (used_ == 4) {
    Check(counter_[0] != std::numeric_limits<uint32_t>::max(), "a random stream gives 2^34 words at most");
    block_ = Philox4x32(key_, counter_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[static_cast<size_t>(used_++)];
}

double RandomStream::Uniform() {
  const uint32_t high = Next();
  const uint32_t low = Next();
  return UniformFromWords(high, low);
}

double RandomStream::Normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-Uniform()));  // 1 - u is in (0, 1], where the logarithm is finite
  const double angle = 2.0 * std::numbers::pi * Uniform();
  return radius * std::cos(angle);
}

uint64_t RandomStream::Below(uint64_t bound) {
  Check(bound >= 1, "Below needs a bound of at least 1");
  // Values from the incomplete last run of `bound` numbers below 2^64 would favour small results; 2^64 mod bound of them are rejected.
  const uint64_t rejected = (0 - bound) % bound;
  while (true) {
    const uint64_t high = Next();
    const uint64_t value = high << 32 | Next();
    if (value >= rejected) {
      return value % bound;
    }
  }
}

int64_t RandomStream::Between(int64_t low, int64_t high) {
  Check(low <= high, "Between needs low <= high");
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  if (span == std::numeric_limits<uint64_t>::max()) {
    const uint64_t word = Next();
    return static_cast<int64_t>(word << 32 | Next());
  }
  return static_cast<int64_t>(static_cast<uint64_t>(low) + Below(span + 1));
}

}  // namespace cupel
