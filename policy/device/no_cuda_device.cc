#include "base/check.h"
#include "base/status.h"
#include "policy/device/device.h"

// Builds without CUDA.

namespace cupel {

absl::StatusOr<at::Device> FindCuda() {
  return FailedPrecondition(
      "model.device = \"cuda\": this program was built without CUDA; build one with -DCUPEL_WITH_CUDA=ON (docs/training.md, \"On a GPU\"), "
      "or set model.device to \"cpu\"");
}

DeviceReport ReportCuda() { return {.is_usable = false, .text = "not in this build (-DCUPEL_WITH_CUDA=ON)"}; }

std::unique_ptr<DeviceGraph> MakeCudaGraph(std::function<void()>) {
  Check(false, "FindCuda found no device");
  return nullptr;
}

}  // namespace cupel
