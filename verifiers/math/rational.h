#pragma once

#include <cstdint>
#include <flint/fmpq.h>
#include <string>
#include <utility>

namespace cupel::math {

// An exact fraction, always in lowest terms. Owns FLINT's fmpq; small values take no memory of their own. Whoever multiplies or raises
// checks the size first (Bits): FLINT cannot be interrupted.
class Rational {
 public:
  Rational() { fmpq_init(value_); }
  explicit Rational(int64_t value) : Rational() { fmpq_set_si(value_, value, 1); }
  Rational(int64_t numerator, uint64_t denominator) : Rational() { fmpq_set_si(value_, numerator, denominator); }
  Rational(const Rational& other) : Rational() { fmpq_set(value_, other.value_); }
  Rational(Rational&& other) noexcept : Rational() { fmpq_swap(value_, other.value_); }
  Rational& operator=(Rational other) noexcept {
    fmpq_swap(value_, other.value_);
    return *this;
  }
  ~Rational() { fmpq_clear(value_); }

  fmpq* get() { return value_; }
  const fmpq* get() const { return value_; }
  const fmpz* numerator() const { return fmpq_numref(value_); }
  const fmpz* denominator() const { return fmpq_denref(value_); }

  bool is_zero() const { return fmpq_is_zero(value_) != 0; }
  bool is_integer() const { return fmpz_is_one(denominator()) != 0; }
  int sign() const { return fmpq_sgn(value_); }
  int64_t Bits() const { return static_cast<int64_t>(fmpz_bits(numerator()) + fmpz_bits(denominator())); }
  // The value where it is an integer that fits, else false.
  bool ToInt(int64_t& value) const {
    if (!is_integer() || fmpz_fits_si(numerator()) == 0) {
      return false;
    }
    value = fmpz_get_si(numerator());
    return true;
  }

  friend bool operator==(const Rational& a, const Rational& b) { return fmpq_equal(a.value_, b.value_) != 0; }
  friend bool operator<(const Rational& a, const Rational& b) { return fmpq_cmp(a.value_, b.value_) < 0; }
  friend Rational operator+(const Rational& a, const Rational& b) { return Binary(&fmpq_add, a, b); }
  friend Rational operator-(const Rational& a, const Rational& b) { return Binary(&fmpq_sub, a, b); }
  friend Rational operator*(const Rational& a, const Rational& b) { return Binary(&fmpq_mul, a, b); }
  friend Rational operator/(const Rational& a, const Rational& b) { return Binary(&fmpq_div, a, b); }  // b is not zero
  Rational operator-() const {
    Rational result;
    fmpq_neg(result.value_, value_);
    return result;
  }

 private:
  static Rational Binary(void (*operation)(fmpq_t, const fmpq_t, const fmpq_t), const Rational& a, const Rational& b) {
    Rational result;
    operation(result.value_, a.value_, b.value_);
    return result;
  }
  fmpq_t value_;
};

// 10^exponent; the magnitude of `exponent` is small (a count of digits that were read).
inline Rational PowerOfTen(int64_t exponent) {
  Rational result(10);
  fmpq_pow_si(result.get(), result.get(), exponent);
  return result;
}

}  // namespace cupel::math
