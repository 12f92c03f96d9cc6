// Covers grpo/schedule.h and grpo/spike_window.h. Alone: build/release/tests/grpo_math_test "[schedule],[spikes]"

#include "grpo/schedule.h"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "grpo/spike_window.h"

namespace cupel {
namespace {

TEST_CASE("the step size warms up and then stays, or falls to its final share", "[schedule]") {
  OptimizerConfig config;
  config.learning_rate = 1;
  config.warmup_updates = 10;
  const auto rate = [&](const char* schedule, int64_t update) {
    config.schedule = schedule;
    return LearningRate(config, update, 100);
  };
  for (const char* schedule : {"constant", "linear", "cosine"}) {
    CHECK(rate(schedule, 0) == Approx(1.0 / 11));
    CHECK(rate(schedule, 5) == Approx(6.0 / 11));
    CHECK(rate(schedule, 10) == 1);
  }
  CHECK(rate("constant", 99) == 1);
  CHECK(rate("linear", 55) == 0.5);
  CHECK(rate("linear", 99) == Approx(1.0 / 90));
  CHECK(rate("linear", 100) == 0);
  CHECK(rate("linear", 5000) == 0);
  CHECK(rate("cosine", 55) == Approx(0.5));
  CHECK(rate("cosine", 40) == Approx(0.75));  // a third of the way: (1 + cos(pi / 3)) / 2
  CHECK(rate("cosine", 100) == Approx(0).margin(1e-15));
  config.final_share = 0.1;
  CHECK(rate("linear", 55) == Approx(0.55));
  CHECK(rate("cosine", 100) == Approx(0.1));
  config.warmup_updates = 0;
  for (const char* schedule : {"constant", "linear", "cosine"}) {
    CHECK(rate(schedule, 0) == 1);
  }
}

TEST_CASE("a spike is told from what is usual, once enough is known", "[spikes]") {
  SpikeWindow window(16, 10);
  for (int i = 0; i < 3; ++i) {
    window.Add(1.0 + 0.1 * i);
    CHECK_FALSE(window.IsSpike(1e9));
  }
  window.Add(0.9);
  CHECK(window.IsSpike(5));
  CHECK_FALSE(window.IsSpike(1.5));
  CHECK_FALSE(window.IsSpike(0));
}

TEST_CASE("values that are not finite never enter the window", "[spikes]") {
  SpikeWindow window(8, 10);
  for (int i = 0; i < 8; ++i) {
    window.Add(1);
    window.Add(std::numeric_limits<double>::quiet_NaN());
    window.Add(std::numeric_limits<double>::infinity());
  }
  CHECK(window.values() == std::vector<double>(8, 1.0));
  CHECK(window.Limit() == Approx(1 + 10 * 1.4826 * 0.01));
}

TEST_CASE("a lasting change becomes the usual, one spike does not", "[spikes]") {
  SpikeWindow window(8, 5);
  for (int i = 0; i < 8; ++i) {
    window.Add(1 + 0.01 * i);
  }
  window.Add(100);
  CHECK(window.IsSpike(50));
  for (int i = 0; i < 6; ++i) {
    window.Add(100 + i);
  }
  CHECK_FALSE(window.IsSpike(110));
}

TEST_CASE("factor zero judges nothing, and a restored window goes on as before", "[spikes]") {
  SpikeWindow off(8, 0);
  SpikeWindow first(8, 5);
  for (int i = 0; i < 20; ++i) {
    off.Add(1);
    first.Add(1 + 0.1 * i);
  }
  CHECK_FALSE(off.IsSpike(1e300));
  SpikeWindow second(8, 5);
  second.Restore(first.values());
  CHECK(second.Limit() == first.Limit());
}

}  // namespace
}  // namespace cupel
