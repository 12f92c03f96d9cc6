#pragma once

#include <array>
#include <cstdint>

namespace cupel {

// Where `index` stands in a pseudo-random order of 0 .. size-1: for a fixed (key, tweak) the map is a bijection, computed without memory,
// so an order of 2^62 tasks costs as much as an order of ten. Different tweaks of one key give unrelated orders. 0 <= index < size.
//
// A balanced Feistel network of eight rounds over the smallest 2^(2k) >= size, round function Philox 4x32-10, with cycle walking: results
// outside the range are fed back until one falls inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
int64_t PermutedIndex(int64_t size, std::array<uint32_t, 2> key, uint64_t tweak, int64_t index);

}  // namespace cupel
