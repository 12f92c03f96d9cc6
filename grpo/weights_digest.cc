#include "grpo/weights_digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <ATen/Parallel.h>

#include "base/sha256.h"

namespace cupel {
namespace {

constexpr int64_t kBlock = 1 << 16;  // elements per unit of parallel work; part of what the digest is
constexpr size_t kLanes = 4;
constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;  // odd, so that multiplication is a permutation

// Independent chains of x <- rotate((x xor word) * multiplier): each is a permutation for given words, so a change of one word cannot be
// lost.
uint64_t HashBlock(const float* values, int64_t count) {
  std::array<uint64_t, kLanes> lanes = {1, 2, 3, 4};
  constexpr int64_t kStride = 2 * int64_t{kLanes};  // floats
  int64_t i = 0;
  for (; i + kStride <= count; i += kStride) {
    std::array<uint64_t, kLanes> words;
    std::memcpy(words.data(), values + i, sizeof(words));
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = std::rotl((lanes[lane] ^ words[lane]) * kMultiplier, 29);
    }
  }
  uint64_t hash = static_cast<uint64_t>(count);
  for (; i < count; ++i) {
    hash = std::rotl((hash ^ std::bit_cast<uint32_t>(values[i])) * kMultiplier, 29);
  }
  for (const uint64_t lane : lanes) {
    hash = std::rotl((hash ^ lane) * kMultiplier, 29);
  }
  return hash;
}

}  // namespace

std::string WeightsDigest(const Policy& policy) {
  Sha256 digest;
  for (const Parameter* parameter : AllParameters(const_cast<Policy&>(policy).weights())) {
    const auto* values = parameter->master.const_data_ptr<float>();
    const int64_t count = parameter->master.numel();
    const int64_t num_blocks = (count + kBlock - 1) / kBlock;
    std::vector<uint64_t> hashes(static_cast<size_t>(num_blocks));
    at::parallel_for(0, num_blocks, 4, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        hashes[static_cast<size_t>(block)] = HashBlock(values + block * kBlock, std::min(kBlock, count - block * kBlock));
      }
    });
    digest.Update(parameter->name);
    digest.Update(std::as_bytes(std::span(hashes)));
  }
  return digest.Hex();
}

}  // namespace cupel
