// Covers grpo/objective/aggregation.h. Alone: build/release/tests/grpo_math_test "[aggregation]"

#include "grpo/objective/aggregation.h"

#include <vector>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

TEST_CASE("the weights of an update sum to one where every token or completion counts alike", "[aggregation]") {
  const std::vector<int64_t> lengths = {1, 3, 48, 7};
  for (const char* aggregation : {"token_mean", "sequence_mean"}) {
    double sum = 0;
    for (const int64_t length : lengths) {
      sum += static_cast<double>(length) * TokenWeight(aggregation, length, {59, 4}, 0);
    }
    CHECK(sum == Approx(1.0).epsilon(1e-14));
  }
}

TEST_CASE("token_mean weighs tokens alike, sequence_mean completions", "[aggregation]") {
  CHECK(TokenWeight("token_mean", 1, {4, 2}, 0) == 0.25);
  CHECK(TokenWeight("token_mean", 3, {4, 2}, 0) == 0.25);
  CHECK(TokenWeight("sequence_mean", 1, {4, 2}, 0) == 0.5);
  CHECK(TokenWeight("sequence_mean", 3, {4, 2}, 0) == Approx(1.0 / 6).epsilon(1e-15));
}

// Token losses of ratios [[1.1], [0.9, 0.7, 1.5]] at advantages +-0.707106, clip 0.2/0.28, averaged by hand.
TEST_CASE("the weights reproduce the published means", "[aggregation]") {
  const std::vector<std::vector<double>> losses = {{-0.777816}, {0.636395, 0.565685, 1.060659}};
  const auto mean = [&](const char* aggregation) {
    double sum = 0;
    for (const std::vector<double>& completion : losses) {
      for (const double loss : completion) {
        sum += loss * TokenWeight(aggregation, static_cast<int64_t>(completion.size()), {4, 2}, 4);
      }
    }
    return sum;
  };
  CHECK(mean("token_mean") == Approx(0.371231).margin(1e-6).epsilon(0));
  CHECK(mean("sequence_mean") == Approx(-0.011785).margin(1e-6).epsilon(0));
  CHECK(mean("constant_length") == Approx(0.185615).margin(1e-6).epsilon(0));
}

}  // namespace
}  // namespace cupel
