// Covers policy/kernels/cpu/softmax.h and the exponential behind it. Alone: build/release/tests/kernels_test "[softmax]"

#include <algorithm>
#include <cstring>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/policy/kernels/kernel_values.h"

namespace cupel::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// e^x of a path for every x: the softmax gradient at maximum 0, log sum 0 and coefficient -1 is just that. The first element is not looked
// at.
std::vector<float> Exponentials(const KernelTable& table, const std::vector<float>& x) {
  std::vector<float> result(x.size());
  table.softmax_backward(DType::kFloat, x.data(), static_cast<int64_t>(x.size()), {0, 0, 0}, 0, -1, 1, result.data());
  return result;
}

TEST_CASE("the exponential is within one unit in the last place over its whole range", "[softmax][exp]") {
  std::vector<float> x;
  for (double value = -87.33; value <= 88.72; value += 1.9e-4) {
    x.push_back(static_cast<float>(value));
  }
  for (double value = 1e-8; value < 1; value *= 1.01) {
    x.push_back(static_cast<float>(value));
    x.push_back(static_cast<float>(-value));
  }
  for (const KernelTable* table : AvailableKernels()) {
    const std::vector<float> y = Exponentials(*table, x);
    double worst = 0;
    for (size_t i = 1; i < x.size(); ++i) {
      const double exact = std::exp(double{x[i]});
      const double unit = std::ldexp(1.0, std::ilogb(exact) - 23);
      worst = std::max(worst, std::abs(y[i] - exact) / unit);
    }
    INFO(table->name);
    CHECK(worst <= 1.0);
  }
}

TEST_CASE("the exponential is right at the ends of its range", "[softmax][exp]") {
  const std::vector<float> x = {0, 0.0f, -0.0f, -87.4f, -1000, -kInfinity, std::numeric_limits<float>::quiet_NaN()};
  for (const KernelTable* table : AvailableKernels()) {
    const std::vector<float> y = Exponentials(*table, x);
    INFO(table->name);
    CHECK(y[1] == 1.0f);
    CHECK(y[2] == 1.0f);
    CHECK(y[3] == 0.0f);
    CHECK(y[4] == 0.0f);
    CHECK(y[5] == 0.0f);
    CHECK(std::isnan(y[6]));
  }
}

struct Moments {
  double max, log_sum, entropy;
};
Moments ReferenceStats(const std::vector<float>& logits) {
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  double weighted = 0;
  for (const float logit : logits) {
    const double e = std::exp(logit - max);
    sum += e;
    weighted += e > 0 ? e * (logit - max) : 0;
  }
  return {max, std::log(sum), std::log(sum) - weighted / sum};
}

std::vector<float> RandomLogits(int64_t vocab, double deviation, RandomStream& random) {
  std::vector<float> logits(static_cast<size_t>(vocab));
  for (float& logit : logits) {
    logit = static_cast<float>(random.Normal() * deviation);
  }
  return logits;
}

SoftmaxStats Stats(const KernelTable& table, std::vector<float>& logits, float inverse_temperature = 1) {
  return table.softmax_stats(logits.data(), static_cast<int64_t>(logits.size()), inverse_temperature);
}

TEST_CASE("softmax statistics agree with double precision at any vocabulary, temperature and spread", "[softmax]") {
  RandomStream random = TestRandom(20);
  for (const KernelTable* table : AvailableKernels()) {
    for (const int64_t vocab : {1, 2, 15, 16, 17, 63, 259, 4097, 49152}) {
      for (const double deviation : {0.0, 0.01, 3.0, 40.0}) {
        for (const float inverse_temperature : {1.0f, 0.7f, 3.0f}) {
          std::vector<float> logits = RandomLogits(vocab, deviation, random);
          std::vector<float> scaled = logits;
          for (float& logit : scaled) {
            logit *= inverse_temperature;
          }
          const Moments want = ReferenceStats(scaled);
          const SoftmaxStats stats = Stats(*table, logits, inverse_temperature);
          INFO(table->name << " V " << vocab << " deviation " << deviation << " 1/T " << inverse_temperature);
          CHECK(logits == scaled);
          CHECK(stats.max == want.max);
          // One rounding of numbers up to 11, and the error of the exponentials, which averages out.
          CHECK(std::abs(stats.log_sum - want.log_sum) <= 1e-6);
          CHECK(std::abs(stats.entropy - want.entropy) <= 4e-6);
        }
      }
    }
  }
}

TEST_CASE("tokens ruled out by minus infinity count for nothing, NaN shows", "[softmax]") {
  for (const KernelTable* table : AvailableKernels()) {
    std::vector<float> logits(37, -kInfinity);
    logits[5] = 2;
    logits[36] = 2;
    const SoftmaxStats stats = Stats(*table, logits);
    CHECK(stats.max == 2);
    CHECK(stats.log_sum == Approx(std::log(2.0)));
    CHECK(stats.entropy == Approx(std::log(2.0)));
    for (const size_t place : {size_t{3}, size_t{35}}) {
      std::vector<float> broken(37, 1.0f);
      broken[place] = std::numeric_limits<float>::quiet_NaN();
      CHECK(std::isnan(Stats(*table, broken).log_sum));
    }
  }
}

