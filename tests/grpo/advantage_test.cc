// Covers grpo/advantage/advantage.h. Alone: build/release/tests/grpo_math_test "[advantage]"
//
// Oracles: tests/golden/grpo/advantages.json (exact rational arithmetic) and the published forms of the estimator worked out by hand.

#include "grpo/advantage/advantage.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/grpo/groups.h"

namespace cupel {
namespace {

using testing::Doubles;

constexpr double kEps = 1e-6;

struct Result {
  std::vector<double> advantages;
  bool has_signal;
};

Result Advantages(const std::vector<double>& rewards, const std::vector<uint8_t>& is_scored, const std::string& scale, double eps) {
  Result result{std::vector<double>(rewards.size(), 99.0), false};
  result.has_signal = GroupAdvantages(rewards, is_scored, scale, eps, result.advantages);
  return result;
}

Result Advantages(const std::vector<double>& rewards, const std::string& scale = "sample", double eps = kEps) {
  return Advantages(rewards, std::vector<uint8_t>(rewards.size(), 1), scale, eps);
}

std::vector<double> RandomRewards(uint32_t index) {
  RandomStream random(7, RandomPurpose::kTaskContent, index);
  std::vector<double> rewards;
  for (int64_t n = random.Between(2, 33); n > 0; --n) {
    rewards.push_back(random.Uniform() < 0.5 ? random.Normal() : static_cast<double>(random.Below(2)));
  }
  return rewards;
}

double Largest(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) {
    largest = std::max(largest, std::abs(value));
  }
  return largest;
}

TEST_CASE("advantages agree with exact arithmetic", "[advantage]") {
  const Json cases = testing::ReadGolden("advantages.json");
  REQUIRE(cases.size() >= 30);
  for (const Json& item : cases) {
    INFO(item["name"].get<std::string>());
    const std::vector<double> rewards = Doubles(item["rewards"]);
    const std::vector<double> expected = Doubles(item["advantages"]);
    const Result result = Advantages(rewards);
    CHECK(result.has_signal == (*std::min_element(rewards.begin(), rewards.end()) != *std::max_element(rewards.begin(), rewards.end())));
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK(std::abs(result.advantages[i] - expected[i]) <= 1e-9 * std::max(1.0, std::abs(expected[i])));
    }
  }
}

TEST_CASE("each scale gives the published values for two of eight correct", "[advantage]") {
  const std::vector<double> rewards = {1, 0, 0, 1, 0, 0, 0, 0};
  struct Case {
    std::string scale;
    double eps, at_one, at_zero;
  };
  const std::vector<Case> cases = {{"sample", 1e-6, 1.620182, -0.540061},      // verl
                                   {"sample", 1e-4, 1.619835, -0.539945},      // TRL
                                   {"population", 1e-4, 1.731651, -0.577217},  // numpy codes
                                   {"none", 1e-6, 0.75, -0.25}};               // Dr. GRPO
  for (const Case& item : cases) {
    INFO(item.scale << " eps " << item.eps);
    const std::vector<double> advantages = Advantages(rewards, item.scale, item.eps).advantages;
    for (size_t i = 0; i < rewards.size(); ++i) {
      CHECK(advantages[i] == Approx(rewards[i] > 0 ? item.at_one : item.at_zero).margin(5e-7).epsilon(0));
    }
  }
}

TEST_CASE("equal rewards give exact zeros and no signal", "[advantage]") {
  for (const char* scale : {"sample", "population", "none"}) {
    for (const auto& [count, reward] : std::vector<std::pair<size_t, double>>{{16, 0.7}, {8, 0.3}, {8, 0.1}, {3, -2.5}, {64, 1e-300}}) {
      const Result result = Advantages(std::vector<double>(count, reward), scale, kEps);
      CHECK_FALSE(result.has_signal);
      CHECK(result.advantages == std::vector<double>(count, 0.0));
    }
  }
}

// What the test above protects against: taken naively in fp32, the mean of sixteen 0.7 misses 0.7, and eps is too small to hide it.
TEST_CASE("a naive fp32 mean gives equal rewards an advantage", "[advantage]") {
  const std::vector<float> rewards(16, 0.7F);
  const float mean = std::accumulate(rewards.begin(), rewards.end(), 0.0F) / 16.0F;
  float squares = 0;
  for (const float reward : rewards) {
    squares += (reward - mean) * (reward - mean);
  }
  CHECK((0.7F - mean) / (std::sqrt(squares / 15.0F) + 1e-6F) == Approx(0.106).margin(1e-3));
}

