#include "datasets/procedural/item_random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <absl/container/flat_hash_set.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace cupel {
namespace {

constexpr uint32_t kProcedural = 0x70726F63;  // third counter word: apart from the other users of kTaskContent

// The 32-bit words of a big-endian number, least significant first, as CPython hands them to init_by_array.
std::vector<uint32_t> WordsOf(std::span<const uint8_t> big_endian) {
  std::vector<uint32_t> words((big_endian.size() + 3) / 4);
  for (size_t i = 0; i < big_endian.size(); ++i) {
    words[i / 4] |= static_cast<uint32_t>(big_endian[big_endian.size() - 1 - i]) << (8 * (i % 4));
  }
  while (words.size() > 1 && words.back() == 0) {
    words.pop_back();
  }
  return words;
}

}  // namespace

ItemRandom ItemRandom::Python(uint64_t seed) {
  ItemRandom random;
  const std::array<uint32_t, 2> words = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  random.SeedByArray(std::span(words).first(words[1] != 0 ? 2 : 1));
  return random;
}

ItemRandom ItemRandom::PythonText(std::string_view seed) {
  std::vector<uint8_t> bytes(seed.begin(), seed.end());
  std::array<uint8_t, 64> digest{};
  Check(EVP_Digest(seed.data(), seed.size(), digest.data(), nullptr, EVP_sha512(), nullptr) == 1, "SHA-512 of a short text");
  bytes.insert(bytes.end(), digest.begin(), digest.end());
  ItemRandom random;
  random.SeedByArray(WordsOf(bytes));
  return random;
}

ItemRandom ItemRandom::Counter(uint64_t seed, uint64_t index, uint32_t tag) {
  ItemRandom random;
  random.stream_ =
      RandomStream(seed, RandomPurpose::kTaskContent, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32) ^ tag, kProcedural);
  return random;
}

// init_by_array of the reference implementation of MT19937 (Matsumoto and Nishimura, 2002).
void ItemRandom::SeedByArray(std::span<const uint32_t> key) {
  is_python_ = true;
  state_[0] = 19650218;
  for (uint32_t i = 1; i < kWords; ++i) {
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  }
  size_t i = 1;
  size_t j = 0;
  const auto next = [&] {
    if (++i >= kWords) {
      state_[0] = state_[kWords - 1];
      i = 1;
    }
  };
  for (size_t k = std::max<size_t>(kWords, key.size()); k > 0; --k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1664525U)) + key[j] + static_cast<uint32_t>(j);
    j = j + 1 < key.size() ? j + 1 : 0;
    next();
  }
  for (int k = kWords - 1; k > 0; --k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1566083941U)) - static_cast<uint32_t>(i);
    next();
  }
  state_[0] = 0x80000000U;
  used_ = kWords;
}

void ItemRandom::Twist() {
  constexpr int kShift = 397;
  const auto mix = [](uint32_t high, uint32_t low, uint32_t far) {
    const uint32_t y = (high & 0x80000000U) | (low & 0x7FFFFFFFU);
    return far ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908B0DFU : 0);
  };
  for (size_t i = 0; i < kWords; ++i) {
    state_[i] = mix(state_[i], state_[(i + 1) % kWords], state_[(i + kShift) % kWords]);
  }
  used_ = 0;
}

uint32_t ItemRandom::Word() {
  if (!is_python_) {
    return stream_.Next();
  }
  if (used_ == kWords) {
    Twist();
  }
  uint32_t y = state_[static_cast<size_t>(used_++)];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9D2C5680U;
  y ^= (y << 15) & 0xEFC60000U;
  return y ^ (y >> 18);
}

double ItemRandom::Random() {
  const uint32_t a = Word() >> 5;
  const uint32_t b = Word() >> 6;
  return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0);
}

uint64_t ItemRandom::Bits(int count) {
  if (count <= 32) {
    return Word() >> (32 - count);
  }
  const uint64_t low = Word();
  return low | (static_cast<uint64_t>(Word() >> (64 - count)) << 32);
}

uint64_t ItemRandom::Below(uint64_t bound) {
  Check(bound >= 1, "a draw needs at least one possibility");
  const auto count = static_cast<int>(std::bit_width(bound));
  uint64_t value = Bits(count);
  while (value >= bound) {
    value = Bits(count);
  }
  return value;
}

int64_t ItemRandom::Int(int64_t low, int64_t high) {
  Check(low <= high, "a range of integers is not empty");
  return static_cast<int64_t>(static_cast<uint64_t>(low) + Below(static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1));
}

size_t ItemRandom::WeightedIndex(std::span<const double> weights) {
  double total = 0;
  for (const double weight : weights) {
    total += weight;
  }
  const double point = Random() * total;
  double sum = 0;
  for (size_t i = 0; i + 1 < weights.size(); ++i) {
    sum += weights[i];
    if (point < sum) {
      return i;
    }
  }
  return weights.size() - 1;
}

size_t ItemRandom::UniformIndex(size_t size) { return static_cast<size_t>(std::floor(Random() * static_cast<double>(size))); }

std::vector<size_t> ItemRandom::Sample(size_t population, size_t k) {
  Check(k <= population, "a sample is no larger than its population");
  double set_size = 21;
  if (k > 5) {
    set_size += std::pow(4, std::ceil(std::log(static_cast<double>(3 * k)) / std::log(4.0)));
  }
  std::vector<size_t> result(k);
  if (static_cast<double>(population) <= set_size) {
    std::vector<size_t> pool(population);
    for (size_t i = 0; i < population; ++i) {
      pool[i] = i;
    }
    for (size_t i = 0; i < k; ++i) {
      const size_t j = Below(population - i);
      result[i] = pool[j];
      pool[j] = pool[population - i - 1];
    }
    return result;
  }
  absl::flat_hash_set<size_t> selected;
  for (size_t& value : result) {
    value = Below(population);
    while (!selected.insert(value).second) {
      value = Below(population);
    }
  }
  return result;
}

}  // namespace cupel
