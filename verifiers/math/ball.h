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
  // Whether the middle of the real part is finite and its exponent small enough for it to become a rational number. Arb holds 2^(10^13) in
  // a few bytes; GMP ends the program, or the machine's memory, when it is asked to.
  bool IsModest() const {
    constexpr slong kMaxExponent = 65536;
    const arf_srcptr middle = arb_midref(real());
    const slong exponent = arf_abs_bound_lt_2exp_si(middle);
    return arf_is_zero(middle) != 0 || (arf_is_finite(middle) != 0 && -kMaxExponent <= exponent && exponent <= kMaxExponent);
  }
  // The only integer in the real part, where there is one and it is modest.
  bool HasUniqueInteger(fmpz_t whole) const { return IsModest() && arb_get_unique_fmpz(whole, real()) != 0; }

 private:
  acb_t value_;
};

}  // namespace cupel::math
