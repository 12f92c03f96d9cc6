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

ScoredGroup Group(const std::vector<double>& rewards) {
  return {.rewards = rewards, .lengths = std::vector<double>(rewards.size(), 1.0), .terms = {{1.0, rewards}}};
}

// One group alone.
Result Advantages(const std::vector<double>& rewards, const std::string& estimator = "group_std", double eps = kEps,
                  const std::string& std = "sample") {
  const std::vector<ScoredGroup> batch = {Group(rewards)};
  return {BatchAdvantages(batch, {.estimator = estimator, .std = std, .eps = eps})[0], HasSignal(rewards)};
}

std::vector<std::string> EstimatorNames() {
  std::vector<std::string> names;
  for (const AdvantageEstimator& estimator : AdvantageEstimators()) {
    names.emplace_back(estimator.name);
  }
  return names;
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

TEST_CASE("each estimator gives the published values for two of eight correct", "[advantage]") {
  const std::vector<double> rewards = {1, 0, 0, 1, 0, 0, 0, 0};
  struct Case {
    std::string estimator, std;
    double eps, at_one, at_zero;
  };
  const std::vector<Case> cases = {{"group_std", "sample", 1e-6, 1.620182, -0.540061},      // verl
                                   {"group_std", "sample", 1e-4, 1.619835, -0.539945},      // TRL
                                   {"group_std", "population", 1e-4, 1.731651, -0.577217},  // numpy codes
                                   {"group_mean", "sample", 1e-6, 0.75, -0.25},             // Dr. GRPO
                                   {"leave_one_out", "sample", 1e-6, 0.857143, -0.285714},
                                   {"mean_normalised", "sample", 1e-6, 2.999988, -0.999996}};
  for (const Case& item : cases) {
    INFO(item.estimator << " " << item.std << " eps " << item.eps);
    const std::vector<double> advantages = Advantages(rewards, item.estimator, item.eps, item.std).advantages;
    for (size_t i = 0; i < rewards.size(); ++i) {
      CHECK(advantages[i] == Approx(rewards[i] > 0 ? item.at_one : item.at_zero).margin(5e-7).epsilon(0));
    }
  }
}

TEST_CASE("the length-weighted baseline of a short right and a long wrong answer is a quarter", "[advantage]") {
  const std::vector<ScoredGroup> batch = {{.rewards = {1, 0}, .lengths = {1, 3}, .terms = {}}};
  CHECK(BatchAdvantages(batch, {.estimator = "length_baseline"})[0] == std::vector<double>{0.75, -0.25});
}

// Rewards {0, 2} and {1, 1, 4}: mean of the batch 1.6, squares 2.56 + 0.16 + 0.36 + 0.36 + 5.76 = 9.2, sample std sqrt(2.3).
TEST_CASE("estimators over the batch use the batch's statistics", "[advantage]") {
  const std::vector<ScoredGroup> batch = {Group({0, 2}), Group({1, 1, 4})};
  const double std = std::sqrt(2.3);
  const auto lite = BatchAdvantages(batch, {.estimator = "batch_std", .eps = 0});
  CHECK(lite[0][0] == Approx(-1 / std));
  CHECK(lite[1][2] == Approx(2 / std));
  const auto norm = BatchAdvantages(batch, {.estimator = "batch_norm", .eps = 0});
  CHECK(norm[0][0] == Approx(-1.6 / std));
  CHECK(norm[1][2] == Approx(2.4 / std));
}

// Two reward functions in one group: v = {1, 0} normalises to +-1/sqrt(2), w = {0, 4} with weight 0.5 to -+0.5/sqrt(2); their sum is
// +-0.5/sqrt(2), whose sample std is 0.5, so the advantages are +-1/sqrt(2).
TEST_CASE("each reward is normalised on its own", "[advantage]") {
  const std::vector<ScoredGroup> batch = {{.rewards = {1, 2}, .lengths = {1, 1}, .terms = {{1.0, {1, 0}}, {0.5, {0, 4}}}}};
  const auto advantages = BatchAdvantages(batch, {.estimator = "per_reward", .eps = 0});
  CHECK(advantages[0][0] == Approx(1 / std::sqrt(2.0)));
  CHECK(advantages[0][1] == Approx(-1 / std::sqrt(2.0)));
}

TEST_CASE("equal rewards give exact zeros and no signal", "[advantage]") {
  for (const std::string& estimator : EstimatorNames()) {
    INFO(estimator);
    for (const auto& [count, reward] :
         std::vector<std::pair<size_t, double>>{{16, 0.7}, {8, 0.3}, {8, 0.1}, {3, -2.5}, {64, 1e-300}, {1, 5}}) {
      const Result result = Advantages(std::vector<double>(count, reward), estimator);
      CHECK_FALSE(result.has_signal);
      CHECK(result.advantages == std::vector<double>(count, 0.0));
    }
    CHECK(Advantages({}, estimator).advantages.empty());
  }
}

// Beside groups with a signal, a group without one still gets nothing, except where the whole batch is the baseline.
TEST_CASE("a group of equal rewards learns nothing from the others", "[advantage]") {
  const std::vector<ScoredGroup> batch = {Group({0, 2, 1}), Group({0.7, 0.7}), Group({0.3})};
  for (const std::string& estimator : EstimatorNames()) {
    INFO(estimator);
    const auto advantages = BatchAdvantages(batch, {.estimator = estimator});
    CHECK((advantages[1] == std::vector<double>{0, 0}) == (estimator != "batch_norm"));
    CHECK((advantages[2] == std::vector<double>{0}) == (estimator != "batch_norm"));
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

std::vector<ScoredGroup> RandomBatch(uint32_t index) {
  std::vector<ScoredGroup> batch;
  for (uint32_t g = 0; g < 3; ++g) {
    batch.push_back(Group(RandomRewards(3 * index + g)));
    RandomStream random(10, RandomPurpose::kTaskContent, index, g);
    for (double& length : batch.back().lengths) {
      length = static_cast<double>(random.Between(1, 50));
    }
  }
  return batch;
}

TEST_CASE("advantages of a group sum to zero where the estimator says so", "[advantage]") {
  for (uint32_t index = 0; index < 100; ++index) {
    const std::vector<ScoredGroup> batch = RandomBatch(index);
    for (const AdvantageEstimator& estimator : AdvantageEstimators()) {
      INFO(estimator.name);
      const auto advantages = BatchAdvantages(batch, {.estimator = std::string(estimator.name)});
      for (size_t g = 0; g < batch.size(); ++g) {
        const bool is_weighted = estimator.name == "length_baseline";
        double sum = 0;
        for (size_t i = 0; i < advantages[g].size(); ++i) {
          sum += advantages[g][i] * (is_weighted ? batch[g].lengths[i] : 1.0);
        }
        if (estimator.centres_groups || is_weighted) {
          CHECK(std::abs(sum) <= 1e-10 * static_cast<double>(advantages[g].size()) * std::max(1.0, Largest(advantages[g])) * 50);
        }
      }
    }
  }
}

TEST_CASE("permuting a group permutes its advantages", "[advantage]") {
  for (uint32_t index = 0; index < 100; ++index) {
    const std::vector<ScoredGroup> batch = RandomBatch(index);
    std::vector<size_t> order(batch[0].rewards.size());
    std::iota(order.begin(), order.end(), size_t{0});
    RandomStream random(8, RandomPurpose::kTaskContent, index);
    for (size_t i = order.size() - 1; i > 0; --i) {
      std::swap(order[i], order[random.Below(i + 1)]);
    }
    std::vector<ScoredGroup> permuted = batch;
    for (size_t i = 0; i < order.size(); ++i) {
      permuted[0].rewards[i] = batch[0].rewards[order[i]];
      permuted[0].lengths[i] = batch[0].lengths[order[i]];
      permuted[0].terms[0].values[i] = batch[0].terms[0].values[order[i]];
    }
    for (const std::string& estimator : EstimatorNames()) {
      INFO(estimator);
      const auto before = BatchAdvantages(batch, {.estimator = estimator});
      const auto after = BatchAdvantages(permuted, {.estimator = estimator});
      for (size_t i = 0; i < order.size(); ++i) {
        CHECK(after[0][i] == Approx(before[0][order[i]]).epsilon(1e-9).margin(1e-12));
      }
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
      const Result before = Advantages(rewards, "group_std", eps);
      const Result after = Advantages(mapped, "group_std", eps);
      CHECK(before.has_signal == after.has_signal);
      for (size_t i = 0; i < rewards.size(); ++i) {
        CHECK(after.advantages[i] == Approx(before.advantages[i]).epsilon(tolerance).margin(tolerance));
      }
    }
  }
}

TEST_CASE("an estimator that does not exist is not found", "[advantage]") {
  CHECK(FindAdvantage("group_std") != nullptr);
  CHECK(FindAdvantage("group_sdt") == nullptr);
}

}  // namespace
}  // namespace cupel
