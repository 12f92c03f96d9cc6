// Which tasks a training step draws. Run alone: build/release/tests/datasets_test "[task_sampler]"

#include "datasets/task_sampler.h"

#include <algorithm>
#include <numeric>
#include <string>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

class CountingDataset final : public Dataset {
 public:
  explicit CountingDataset(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  Task At(int64_t index) const override { return {"task " + std::to_string(index), {{"user", "?"}}, "1", "number", ""}; }

 private:
  int64_t size_;
};

// The draws of the first `steps` steps, one after the other.
std::vector<int64_t> DrawSteps(const TaskSampler& sampler, int64_t steps, int64_t n) {
  std::vector<int64_t> all;
  for (int64_t step = 0; step < steps; ++step) {
    const std::vector<int64_t> drawn = sampler.DrawIndices(step, n);
    all.insert(all.end(), drawn.begin(), drawn.end());
  }
  return all;
}

TEST_CASE("an epoch draws every task once, across the borders of steps", "[task_sampler]") {
  const CountingDataset dataset(10);
  std::vector<int64_t> all = DrawSteps(TaskSampler(dataset, 1), 10, 3);
  REQUIRE(all.size() == 30);
  for (auto epoch = all.begin(); epoch != all.end(); epoch += 10) {
    CHECK(std::is_permutation(epoch, epoch + 10, std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}.begin()));
  }
  CHECK_FALSE(std::equal(all.begin(), all.begin() + 10, all.begin() + 10));
}

TEST_CASE("a draw is a function of seed and step alone", "[task_sampler]") {
  const CountingDataset dataset(1000);
  const TaskSampler sampler(dataset, 5);
  const std::vector<int64_t> later = sampler.DrawIndices(7, 8);
  DrawSteps(sampler, 20, 8);
  CHECK(sampler.DrawIndices(7, 8) == later);
  CHECK(TaskSampler(dataset, 5).DrawIndices(7, 8) == later);
  CHECK(TaskSampler(dataset, 6).DrawIndices(7, 8) != later);
}

TEST_CASE("one step may span several epochs", "[task_sampler]") {
  const CountingDataset dataset(3);
  const std::vector<int64_t> drawn = TaskSampler(dataset, 1).DrawIndices(0, 7);
  REQUIRE(drawn.size() == 7);
  for (int64_t i = 0; i < 3; ++i) {
    CHECK(std::ranges::count(drawn, i) >= 2);
  }
}

TEST_CASE("tasks are those of the indices", "[task_sampler]") {
  const CountingDataset dataset(50);
  const TaskSampler sampler(dataset, 1);
  const std::vector<int64_t> indices = sampler.DrawIndices(2, 4);
  const std::vector<Task> tasks = sampler.Draw(2, 4);
  REQUIRE(tasks.size() == 4);
  for (size_t i = 0; i < 4; ++i) {
    CHECK(tasks[i].id == dataset.At(indices[i]).id);
  }
}

TEST_CASE("very long runs over very large datasets do not overflow", "[task_sampler]") {
  const CountingDataset dataset(int64_t{1} << 62);
  for (const int64_t index : TaskSampler(dataset, 1).DrawIndices(int64_t{1} << 50, 1 << 10)) {
    CHECK((0 <= index && index < dataset.size()));
  }
}

}  // namespace
}  // namespace cupel
