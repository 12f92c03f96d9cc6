#include "datasets/task_sampler.h"

#include "base/check.h"
#include "base/random.h"
#include "datasets/permutation.h"

namespace cupel {

int64_t TaskSampler::IndexAt(int64_t position) const {
  const int64_t size = dataset_.size();
  return PermutedIndex(size, RandomKey(seed_, RandomPurpose::kTaskOrder), static_cast<uint64_t>(position / size), position % size);
}

std::vector<int64_t> TaskSampler::DrawIndices(int64_t step, int64_t n) const {
  int64_t position = 0;
  Check(step >= 0 && n >= 0 && !__builtin_mul_overflow(step, n, &position), "step and n are counts");
  std::vector<int64_t> indices;
  indices.reserve(static_cast<size_t>(n));
  for (const int64_t end = position + n; position < end; ++position) {
    indices.push_back(IndexAt(position));
  }
  return indices;
}

std::vector<Task> TaskSampler::Draw(int64_t step, int64_t n) const {
  std::vector<Task> tasks;
  tasks.reserve(static_cast<size_t>(n));
  for (const int64_t index : DrawIndices(step, n)) {
    tasks.push_back(dataset_.At(index));
  }
  return tasks;
}

}  // namespace cupel
