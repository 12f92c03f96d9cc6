#include "datasets/task_sampler.h"

#include "base/check.h"
#include "base/random.h"
#include "datasets/permutation.h"

namespace cupel {

std::vector<int64_t> TaskSampler::DrawIndices(int64_t step, int64_t n) const {
  int64_t position = 0;  // in the concatenation of all epochs
  Check(step >= 0 && n >= 0 && !__builtin_mul_overflow(step, n, &position), "step and n are counts");
  const std::array<uint32_t, 2> key = RandomKey(seed_, RandomPurpose::kTaskOrder);
  const int64_t size = dataset_.size();
  std::vector<int64_t> indices;
  indices.reserve(static_cast<size_t>(n));
  for (const int64_t end = position + n; position < end; ++position) {
    const uint64_t epoch = static_cast<uint64_t>(position / size);
    indices.push_back(PermutedIndex(size, key, epoch, position % size));
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
