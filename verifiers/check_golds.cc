#include "verifiers/check_golds.h"

#include "base/status.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

constexpr int64_t kMaxAllTasks = int64_t{1} << 20;
constexpr int64_t kSample = 4096;

absl::Status CheckTask(const Task& task) {
  CUPEL_ASSIGN_OR_RETURN(const Verifier* verifier, FindVerifier(task.verifier));
  return verifier->CheckGold(task);
}

}  // namespace

absl::Status CheckGolds(const Dataset& dataset) {
  const int64_t count = dataset.size() <= kMaxAllTasks ? dataset.size() : kSample;
  for (int64_t i = 0; i < count; ++i) {
    const Task task = dataset.At(i);
    CUPEL_RETURN_IF_ERROR(Annotate(CheckTask(task), task.id));
  }
  return absl::OkStatus();
}

}  // namespace cupel
