#include "policy/device/device.h"

#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace cupel {
namespace {

class PlainCalls final : public DeviceGraph {
 public:
  explicit PlainCalls(std::function<void()> work) : work_(std::move(work)) {}
  void Run() override { work_(); }

 private:
  std::function<void()> work_;
};

}  // namespace

absl::StatusOr<std::optional<at::Device>> FindDevice(const std::string& name) {
  if (name == "cpu") {
    return std::nullopt;
  }
  if (name == "reference") {
    return at::Device(at::kCPU);
  }
  if (name == "cuda") {
    CUPEL_ASSIGN_OR_RETURN(const at::Device device, FindCuda());
    return device;
  }
  return InvalidArgument("model.device is \"{}\", but must be \"cpu\", \"cuda\" or \"reference\"", name);
}

std::unique_ptr<DeviceGraph> MakeDeviceGraph(at::Device device, std::function<void()> work) {
  if (device.is_cuda()) {
    return MakeCudaGraph(std::move(work));
  }
  Check(device.is_cpu(), "LibTorch computes on the processor or with CUDA");
  return std::make_unique<PlainCalls>(std::move(work));
}

}  // namespace cupel
