#pragma once

#include <acb.h>
#include <utility>

namespace cupel::math {

// A complex number known up to an error bound: every operation of Arb keeps the true value inside. Two balls that do not overlap prove
// that the values differ.
class Ball {
 public:
  Ball() { acb_init(value_); }
  explicit Ball(slong value) : Ball() { acb_set_si(value_, value); }
  Ball(const Ball& other) : Ball() { acb_set(value_, other.value_); }
  Ball(Ball&& other) noexcept : Ball() { acb_swap(value_, other.value_); }
  Ball& operator=(Ball other) noexcept {
    acb_swap(value_, other.value_);
    return *this;
  }
  ~Ball() { acb_clear(value_); }

  acb_ptr get() { return value_; }
  acb_srcptr get() const { return value_; }
  arb_ptr real() { return acb_realref(value_); }
  arb_srcptr real() const { return acb_realref(value_); }
  arb_ptr imag() { return acb_imagref(value_); }
  arb_srcptr imag() const { return acb_imagref(value_); }

  bool is_finite() const { return acb_is_finite(value_) != 0; }
  bool is_real() const { return acb_is_real(value_) != 0; }
  bool MayBeReal() const { return arb_contains_zero(acb_imagref(value_)) != 0; }
  bool Overlaps(const Ball& other) const { return acb_overlaps(value_, other.value_) != 0; }
  bool ContainsZero() const { return acb_contains_zero(value_) != 0; }
  // Correct bits of the value; negative when nothing is known.
  slong Accuracy() const { return acb_rel_accuracy_bits(value_); }

 private:
  acb_t value_;
};

}  // namespace cupel::math
