#pragma once

#include <cstdint>
#include <vector>

#include "datasets/dataset.h"

namespace cupel {

// Chooses the tasks of each training step: epochs over the dataset, each in a new order, read without gaps across steps. Draw is a pure
// function of (seed, step, n), so a resumed run draws what the uninterrupted one would have drawn; n must be the same in every step of a
// run.
class TaskSampler {
 public:
  TaskSampler(const Dataset& dataset, uint64_t seed) : dataset_(dataset), seed_(seed) {}
  // Indices of the n tasks of `step` (0-based). The same task may appear twice only when n exceeds the dataset's size or an epoch ends
  // inside a step.
  std::vector<int64_t> DrawIndices(int64_t step, int64_t n) const;
  std::vector<Task> Draw(int64_t step, int64_t n) const;
  // The task at a position of the concatenation of all epochs.
  int64_t IndexAt(int64_t position) const;

 private:
  const Dataset& dataset_;  // borrowed
  uint64_t seed_;
};

}  // namespace cupel
