#pragma once

#include <string>

namespace cupel {

// What the machine gives at this moment, measured with library routines that have nothing to do with our kernels: the line that any figure
// of speed is quoted with.
struct Calibration {
  double matmul_gflops = 0;  // bf16 1024 x 1024 x 1024 product by LibTorch on `threads` threads
  double copy_gb_per_s = 0;  // memcpy of 256 MB on one thread, bytes counted once
};
Calibration MeasureCalibration(int threads);  // takes about half a second; allocates 512 MB for its time

std::string LibTorchVersion();  // "2.11.0"

}  // namespace cupel
