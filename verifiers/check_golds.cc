#include "verifiers/check_golds.h"

#include "base/status.h"
#include "verifiers/verifier.h"

namespace cupel {

absl::Status CheckGold(const Task& task) {
  CUPEL_ASSIGN_OR_RETURN(const Verifier* verifier, FindVerifier(task.verifier));
  return verifier->CheckGold(task);
}

absl::Status CheckGolds(const Dataset& dataset) { return CheckTasks(dataset, &CheckGold); }

}  // namespace cupel
