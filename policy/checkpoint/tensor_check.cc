#include "policy/checkpoint/tensor_check.h"

#include <absl/container/flat_hash_set.h>

#include "base/status.h"

namespace cupel {

absl::Status CheckTensors(const std::vector<TensorSpec>& specs, const TensorCheck& file) {
  absl::flat_hash_set<std::string> expected;
  for (const TensorSpec& spec : specs) {
    const std::string name = file.name_of(spec);
    const std::vector<int64_t>* shape = file.shape_of(spec);
    if (shape == nullptr) return absl::NotFoundError(fmt::format("{}: tensor {} is missing; the file is incomplete", file.where, name));
    if (*shape != spec.shape) {
      return InvalidArgument("{}: tensor {} has shape [{}], the configuration asks for [{}]", file.where, name, fmt::join(*shape, ", "),
                             fmt::join(spec.shape, ", "));
    }
    expected.insert(name);
  }
  for (const std::string& name : file.names) {
    if (expected.contains(name) || file.is_ignored(name)) continue;
    return Unimplemented("{}: tensor {} belongs to no part of this architecture; leaving it out would give another model", file.where,
                         name);
  }
  return absl::OkStatus();
}

}  // namespace cupel
