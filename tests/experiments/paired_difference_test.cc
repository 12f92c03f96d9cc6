// Covers the comparison of two evaluations by question. Alone: build/release/tests/experiments_offline_test "[paired_difference]"

#include "experiments/paired_difference.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/status.h"

namespace cupel {
namespace {

TEST_CASE("a difference is over the questions that both answered, with the error of their differences", "[paired_difference]") {
  // Differences 0.5, 0, 0, -0.25; their standard error by Python: statistics.stdev(d) / 2 = 0.1572882.
  const TaskShares first = {{"a", 0.5}, {"b", 0.25}, {"c", 1}, {"d", 0.75}, {"only first", 1}};
  const TaskShares second = {{"a", 1}, {"b", 0.25}, {"c", 1}, {"d", 0.5}, {"only second", 0}, {"another", 0}};
  const PairedDifference pair = Compare(first, second);
  CHECK(pair.first.mean == Approx(0.625));
  CHECK(pair.second.mean == Approx(0.6875));
  CHECK(pair.difference.mean == Approx(0.0625));
  CHECK(pair.difference.error == Approx(0.1572882).margin(1e-7));
  CHECK(pair.low95() == Approx(0.0625 - 1.959964 * 0.1572882).margin(1e-6));
  CHECK(pair.high95() == Approx(0.0625 + 1.959964 * 0.1572882).margin(1e-6));
  CHECK((pair.better == 1 && pair.worse == 1 && pair.same == 2 && pair.left_out == 3));
  const PairedDifference other = Compare(second, first);
  CHECK(other.difference.mean == Approx(-pair.difference.mean));
  CHECK(other.low95() == Approx(-pair.high95()));
  CHECK(Compare(first, {}).questions() == 0);
}

TEST_CASE("questions that are not such are refused with their place", "[paired_difference]") {
  const auto read = [](const char* text) { return ReadTaskShares(ParseJson(text, "test").value(), "file"); };
  const absl::StatusOr<TaskShares> shares =
      read(R"([{"task": "a", "correct": 3, "samples": 4, "gold": "7"}, {"task": "b", "correct": 0, "samples": 4}])");
  REQUIRE(shares.ok());
  CHECK(*shares == TaskShares{{"a", 0.75}, {"b", 0}});
  for (const char* bad : {R"([{"task": "a", "correct": 1, "samples": 0}])", R"([{"task": 1, "correct": 1, "samples": 2}])", R"([7])",
                          R"([{"task": "a", "samples": 2}])", R"({"x": 1})"}) {
    INFO(bad);
    const absl::StatusOr<TaskShares> refused = read(bad);
    REQUIRE_FALSE(refused.ok());
    CHECK(std::string(Message(refused.status())).find("file: question 1 lacks") == 0);
  }
  const absl::StatusOr<TaskShares> twice =
      read(R"([{"task": "a", "correct": 1, "samples": 2}, {"task": "a", "correct": 1, "samples": 2}])");
  CHECK(std::string(Message(twice.status())) == "file: task a comes twice");
}

}  // namespace
}  // namespace cupel
