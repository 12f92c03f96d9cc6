// The stages of a run: what each draws, what none draws, what is refused. Run alone: build/release/tests/datasets_test "[curriculum]"

#include "datasets/curriculum.h"

#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "datasets/task_sampler.h"

namespace cupel {
namespace {

using Catch::Contains;

// Two-digit sums and differences, reached through one digit (10 steps) and sums up to 30 (5 steps).
DatasetConfig TwoDigits() {
  DatasetConfig config;
  config.arithmetic.max_operand = 99;
  config.curriculum = {{.steps = 10, .set = {"arithmetic.max_operand=9"}},
                       {.steps = 5, .set = {"arithmetic.max_operand=30", "arithmetic.operators=[\"+\"]"}}};
  return config;
}

std::set<std::string> Ids(const Dataset& dataset) {
  std::set<std::string> ids;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    ids.insert(dataset.At(i).id);
  }
  return ids;
}

std::vector<std::string> DrawnIds(const Curriculum& curriculum, int64_t step, int64_t n) {
  std::vector<std::string> ids;
  for (const Task& task : curriculum.Draw(step, n)) {
    ids.push_back(task.id);
  }
  return ids;
}

std::string ErrorOf(const DatasetConfig& config) { return std::string(Message(Curriculum::Create(config, 1).status())); }

TEST_CASE("without stages the curriculum is the training split and its sampler", "[curriculum]") {
  const DatasetConfig config;
  const auto dataset = MakeDataset(config, 7, Split::kTrain).value();
  const TaskSampler sampler(*dataset, 7);
  const Curriculum curriculum = Curriculum::Create(config, 7).value();
  REQUIRE(curriculum.stages().size() == 1);
  for (int64_t step = 0; step < 30; ++step) {
    std::vector<std::string> expected;
    for (const Task& task : sampler.Draw(step, 8)) {
      expected.push_back(task.id);
    }
    CHECK(DrawnIds(curriculum, step, 8) == expected);
  }
}

TEST_CASE("each step draws from its stage, the last one from the final settings", "[curriculum]") {
  const Curriculum curriculum = Curriculum::Create(TwoDigits(), 1).value();
  const std::vector<Curriculum::Stage>& stages = curriculum.stages();
  REQUIRE(stages.size() == 3);
  CHECK(stages[0].first_step == 0);
  CHECK(stages[1].first_step == 10);
  CHECK(stages[2].first_step == 15);
  const std::vector<std::set<std::string>> ids = {Ids(*stages[0].tasks), Ids(*stages[1].tasks), Ids(*stages[2].tasks)};
  for (const auto& [step, stage] : {std::pair<int64_t, size_t>{0, 0}, {9, 0}, {10, 1}, {14, 1}, {15, 2}, {1000, 2}}) {
    for (const std::string& id : DrawnIds(curriculum, step, 16)) {
      CHECK(ids[stage].contains(id));
    }
  }
}

TEST_CASE("no stage draws what evaluation asks, though its own split would", "[curriculum]") {
  const DatasetConfig config = TwoDigits();
  const std::set<std::string> evaluated = Ids(*MakeDataset(config, 1, Split::kEval).value());
  const Curriculum curriculum = Curriculum::Create(config, 1).value();
  for (const Curriculum::Stage& stage : curriculum.stages()) {
    for (const std::string& id : Ids(*stage.tasks)) {
      CHECK_FALSE(evaluated.contains(id));
    }
  }
  DatasetConfig one_digit = config;
  one_digit.arithmetic.max_operand = 9;
  const std::set<std::string> own_split = Ids(*MakeDataset(one_digit, 1, Split::kTrain).value());
  CHECK(std::ranges::any_of(own_split, [&](const std::string& id) { return evaluated.contains(id); }));
}

TEST_CASE("a stage counts its epochs from its own first step", "[curriculum]") {
  const Curriculum curriculum = Curriculum::Create(TwoDigits(), 3).value();
  const Dataset& second = *curriculum.stages()[1].tasks;
  const TaskSampler sampler(second, 3);
  CHECK(DrawnIds(curriculum, 10, 4).front() == sampler.Draw(0, 4).front().id);
}

TEST_CASE("unusable stages are refused with their number", "[curriculum]") {
  DatasetConfig unknown = TwoDigits();
  unknown.curriculum[1].set = {"arithmetic.max_operands=3"};
  CHECK_THAT(ErrorOf(unknown), Contains("data.curriculum.1") && Contains("did you mean arithmetic.max_operand?"));
  DatasetConfig bad_value = TwoDigits();
  bad_value.curriculum[0].set = {"arithmetic.operators=[\"/\"]"};
  CHECK_THAT(ErrorOf(bad_value), Contains("data.curriculum.0") && Contains("is not one of"));
  DatasetConfig nested = TwoDigits();
  nested.curriculum[0].set = {"curriculum=[{steps = 1}]"};
  CHECK_THAT(ErrorOf(nested), Contains("data.curriculum.0") && Contains("cannot set the curriculum"));
}

TEST_CASE("a stage that evaluation covers whole is refused", "[curriculum]") {
  DatasetConfig config;
  config.arithmetic.max_operand = 9;
  config.arithmetic.held_out_fraction = 0.9;
  const std::set<std::string> evaluated = Ids(*MakeDataset(config, 1, Split::kEval).value());
  // A single pair of numbers, held out of the final settings but not of its own.
  for (int64_t n = 0; n < 10; ++n) {
    const std::string id = "arithmetic/" + std::to_string(n) + "+" + std::to_string(n);
    config.curriculum = {{.steps = 1,
                          .set = {"arithmetic.min_operand=" + std::to_string(n), "arithmetic.max_operand=" + std::to_string(n),
                                  "arithmetic.held_out_fraction=0.01"}}};
    if (evaluated.contains(id)) {
      CHECK_THAT(ErrorOf(config), Contains("data.curriculum.0: every task is one that evaluation asks"));
    } else {
      CHECK(Curriculum::Create(config, 1).ok());
    }
  }
}

}  // namespace
}  // namespace cupel
