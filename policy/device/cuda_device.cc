#include <utility>

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>

#include "base/status.h"
#include "policy/device/device.h"

// Builds with CUDA.

namespace cupel {
namespace {

// Calls whose memory and plans must be there before a capture, which may make neither: those of the product libraries.
constexpr int kWarmUps = 2;

class CudaGraph final : public DeviceGraph {
 public:
  explicit CudaGraph(std::function<void()> work) : work_(std::move(work)) {}

  void Run() override {
    if (!is_captured_) {
      Capture();
    }
    graph_.replay();
  }

 private:
  // A capture needs a stream of its own; what was issued before must be done, and what follows must see the warm-ups done.
  void Capture() {
    c10::cuda::getCurrentCUDAStream().synchronize();
    const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
    const c10::cuda::CUDAStreamGuard guard(stream);
    for (int i = 0; i < kWarmUps; ++i) {
      work_();
    }
    stream.synchronize();
    // Allocations of other threads of the program may go on meanwhile.
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    work_();
    graph_.capture_end();
    is_captured_ = true;
  }

  std::function<void()> work_;
  at::cuda::CUDAGraph graph_;
  bool is_captured_ = false;
};

// Why the driver gives no device, in its own words.
std::string DriverTrouble() {
  int count = 0;
  const cudaError_t error = c10::cuda::GetDeviceCount(&count);
  static_cast<void>(cudaGetLastError());  // so that the next call does not report it again
  return error == cudaSuccess ? "the driver counts no device" : cudaGetErrorString(error);
}

}  // namespace

absl::StatusOr<at::Device> FindCuda() {
  if (c10::cuda::device_count() == 0) {
    return FailedPrecondition(
        "model.device = \"cuda\": no GPU can be used here ({}); see that `nvidia-smi` lists one and that CUDA_VISIBLE_DEVICES does not "
        "hide it, "
        "or set model.device to \"cpu\"",
        DriverTrouble());
  }
  return at::Device(at::kCUDA, 0);
}

DeviceReport ReportCuda() {
  if (c10::cuda::device_count() == 0) {
    return {.is_usable = false, .text = fmt::format("in this build, but no GPU can be used here ({})", DriverTrouble())};
  }
  cudaDeviceProp properties{};
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, 0));
  return {.is_usable = true,
          .text = fmt::format("{}, compute capability {}.{}, {} GiB", properties.name, properties.major, properties.minor,
                              properties.totalGlobalMem >> 30)};
}

std::unique_ptr<DeviceGraph> MakeCudaGraph(std::function<void()> work) { return std::make_unique<CudaGraph>(std::move(work)); }

}  // namespace cupel
