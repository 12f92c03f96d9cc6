#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <absl/status/statusor.h>
#include <c10/core/Device.h>

// Where LibTorch computes, and what a GPU can do that a processor cannot. The only part of the program that is built differently with
// -DCUPEL_WITH_CUDA=ON: everything else asks a tensor where it lies.

namespace cupel {

// What `model.device` names: nothing for "cpu" (the kernels of the project), the processor for "reference", the first GPU for "cuda".
// FailedPrecondition when this build has no CUDA or this machine no GPU that works, with what to do.
absl::StatusOr<std::optional<at::Device>> FindDevice(const std::string& name);

// For `cupel doctor`: whether "cuda" would work here, in one line.
struct DeviceReport {
  bool is_usable;
  std::string text;
};
DeviceReport ReportCuda();

// A piece of work over fixed tensors that is done many times. On a GPU the first Run records it as a graph and later ones replay that, so
// the processor issues one call for all of its operations; elsewhere every Run just calls it. The work must not allocate what outlives it,
// wait for the device or read from it, and must find its inputs where they were: the same addresses every time.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  virtual void Run() = 0;
};
std::unique_ptr<DeviceGraph> MakeDeviceGraph(at::Device device, std::function<void()> work);

// The parts of the above that need CUDA: cuda_device.cc, or no_cuda_device.cc in builds without it.
absl::StatusOr<at::Device> FindCuda();
std::unique_ptr<DeviceGraph> MakeCudaGraph(std::function<void()> work);

}  // namespace cupel