TEST_CASE("advantages sum to zero", "[advantage]") {
  for (uint32_t index = 0; index < 200; ++index) {
    for (const char* scale : {"sample", "population", "none"}) {
      const std::vector<double> advantages = Advantages(RandomRewards(index), scale, kEps).advantages;
      const double sum = std::accumulate(advantages.begin(), advantages.end(), 0.0);
      CHECK(std::abs(sum) <= 1e-12 * static_cast<double>(advantages.size()) * std::max(1.0, Largest(advantages)));
    }
  }
}

TEST_CASE("permuting the group permutes the advantages", "[advantage]") {
  for (uint32_t index = 0; index < 100; ++index) {
    const std::vector<double> rewards = RandomRewards(index);
    std::vector<size_t> order(rewards.size());
    std::iota(order.begin(), order.end(), size_t{0});
    RandomStream random(8, RandomPurpose::kTaskContent, index);
    for (size_t i = order.size() - 1; i > 0; --i) {
      std::swap(order[i], order[random.Below(i + 1)]);
    }
    std::vector<double> permuted;
    for (const size_t i : order) {
      permuted.push_back(rewards[i]);
    }
    const std::vector<double> before = Advantages(rewards).advantages;
    const std::vector<double> after = Advantages(permuted).advantages;
    for (size_t i = 0; i < order.size(); ++i) {
      CHECK(after[i] == Approx(before[order[i]]).epsilon(1e-9).margin(1e-12));
    }
  }
}

TEST_CASE("advantages do not change when rewards are shifted and stretched, up to eps", "[advantage]") {
  for (uint32_t index = 0; index < 100; ++index) {
    const std::vector<double> rewards = RandomRewards(index);
    std::vector<double> mapped;
    for (const double reward : rewards) {
      mapped.push_back(3.5 * reward - 12.0);
    }
    for (const auto& [eps, tolerance] : {std::pair{0.0, 1e-9}, std::pair{1e-6, 1e-4}}) {
      const Result before = Advantages(rewards, "sample", eps);
      const Result after = Advantages(mapped, "sample", eps);
      CHECK(before.has_signal == after.has_signal);
      for (size_t i = 0; i < rewards.size(); ++i) {
        CHECK(after.advantages[i] == Approx(before.advantages[i]).epsilon(tolerance).margin(tolerance));
      }
    }
  }
}

TEST_CASE("members without a verdict get zero and leave the baseline alone", "[advantage]") {
  for (uint32_t index = 0; index < 100; ++index) {
    const std::vector<double> scored = RandomRewards(index);
    RandomStream random(9, RandomPurpose::kTaskContent, index);
    std::vector<double> rewards;
    std::vector<uint8_t> is_scored;
    for (const double reward : scored) {
      while (random.Uniform() < 0.4) {
        rewards.push_back(1e6 * random.Normal());
        is_scored.push_back(0);
      }
      rewards.push_back(reward);
      is_scored.push_back(1);
    }
    for (const char* scale : {"sample", "population", "none"}) {
      const std::vector<double> all = Advantages(rewards, is_scored, scale, kEps).advantages;
      std::vector<double> of_scored;
      for (size_t i = 0; i < rewards.size(); ++i) {
        if (is_scored[i] != 0) {
          of_scored.push_back(all[i]);
        } else {
          CHECK(all[i] == 0.0);
        }
      }
      CHECK(of_scored == Advantages(scored, scale, kEps).advantages);
    }
  }
}

TEST_CASE("fewer than two scored members carry no signal", "[advantage]") {
  CHECK_FALSE(Advantages({}).has_signal);
  CHECK(Advantages({5}).advantages == std::vector<double>{0});
  CHECK_FALSE(Advantages({5}).has_signal);
  const Result one_scored = Advantages({5, 1, 0}, {0, 1, 0}, "sample", kEps);
  CHECK(one_scored.advantages == std::vector<double>{0, 0, 0});
  CHECK_FALSE(one_scored.has_signal);
}

}  // namespace
}  // namespace cupel
