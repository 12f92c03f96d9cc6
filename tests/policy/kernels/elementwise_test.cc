// Covers policy/kernels/cpu/elementwise.h: norms, rotary embedding, SwiGLU, AdamW. Alone: build/release/tests/kernels_test "[elementwise]"

#include <algorithm>
#include <cstring>

#include <catch2/catch.hpp>

#include "tests/policy/kernels/kernel_values.h"

namespace cupel::kernels {
namespace {

using Doubles = std::vector<double>;

const int64_t kWidths[] = {1, 7, 8, 16, 23, 64, 100};

template <class Container>
auto At(const Container& values) {
  return [&values](int64_t i) { return static_cast<double>(values[static_cast<size_t>(i)]); };
}
auto At(const Values& values) {
  return [&values](int64_t i) { return values[i]; };
}

double Dot(const Doubles& a, const Doubles& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

Doubles ReferenceNorm(const Doubles& x, const Doubles& weight, double eps) {
  const double r = 1 / std::sqrt(Dot(x, x) / static_cast<double>(x.size()) + eps);
  Doubles y;
  for (size_t i = 0; i < x.size(); ++i) {
    y.push_back(x[i] * r * weight[i]);
  }
  return y;
}

Doubles Part(const Doubles& values, int64_t begin, int64_t n) { return {values.begin() + begin, values.begin() + begin + n}; }

TEST_CASE("RMS norm agrees with double precision, and rows do not depend on each other", "[elementwise]") {
  RandomStream random = TestRandom(30);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (const int64_t width : kWidths) {
      Values x = Values::Normal(type, 3 * width, random, 2);
      Values weight = Values::Normal(DType::kFloat, width, random);
      Values y(type, 3 * width);
      std::vector<float> rstd(3);
      table.rms_norm(type, x.data(), weight.floats(), 1e-5f, 3, width, y.data(), rstd.data());
      INFO(Name(table, type) << " width " << width);
      for (int64_t row = 0; row < 3; ++row) {
        const Doubles want = ReferenceNorm(Part(x.Doubles(), row * width, width), weight.Doubles(), double{1e-5f});
        const Doubles actual = Part(y.Doubles(), row * width, width);
        // The sum of squares of `width` terms, a root, a quotient and two products in float; then one rounding.
        CHECK(WorstError(At(actual), At(want), width, RoundingError(type) + 2e-6, 1e-30) <= 1);
        Values alone(type, width);
        table.rms_norm(type, x.At(row * width), weight.floats(), 1e-5f, 1, width, alone.data(), nullptr);
        CHECK(alone.Doubles() == actual);
      }
    }
  });
}

TEST_CASE("RMS norm gradients agree with finite differences; that of the weight is added up", "[elementwise]") {
  RandomStream random = TestRandom(31);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (const int64_t width : {1, 7, 16, 23}) {
      Values x = Values::Normal(type, 2 * width, random);
      Values weight = Values::Normal(DType::kFloat, width, random);
      Values grad_y = Values::Normal(type, 2 * width, random);
      const auto loss = [&](const Doubles& inputs, const Doubles& weights) {
        double sum = 0;
        for (int64_t row = 0; row < 2; ++row) {
          sum += Dot(ReferenceNorm(Part(inputs, row * width, width), weights, 1e-3), Part(grad_y.Doubles(), row * width, width));
        }
        return sum;
      };
      const Doubles want_x = FiniteDifferences(x.Doubles(), [&](const Doubles& v) { return loss(v, weight.Doubles()); });
      Doubles want_weight = FiniteDifferences(weight.Doubles(), [&](const Doubles& v) { return loss(x.Doubles(), v); });
      std::for_each(want_weight.begin(), want_weight.end(), [](double& v) { v += 0.5; });

      Values y(type, 2 * width);
      std::vector<float> rstd(2);
      table.rms_norm(type, x.data(), weight.floats(), 1e-3f, 2, width, y.data(), rstd.data());
      Values grad_x(type, 2 * width);
      std::vector<float> grad_weight(static_cast<size_t>(width), 0.5f);
      table.rms_norm_backward(type, x.data(), weight.floats(), rstd.data(), grad_y.data(), 2, width, grad_x.data(), grad_weight.data());
      INFO(Name(table, type) << " width " << width);
      CHECK(WorstError(At(grad_x), At(want_x), 2 * width, RoundingError(type) + 1e-6, 1e-5) <= 1);
      CHECK(WorstError(At(grad_weight), At(want_weight), width, 1e-6, 1e-5) <= 1);
    }
  });
}

