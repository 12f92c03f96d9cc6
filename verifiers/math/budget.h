#pragma once

#include <cstdint>

namespace cupel::math {

// What bounds the work on one pair. Counts only, no clock: the same pair stops at the same place on every machine.
struct Limits {
  int64_t steps = 100'000;     // one per token, node visit, sample point and block of limbs
  int64_t max_bytes = 65'536;  // of one answer
  int max_tokens = 8'192;      // of one answer
  int max_nodes = 16'384;      // of both answers together, with what rewriting adds
  int max_depth = 96;          // of expressions inside each other
  int64_t max_bits = 65'536;   // of an exact integer
  int max_precision = 4'096;   // of a ball, in bits
};

// Counts down the limits. Whoever loops spends; a refusal ends the work and the verdict is undecided.
class Budget {
 public:
  Budget() = default;
  explicit Budget(const Limits& limits) : limits_(limits) {}

  bool Spend(int64_t steps) {
    used_ += steps;
    return used_ <= limits_.steps;
  }
  bool is_spent() const { return used_ > limits_.steps; }
  int64_t used() const { return used_; }
  const Limits& limits() const { return limits_; }

 private:
  Limits limits_;
  int64_t used_ = 0;
};

}  // namespace cupel::math
