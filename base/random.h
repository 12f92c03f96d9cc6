#pragma once

#include <array>
#include <cstdint>

// Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A draw
// is a pure function of its coordinates, so workers hold no random state, and neither batch composition, thread count nor a restart can
// change it.

namespace cupel {

// The ten-round Philox block function. Known answers are in tests/base/random_test.cc.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 2> key, std::array<uint32_t, 4> counter);

// What a stream is for. Streams of one seed with different purposes are independent; values are stored nowhere but must never be
// reused for another purpose, because that would change runs made earlier.
enum class RandomPurpose : uint32_t {
  kTaskContent = 1,  // what the i-th task of a generator says
  kTaskOrder = 2,    // which tasks a training step draws
  kSampling = 3,     // tokens of training rollouts: counter = (step, prompt, sample, position)
  kEvaluation = 4,   // tokens of evaluations, same counters
  kWeights = 5,      // initial weights of the tiny model
  kMinibatch = 6,    // order of groups inside an update
  kSamplePoint = 7,  // where two expressions are compared numerically
  kAdapters = 8,     // initial low-rank adapters
};

// The key of (seed, purpose): the first two words of a Philox block keyed by the seed, so that nearby seeds give unrelated streams.
std::array<uint32_t, 2> RandomKey(uint64_t seed, RandomPurpose purpose);

// Uniform in [0, 1) with 53 random bits taken from two words.
double UniformFromWords(uint32_t high, uint32_t low);

// A sequence of draws at coordinates (a, b, c) of a (seed, purpose) stream; the fourth counter word counts blocks. Value type, 48 bytes.
class RandomStream {
 public:
  RandomStream(uint64_t seed, RandomPurpose purpose, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0);

  uint32_t Next();
  double Uniform();                            // [0, 1)
  double Normal();                             // mean 0, variance 1 (Box-Muller; uses two uniforms per draw)
  uint64_t Below(uint64_t bound);              // uniform in [0, bound), unbiased (rejection); bound >= 1
  int64_t Between(int64_t low, int64_t high);  // uniform in [low, high], both included; low <= high

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;  // {block, a, b, c}
  std::array<uint32_t, 4> block_{};
  int used_ = 4;  // words of block_ already handed out
};

}  // namespace cupel
