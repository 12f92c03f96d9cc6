#pragma once

#include <string>
#include <string_view>

namespace cupel {

// What the machine gives at this moment, measured with library routines that have nothing to do with our kernels: the line that any figure
// of speed is quoted with.
struct Calibration {
  // A product of 1024 x 1024 x 1024 by LibTorch on `threads` threads, in the type that training multiplies in on this processor: bf16, or
  // fp32 where bf16 products would be emulated (ComputeBackend::widens_products).
  double matmul_gflops = 0;
  std::string_view matmul_type;  // "bf16", "fp32"
  double copy_gb_per_s = 0;      // memcpy of 256 MB on one thread, bytes counted once
};
Calibration MeasureCalibration(int threads);  // takes about half a second; allocates 512 MB for its time

std::string LibTorchVersion();  // "2.11.0"

}  // namespace cupel