TEST_CASE("rotary embedding turns pairs by the angle of the position, and back", "[elementwise]") {
  RandomStream random = TestRandom(32);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (const int64_t d : {16, 48, 64}) {
      const int64_t heads = 3, m = 4, stride = heads * d + 5;
      const std::vector<int64_t> positions = {0, 9, 2, 9};
      std::vector<float> cos_sin(static_cast<size_t>(10 * d));
      for (int64_t i = 0; i < 10 * d / 2; ++i) {
        const double angle = random.Uniform() * 6;
        const int64_t at = i / (d / 2) * d + i % (d / 2);
        cos_sin[static_cast<size_t>(at)] = static_cast<float>(std::cos(angle));
        cos_sin[static_cast<size_t>(at + d / 2)] = static_cast<float>(std::sin(angle));
      }
      Values x = Values::Normal(type, (m - 1) * stride + heads * d, random);
      const Doubles before = x.Doubles();
      Doubles want = before;
      for (int64_t i = 0; i < m * heads * d / 2; ++i) {
        const int64_t row = i / (heads * d / 2), head = i / (d / 2) % heads, pair = i % (d / 2);
        const size_t first = static_cast<size_t>(row * stride + head * d + pair), second = first + static_cast<size_t>(d / 2);
        const size_t entry = static_cast<size_t>(positions[static_cast<size_t>(row)] * d + pair);
        const double c = cos_sin[entry], s = cos_sin[entry + static_cast<size_t>(d / 2)];
        want[first] = before[first] * c - before[second] * s;
        want[second] = before[second] * c + before[first] * s;
      }
      table.rope(type, x.data(), m, stride, heads, d, positions.data(), cos_sin.data(), 1);
      INFO(Name(table, type) << " d " << d);
      CHECK(WorstError(At(x), At(want), x.size(), RoundingError(type), 1e-6) <= 1);
      table.rope(type, x.data(), m, stride, heads, d, positions.data(), cos_sin.data(), -1);
      // Two roundings of numbers up to about 5.
      CHECK(WorstError(At(x), At(before), x.size(), 0, 12 * RoundingError(type)) <= 1);
    }
  });
}

Doubles ReferenceSwiGlu(const Doubles& x, int64_t m, int64_t ffn) {
  Doubles y;
  for (int64_t row = 0; row < m; ++row) {
    for (int64_t i = 0; i < ffn; ++i) {
      const double a = x[static_cast<size_t>(row * 2 * ffn + i)];
      y.push_back(a / (1 + std::exp(-a)) * x[static_cast<size_t>(row * 2 * ffn + ffn + i)]);
    }
  }
  return y;
}

TEST_CASE("SwiGLU and its gradient agree with double precision at any width", "[elementwise]") {
  RandomStream random = TestRandom(33);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (const int64_t ffn : kWidths) {
      Values x = Values::Normal(type, 2 * 2 * ffn, random, 3);
      x.Set(0, 100);
      x.Set(2 * ffn, -100);
      Values grad_y = Values::Normal(type, 2 * ffn, random);
      Values y(type, 2 * ffn);
      Values grad_x(type, x.size());
      table.swiglu(type, x.data(), 2, ffn, y.data());
      table.swiglu_backward(type, x.data(), grad_y.data(), 2, ffn, grad_x.data());
      const Doubles want = ReferenceSwiGlu(x.Doubles(), 2, ffn);
      const Doubles want_grad =
          FiniteDifferences(x.Doubles(), [&](const Doubles& v) { return Dot(ReferenceSwiGlu(v, 2, ffn), grad_y.Doubles()); });
      INFO(Name(table, type) << " width " << ffn);
      CHECK(WorstError(At(y), At(want), y.size(), RoundingError(type) + 4e-7, 1e-30) <= 1);
      CHECK(WorstError(At(grad_x), At(want_grad), x.size(), RoundingError(type) + 1e-6, 1e-5) <= 1);
    }
  });
}

struct AdamState {
  double parameter, first, second;
};

