#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "policy/arch/architecture.h"

namespace cupel {

// What both kinds of model file check before a weight is read: every tensor of the architecture is there with the right shape (NotFound,
// InvalidArgument), and there is none beside them, because a weight that is left out silently would give another model (Unimplemented).
struct TensorCheck {
  std::string where;                                                            // the file
  std::function<const std::vector<int64_t>*(const TensorSpec& spec)> shape_of;  // null when the file lacks it
  std::function<std::string(const TensorSpec& spec)> name_of;                   // what the file calls it
  std::vector<std::string> names;                                               // of all tensors in the file
  std::function<bool(std::string_view name)> is_ignored;                        // tensors known to carry no weight
};
absl::Status CheckTensors(const std::vector<TensorSpec>& specs, const TensorCheck& file);

}  // namespace cupel