TEST_CASE("softmax gradients agree with finite differences of the log-probability", "[softmax]") {
  RandomStream random = TestRandom(21);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (const int64_t vocab : {3, 16, 37}) {
      std::vector<float> logits = RandomLogits(vocab, 2, random);
      const float inverse_temperature = 0.8f;
      const int64_t target = random.Between(0, vocab - 1);
      const float coefficient = -1.7f;
      const std::vector<double> raw(logits.begin(), logits.end());
      const std::vector<double> want = FiniteDifferences(raw, [&](std::vector<double> x) {
        double sum = 0;
        for (double& logit : x) {
          logit *= double{inverse_temperature};
          sum += std::exp(logit);
        }
        return double{coefficient} * (x[static_cast<size_t>(target)] - std::log(sum));
      });
      const SoftmaxStats stats = Stats(table, logits, inverse_temperature);
      Values grad(type, vocab);
      table.softmax_backward(type, logits.data(), vocab, stats, target, coefficient, inverse_temperature, grad.data());
      INFO(Name(table, type) << " V " << vocab);
      const auto expected = [&](int64_t i) { return want[static_cast<size_t>(i)]; };
      CHECK(WorstError([&](int64_t i) { return grad[i]; }, expected, vocab, 1.01 * RoundingError(type), 1e-6) <= 1);
    }
  });
}

// Checks a draw against the cumulative distribution in double; within 1e-6 of a border either neighbour will do.
void CheckDraw(const KernelTable& table, const std::vector<float>& logits, const std::vector<double>& cumulative, const SoftmaxStats& stats,
               double uniform) {
  const int64_t vocab = static_cast<int64_t>(logits.size());
  const int64_t drawn = table.sample(logits.data(), vocab, stats, uniform);
  REQUIRE((drawn >= 0 && drawn < vocab));
  const size_t i = static_cast<size_t>(drawn);
  const double below = i == 0 ? 0 : cumulative[i - 1];
  CAPTURE(table.name, vocab, uniform, drawn, below, cumulative[i]);
  REQUIRE((below <= uniform + 1e-6 && uniform < cumulative[i] + 1e-6));
  REQUIRE(logits[i] > -kInfinity);
}

TEST_CASE("a draw is the index where the cumulative probability passes the uniform number", "[softmax][sample]") {
  RandomStream random = TestRandom(22);
  for (const KernelTable* table : AvailableKernels()) {
    for (const int64_t vocab : {1, 7, 16, 100, 257, 3000}) {
      std::vector<float> logits = RandomLogits(vocab, 3, random);
      for (int64_t i = 0; i + 1 < vocab; i += 3) {
        logits[static_cast<size_t>(i)] = -kInfinity;
      }
      const SoftmaxStats stats = Stats(*table, logits);
      const Moments exact = ReferenceStats(logits);
      std::vector<double> cumulative;
      for (const float logit : logits) {
        cumulative.push_back((cumulative.empty() ? 0 : cumulative.back()) + std::exp(logit - exact.max - exact.log_sum));
      }
      for (int draw = 0; draw < 500; ++draw) {
        CheckDraw(*table, logits, cumulative, stats, random.Uniform());
      }
      CheckDraw(*table, logits, cumulative, stats, 0.0);
      CheckDraw(*table, logits, cumulative, stats, std::nextafter(1.0, 0.0));
      // Borders as exact as the probabilities are: just inside each interval.
      for (const double border : cumulative) {
        CheckDraw(*table, logits, cumulative, stats, std::max(0.0, border - 1e-7));
        CheckDraw(*table, logits, cumulative, stats, std::min(std::nextafter(1.0, 0.0), border + 1e-7));
      }
    }
  }
}

TEST_CASE("a uniform number above the rounded total draws the last possible token", "[softmax][sample]") {
  for (const KernelTable* table : AvailableKernels()) {
    std::vector<float> logits(300, -kInfinity);
    logits[3] = logits[150] = 1;
    SoftmaxStats stats = Stats(*table, logits);
    stats.log_sum += 1e-3f;  // makes every probability a little too small
    CHECK(table->sample(logits.data(), 300, stats, 0.9999999) == 150);
    CHECK(table->sample(logits.data(), 300, stats, 0.2) == 3);
  }
}

TEST_CASE("argmax takes the lowest index among equals and passes over NaN", "[softmax][argmax]") {
  RandomStream random = TestRandom(23);
  for (const KernelTable* table : AvailableKernels()) {
    for (const int64_t vocab : {1, 5, 16, 17, 64, 1000}) {
      for (int round = 0; round < 20; ++round) {
        std::vector<float> logits(static_cast<size_t>(vocab));
        for (float& logit : logits) {
          logit = static_cast<float>(random.Between(-3, 3));
        }
        const auto first = std::max_element(logits.begin(), logits.end());
        CHECK(table->argmax(logits.data(), vocab) == first - logits.begin());
      }
    }
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(table->argmax(std::vector<float>{nan, -1, 4, nan, 4}.data(), 5) == 2);
    CHECK(table->argmax(std::vector<float>(20, -kInfinity).data(), 20) == 0);
  }
}

}  // namespace
}  // namespace cupel::kernels
