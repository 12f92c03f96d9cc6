#include <utility>

#include <ATen/Context.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
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

// Flash attention's, and the first with products of bf16.
constexpr int kOldestCapability = 8;

// All graphs are captured on one stream and keep their temporaries in one pool: they are replayed one after another, and none of them finds
// there what another left. A pool and a stream for each would keep as much memory as all of them together.
struct CaptureSite {
  c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
  at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
};

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
    static const CaptureSite site;
    c10::cuda::getCurrentCUDAStream().synchronize();
    const c10::cuda::CUDAStreamGuard guard(site.stream);
    for (int i = 0; i < kWarmUps; ++i) {
      work_();
    }
    site.stream.synchronize();
    // What the allocator has kept for later it cannot give back while a capture lasts.
    c10::cuda::CUDACachingAllocator::emptyCache();
    // Allocations of other threads of the program may go on meanwhile.
    graph_.capture_begin(site.pool, cudaStreamCaptureModeThreadLocal);
    try {
      work_();
    } catch (...) {
      AbandonCapture();
      throw;
    }
    graph_.capture_end();
    is_captured_ = true;
  }

  // Otherwise everything that the stream is asked later fails as well.
  void AbandonCapture() {
    try {
      graph_.capture_end();
    } catch (const c10::Error&) {  // the capture is invalid, which is why it ends
    }
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

// Why the first device does not serve; empty where it does.
std::string DeviceTrouble(const cudaDeviceProp& properties) {
  if (properties.major < kOldestCapability) {
    return fmt::format("{} has compute capability {}.{}, and {}.0 is needed for flash attention and bf16", properties.name,
                       properties.major, properties.minor, kOldestCapability);
  }
  const cudaError_t error = cudaFree(nullptr);  // makes the context, which a driver may refuse for a device that it counts
  static_cast<void>(cudaGetLastError());
  return error == cudaSuccess ? "" : fmt::format("{}: {}", properties.name, cudaGetErrorString(error));
}

cudaDeviceProp FirstDevice() {
  cudaDeviceProp properties{};
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, 0));
  return properties;
}

}  // namespace

absl::StatusOr<at::Device> FindCuda() {
  const std::string trouble = c10::cuda::device_count() == 0 ? DriverTrouble() : DeviceTrouble(FirstDevice());
  if (!trouble.empty()) {
    return FailedPrecondition(
        "model.device = \"cuda\": no GPU can be used here ({}); see that `nvidia-smi` lists one and that CUDA_VISIBLE_DEVICES does not "
        "hide it, or set model.device to \"cpu\"",
        trouble);
  }
  // Partial sums in bf16 would be taken for few rows and not for many: in sampling and not in training.
  at::globalContext().setAllowBF16ReductionCuBLAS(false);
  return at::Device(at::kCUDA, 0);
}

DeviceReport ReportCuda() {
  if (c10::cuda::device_count() == 0) {
    return {.is_usable = false, .text = fmt::format("in this build, but no GPU can be used here ({})", DriverTrouble())};
  }
  const cudaDeviceProp properties = FirstDevice();
  if (const std::string trouble = DeviceTrouble(properties); !trouble.empty()) {
    return {.is_usable = false, .text = fmt::format("in this build, but the GPU cannot be used ({})", trouble)};
  }
  return {.is_usable = true,
          .text = fmt::format("{}, compute capability {}.{}, {} GiB", properties.name, properties.major, properties.minor,
                              properties.totalGlobalMem >> 30)};
}

std::unique_ptr<DeviceGraph> MakeCudaGraph(std::function<void()> work) { return std::make_unique<CudaGraph>(std::move(work)); }

}  // namespace cupel
