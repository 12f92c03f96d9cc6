#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "policy/kernels/cpu/kernels.h"

// What the kernel tests share: arrays of either number type in exact-size heap blocks (so that AddressSanitizer sees one element too many),
// random and reference values, and the loop over paths and types.

namespace cupel::kernels {

// Floats or bf16 numbers. Reading gives doubles, for reference computations on exactly the numbers that the kernel sees.
class Values {
 public:
  Values(DType type, int64_t n)
      : type_(type),
        floats_(static_cast<size_t>(type == DType::kFloat ? n : 0)),
        halves_(static_cast<size_t>(type == DType::kBf16 ? n : 0)) {}

  static Values Normal(DType type, int64_t n, RandomStream& random, double deviation = 1) {
    Values values(type, n);
    for (int64_t i = 0; i < n; ++i) {
      values.Set(i, random.Normal() * deviation);
    }
    return values;
  }

  DType type() const { return type_; }
  int64_t size() const { return static_cast<int64_t>(floats_.size() + halves_.size()); }
  std::byte* At(int64_t i) {
    return type_ == DType::kFloat ? reinterpret_cast<std::byte*>(floats_.data() + i) : reinterpret_cast<std::byte*>(halves_.data() + i);
  }
  void* data() { return At(0); }
  float* floats() { return floats_.data(); }
  void Set(int64_t i, double value) {
    if (type_ == DType::kFloat) {
      floats_[static_cast<size_t>(i)] = static_cast<float>(value);
    } else {
      halves_[static_cast<size_t>(i)] = ToBf16(static_cast<float>(value));
    }
  }
  double operator[](int64_t i) const {
    return type_ == DType::kFloat ? floats_[static_cast<size_t>(i)] : ToFloat(halves_[static_cast<size_t>(i)]);
  }
  std::vector<double> Doubles() const {
    std::vector<double> result(static_cast<size_t>(size()));
    for (int64_t i = 0; i < size(); ++i) {
      result[static_cast<size_t>(i)] = (*this)[i];
    }
    return result;
  }

 private:
  DType type_;
  std::vector<float> floats_;
  std::vector<bf16> halves_;
};

// Half a unit in the last place, relative: the error of one rounding to the type.
inline double RoundingError(DType type) { return type == DType::kFloat ? std::ldexp(1, -24) : std::ldexp(1, -8); }

inline std::string Name(const KernelTable& table, DType type) {
  return std::string(table.name) + (type == DType::kFloat ? " float" : " bf16");
}

template <class Body>
void ForEachPathAndType(Body body) {
  for (const KernelTable* table : AvailableKernels()) {
    for (const DType type : {DType::kFloat, DType::kBf16}) {
      body(*table, type);
    }
  }
}

inline RandomStream TestRandom(uint32_t a = 0) { return RandomStream(7, RandomPurpose::kTaskContent, a); }

// The gradient of `loss` at x by central differences; exact to about 1e-9 for smooth losses of order one in double.
inline std::vector<double> FiniteDifferences(std::vector<double> x, const std::function<double(const std::vector<double>&)>& loss) {
  constexpr double kStep = 1e-5;
  std::vector<double> gradient(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const double center = x[i];
    x[i] = center + kStep;
    const double above = loss(x);
    x[i] = center - kStep;
    gradient[i] = (above - loss(x)) / (2 * kStep);
    x[i] = center;
  }
  return gradient;
}

// The largest |actual - expected| / (absolute + relative * |expected|): at most 1 when all are within tolerance, NaN or infinity when one
// is not finite.
template <class Actual, class Expected>
double WorstError(const Actual& actual, const Expected& expected, int64_t n, double relative, double absolute) {
  double worst = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double want = expected(i);
    const double error = std::abs(actual(i) - want) / (absolute + relative * std::abs(want));
    worst = error <= worst ? worst : error;
  }
  return worst;
}

}  // namespace cupel::kernels
