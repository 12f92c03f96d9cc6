// Covers grpo/objective/kl.h, correction.h and entropy.h. Alone: build/release/tests/grpo_math_test "[kl],[correction],[entropy]"
//
// Oracles: the published vectors.

#include <cmath>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

#include "grpo/objective/correction.h"
#include "grpo/objective/entropy.h"
#include "grpo/objective/kl.h"

namespace cupel {
namespace {

Approx Near(double value) { return Approx(value).margin(1e-6).epsilon(0); }

TEST_CASE("divergences of one token have the published values", "[kl]") {
  struct Case {
    double logprob, reference, k1, k2, k3;
  };
  for (const Case& item :
       {Case{-1, -1.5, 0.5, 0.125, 0.106531}, Case{-1.5, -1, -0.5, 0.125, 0.148721}, Case{-0.1, -3, 2.9, 4.205, 1.955023}}) {
    CHECK(KlOf("k1", item.logprob, item.reference, 0).value == Near(item.k1));
    CHECK(KlOf("k2", item.logprob, item.reference, 0).value == Near(item.k2));
    CHECK(KlOf("k3", item.logprob, item.reference, 0).value == Near(item.k3));
    CHECK(KlOf("k3_ratio", item.logprob, item.reference, item.logprob).value == Near(item.k3));
  }
}

// Four logits against a reference: the mean over outputs 2 0 3 1, its gradient by the logits, and the exact expectation's.
TEST_CASE("a softmax policy of four outputs gets the published divergences and gradients", "[kl]") {
  const std::vector<double> logp = {-1.315770, -2.065770, -0.815770, -1.815770};
  const std::vector<double> d = {-0.001381, 0.648619, -0.301381, -0.001381};
  struct Case {
    const char* estimator;
    double mean, expected;
    std::vector<double> gradient, expected_gradient;
  };
  const std::vector<Case> cases = {
      {"k1", -0.086119, 0.051702, {-0.018268, 0.123279, -0.192299, 0.087287}, {0, 0, 0, 0}},
      {"k2", 0.063943, 0.046744, {0.023448, -0.151242, 0.113436, 0.014358}, {-0.013500, -0.088745, 0.110433, -0.008188}},
      {"k3", 0.076364, 0.051702, {0.043934, -0.207634, 0.136917, 0.026783}, {0.000370, -0.115683, 0.115088, 0.000225}},
      {"k3_ratio", 0.076364, 0.051702, {0.023448, -0.151242, 0.113436, 0.014358}, {-0.013500, -0.088745, 0.110433, -0.008188}}};
  for (const Case& item : cases) {
    INFO(item.estimator);
    double mean = 0;
    double expected = 0;
    std::vector<double> gradient(4);
    std::vector<double> expected_gradient(4);
    for (size_t o = 0; o < 4; ++o) {
      const KlTerm term = KlOf(item.estimator, logp[o], logp[o] + d[o], logp[o]);
      const double p = std::exp(logp[o]);
      mean += term.value / 4;
      expected += p * term.value;
      for (size_t v = 0; v < 4; ++v) {
        const double score = (o == v ? 1 : 0) - std::exp(logp[v]);
        gradient[v] += term.gradient * score / 4;
        expected_gradient[v] += p * term.gradient * score;
      }
    }
    const double rounding = 4e-6;  // of the published logits
    CHECK(mean == Approx(item.mean).margin(rounding).epsilon(0));
    CHECK(expected == Approx(item.expected).margin(rounding).epsilon(0));
    for (size_t v = 0; v < 4; ++v) {
      CHECK(gradient[v] == Approx(item.gradient[v]).margin(rounding).epsilon(0));
      CHECK(expected_gradient[v] == Approx(item.expected_gradient[v]).margin(rounding).epsilon(0));
    }
  }
}

TEST_CASE("the reference is reset every so many steps, or when the reward stops rising", "[kl]") {
  KlConfig config;
  config.reset_steps = 3;
  ReferenceClock clock;
  for (int step = 0; step < 9; ++step) {
    CHECK_FALSE(ShouldResetReference(config, 0, clock));
  }
  config.reset = "every";
  clock = {};
  for (int step = 1; step <= 9; ++step) {
    CHECK(ShouldResetReference(config, step, clock) == (step % 3 == 0));
  }
  config.reset = "plateau";
  clock = {};
  std::vector<int> resets;
  const std::vector<double> rewards = {0.1, 0.2, 0.3, 0.3, 0.305, 0.29, 0.5, 0.4, 0.4, 0.4};
  for (size_t step = 0; step < rewards.size(); ++step) {
    if (ShouldResetReference(config, rewards[step], clock)) {
      resets.push_back(static_cast<int>(step));
    }
  }
  CHECK(resets == std::vector<int>{5, 9});
}

TEST_CASE("correction factors have the published values", "[correction]") {
  const std::vector<double> sampler = {-1, -2, -3, -4};
  const std::vector<double> old = {-1, -1.1, -4, -2.2};
  const std::vector<double> w = {1, 2.459603, 0.367879, 6.049647};
  const auto factors = [&](CorrectionConfig config) { return CorrectionFactors(config, old, sampler); };
  const auto check = [](const std::vector<double>& found, const std::vector<double>& expected) {
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK(found[i] == Near(expected[i]));
    }
  };
  check(factors({.kind = "none"}), {1, 1, 1, 1});
  check(factors({.kind = "decoupled"}), w);
  check(factors({.kind = "truncated", .cap = 2}), {1, 2, 0.367879, 2});
  check(factors({.kind = "masked", .low = 0.5, .high = 5}), {1, 2.459603, 0, 0});
  check(factors({.kind = "sequence_masked", .cap = 2}), {0, 0, 0, 0});
  check(factors({.kind = "sequence_masked", .cap = 10}), {5.473947, 5.473947, 5.473947, 5.473947});
  check(factors({.kind = "geometric_masked", .low = 0.999, .high = 1.002}), {0, 0, 0, 0});
  check(factors({.kind = "geometric_masked", .low = 0.5, .high = 2}), w);
  // The bands of seq-mask-tis.
  const CorrectionConfig band{.kind = "geometric_masked", .low = 0.999, .high = 1.002};
  const std::vector<double> zeros(4, 0.0);
  CHECK(CorrectionFactors(band, std::vector<double>{0.001, -0.002, 0.0015, 0.0005}, zeros)[0] == Near(1.0010005));
  CHECK(CorrectionFactors(band, std::vector<double>{0.004, 0.003, 0.0025, 0.0045}, zeros)[0] == 0);
}

TEST_CASE("every correction is one where sampler and trainer agree", "[correction]") {
  const std::vector<double> same = {-1, -0.3, -7};
  for (const char* kind : {"none", "truncated", "masked", "sequence_masked", "geometric_masked", "decoupled"}) {
    INFO(kind);
    CHECK(CorrectionFactors({.kind = kind}, same, same) == std::vector<double>{1, 1, 1});
  }
}

TEST_CASE("the adaptive bonus rises at or below its target, falls above it and then does not act", "[entropy]") {
  EntropyConfig config;
  config.bonus = 0.01;
  config.target = 1;
  EntropyController controller(config);
  CHECK(controller.Coefficient() == 0.01);
  controller.Observe(0.9);
  CHECK(controller.Coefficient() == Near(0.015));
  controller.Observe(1.0);
  CHECK(controller.Coefficient() == Near(0.02));
  controller.Observe(1.1);
  CHECK(controller.Coefficient() == 0);
  CHECK(controller.coefficient() == Near(0.015));
  for (int i = 0; i < 10; ++i) {
    controller.Observe(2);
  }
  CHECK(controller.coefficient() == 0);
  for (int i = 0; i < 1000; ++i) {
    controller.Observe(0);
  }
  CHECK(controller.Coefficient() == config.bonus_max);
}

TEST_CASE("a constant bonus stays", "[entropy]") {
  EntropyConfig config;
  config.bonus = 0.01;
  EntropyController controller(config);
  controller.Observe(0);
  CHECK(controller.Coefficient() == 0.01);
}

TEST_CASE("the top share keeps the largest entropies", "[entropy]") {
  const std::vector<double> entropies = {0.5, 0.1, 0.9, 0.3, 0.7};
  CHECK(TopEntropyThreshold(entropies, 0.2) == 0.9);
  CHECK(TopEntropyThreshold(entropies, 0.21) == 0.7);
  CHECK(TopEntropyThreshold(entropies, 0.999) == 0.1);
  CHECK(std::isinf(TopEntropyThreshold(entropies, 1)));
  CHECK(std::isinf(TopEntropyThreshold({}, 0.5)));
}

}  // namespace
}  // namespace cupel
