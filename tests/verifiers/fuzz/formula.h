#pragma once

#include <cstdint>
#include <string>
#include <vector>

// Formulas out of fuzzer's bytes: mutated text hardly ever parses, mutated bytes of a formula always do. One formula has many spellings,
// which have to be equal.

namespace cupel::fuzz {

// A source of small choices; zeros once the bytes are used up.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint8_t Next() { return position_ < size_ ? data_[position_++] : 0; }
  size_t left() const { return size_ - position_; }
  std::string Rest() const { return {reinterpret_cast<const char*>(data_) + position_, left()}; }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t position_ = 0;
};

struct Formula {
  int shape = 0;  // an index into the table of shapes in formula.cc
  int64_t number = 0;
  std::vector<Formula> parts;
};

// A number or a function of x and n with at most some twenty parts.
Formula ReadScalar(Bytes& bytes, int depth = 3);

// A tuple, set, list, interval, matrix, equation, inequality of scalars, or one of them.
Formula ReadAnswer(Bytes& bytes);

// LaTeX or ASCII; `style` picks the spelling: fractions, signs of multiplication, brackets, the order of terms.
std::string Spell(const Formula& formula, uint32_t style);

}  // namespace cupel::fuzz
