#include "experiments/command.h"

#include <fmt/format.h>

#include "base/status.h"

namespace cupel {

int Fail(const absl::Status& status) {
  fmt::print(stderr, "cupel: {}\n", Message(status));
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return kExitUsage;
    case absl::StatusCode::kAborted:
      return kExitSafety;
    default:
      return kExitFailed;
  }
}

}  // namespace cupel
