#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "policy/policy.h"

namespace cupel {

// What a checkpoint holds beside the policy: the state of who trains it, as files in a folder.
class Checkpointed {
 public:
  virtual ~Checkpointed() = default;
  // Into `directory` (must exist), each file fsynced; names and SHA-256.
  virtual absl::StatusOr<std::vector<Policy::WrittenFile>> SaveState(const std::string& directory) const = 0;
  virtual absl::Status LoadState(const std::string& directory) = 0;
};

}  // namespace cupel
