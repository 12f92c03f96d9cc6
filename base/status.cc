#include "base/status.h"

namespace cupel {

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) {
    return status;
  }
  return absl::Status(status.code(), fmt::format("{}: {}", context, Message(status)));
}

}  // namespace cupel
