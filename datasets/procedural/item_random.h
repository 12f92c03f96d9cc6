#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"

namespace cupel {

// What a generator of problems draws from. The methods are those of Python's random.Random (3.11) and consume its words in the same order,
// over one of two sources of 32-bit words:
//
//   Python(seed)            MT19937 as random.Random(seed) seeds it, for items that are equal to reasoning-gym's byte for byte
//   Counter(seed, i, tag)   our counter-based generator at the coordinates of item i, for all others
//
// Value type; not for several threads at once.
class ItemRandom {
 public:
  static ItemRandom Python(uint64_t seed);              // seed: the absolute value of Python's integer
  static ItemRandom PythonText(std::string_view seed);  // random.Random("text")
  static ItemRandom Counter(uint64_t seed, uint64_t index, uint32_t tag);

  uint32_t Word();                         // the next 32 bits
  double Random();                         // random(): [0, 1) with 53 bits
  uint64_t Bits(int count);                // getrandbits(count), 1 <= count <= 64
  uint64_t Below(uint64_t bound);          // _randbelow(bound), bound >= 1
  int64_t Int(int64_t low, int64_t high);  // randint(low, high), both included; low <= high
  bool Chance(double probability) { return Random() < probability; }
  double Uniform(double low, double high) { return low + (high - low) * Random(); }
  size_t WeightedIndex(std::span<const double> weights);    // choices(range(n), weights)[0]
  size_t UniformIndex(size_t size);                         // choices(range(n))[0]
  std::vector<size_t> Sample(size_t population, size_t k);  // sample(range(population), k)

  template <class Sequence>
  auto& Choice(Sequence& sequence) {  // choice(sequence)
    return sequence[Below(std::size(sequence))];
  }
  template <class T>
  void Shuffle(std::vector<T>& values) {  // shuffle(values)
    for (size_t i = values.size(); i-- > 1;) {
      std::swap(values[i], values[Below(i + 1)]);
    }
  }
  template <class T>
  std::vector<T> SampleOf(const std::vector<T>& values, size_t k) {  // sample(values, k)
    std::vector<T> result;
    for (const size_t i : Sample(values.size(), k)) {
      result.push_back(values[i]);
    }
    return result;
  }

 private:
  static constexpr int kWords = 624;

  ItemRandom() : stream_(0, RandomPurpose::kTaskContent) {}
  void SeedByArray(std::span<const uint32_t> key);
  void Twist();

  bool is_python_ = false;
  int used_ = kWords;  // words of state_ already handed out
  std::array<uint32_t, kWords> state_;
  RandomStream stream_;
};

}  // namespace cupel