TEST_CASE("AdamW agrees with double precision over several steps and writes the rounded copy", "[elementwise]") {
  const double lr = 1e-2, beta1 = 0.9, beta2 = 0.95, eps = 1e-8, decay = 0.1, grad_scale = 0.25;
  RandomStream random = TestRandom(34);
  for (const KernelTable* table : AvailableKernels()) {
    for (const int64_t n : kWidths) {
      Values parameter = Values::Normal(DType::kFloat, n, random);
      Values first(DType::kFloat, n), second(DType::kFloat, n);
      std::vector<AdamState> want;
      for (int64_t i = 0; i < n; ++i) {
        want.push_back({parameter[i], 0, 0});
      }
      std::vector<bf16> copy(static_cast<size_t>(n));
      for (int step = 1; step <= 4; ++step) {
        Values grad = Values::Normal(DType::kFloat, n, random);
        const double correction1 = 1 - std::pow(beta1, step), correction2 = 1 - std::pow(beta2, step);
        for (int64_t i = 0; i < n; ++i) {
          AdamState& s = want[static_cast<size_t>(i)];
          const double g = grad[i] * grad_scale;
          s.first = beta1 * s.first + (1 - beta1) * g;
          s.second = beta2 * s.second + (1 - beta2) * g * g;
          s.parameter -= lr * decay * s.parameter;
          s.parameter -= lr * (s.first / correction1) / (std::sqrt(s.second / correction2) + eps);
        }
        const auto f = [](double v) { return static_cast<float>(v); };
        table->adamw(parameter.floats(), first.floats(), second.floats(), grad.floats(), n, f(grad_scale), f(lr), beta1, beta2, f(eps),
                     f(decay), f(correction1), f(correction2), step == 4 ? copy.data() : nullptr);
      }
      INFO(table->name << " n " << n);
      // Four steps of about ten float operations on numbers of order one; 1 - beta in float is off by 1e-6 relative.
      CHECK(WorstError(
                At(parameter), [&](int64_t i) { return want[static_cast<size_t>(i)].parameter; }, n, 2e-6, 2e-6) <= 1);
      CHECK(WorstError(
                At(first), [&](int64_t i) { return want[static_cast<size_t>(i)].first; }, n, 5e-6, 1e-7) <= 1);
      CHECK(WorstError(
                At(second), [&](int64_t i) { return want[static_cast<size_t>(i)].second; }, n, 5e-6, 1e-7) <= 1);
      for (int64_t i = 0; i < n; ++i) {
        CHECK(copy[static_cast<size_t>(i)].bits == ToBf16(static_cast<float>(parameter[i])).bits);
      }
    }
  }
}

TEST_CASE("AdamW gives an element the same bits wherever a call begins", "[elementwise]") {
  RandomStream random = TestRandom(35);
  for (const KernelTable* table : AvailableKernels()) {
    Values grad = Values::Normal(DType::kFloat, 50, random);
    Values whole = Values::Normal(DType::kFloat, 50, random);
    Values parts = whole;
    Values moments[4] = {Values(DType::kFloat, 50), Values(DType::kFloat, 50), Values(DType::kFloat, 50), Values(DType::kFloat, 50)};
    const auto run = [&](Values& p, Values& m, Values& v, int64_t begin, int64_t n) {
      table->adamw(p.floats() + begin, m.floats() + begin, v.floats() + begin, grad.floats() + begin, n, 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0.1f,
                   0.1f, 0.01f, nullptr);
    };
    run(whole, moments[0], moments[1], 0, 50);
    run(parts, moments[2], moments[3], 0, 13);
    run(parts, moments[2], moments[3], 13, 37);
    CHECK(parts.Doubles() == whole.Doubles());
  }
}

TEST_CASE("the sum of squares is exact to double precision and repeats", "[elementwise]") {
  RandomStream random = TestRandom(36);
  for (const KernelTable* table : AvailableKernels()) {
    for (const int64_t n : {0, 1, 7, 16, 1003}) {
      Values values = Values::Normal(DType::kFloat, n, random, 1e15);
      const double want = Dot(values.Doubles(), values.Doubles());
      CHECK(table->sum_of_squares(values.floats(), n) == Approx(want).epsilon(1e-13));
      CHECK(table->sum_of_squares(values.floats(), n) == table->sum_of_squares(values.floats(), n));
    }
  }
}

}  // namespace
}  // namespace cupel::kernels
