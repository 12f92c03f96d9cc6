#include "policy/calibration.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <torch/headeronly/version.h>

#include "policy/kernels/cpu/kernels.h"

namespace cupel {
namespace {

// The shortest of `repeats` runs after one that is not counted.
double BestSeconds(int repeats, const std::function<void()>& work) {
  work();
  double best = 1e30;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace

Calibration MeasureCalibration(int threads) {
  constexpr int64_t kSize = 1024;
  constexpr size_t kCopyBytes = size_t{256} << 20;
  const int threads_before = at::get_num_threads();
  at::set_num_threads(threads);
  const kernels::KernelTable* kernels = kernels::BestKernels();
  const bool is_bf16 = kernels != nullptr && kernels->multiplies_bf16;
  const at::Tensor a = at::ones({kSize, kSize}, is_bf16 ? at::kBFloat16 : at::kFloat);
  const at::Tensor b = at::ones_like(a);
  Calibration calibration{.matmul_type = is_bf16 ? "bf16" : "fp32"};
  calibration.matmul_gflops = 2e-9 * kSize * kSize * kSize / BestSeconds(20, [&] { static_cast<void>(at::mm(a, b)); });
  std::vector<char> from(kCopyBytes, 1);
  std::vector<char> to(kCopyBytes);
  calibration.copy_gb_per_s =
      1e-9 * static_cast<double>(kCopyBytes) / BestSeconds(5, [&] { std::memcpy(to.data(), from.data(), kCopyBytes); });
  at::set_num_threads(threads_before);
  return calibration;
}

std::string LibTorchVersion() { return TORCH_VERSION; }

}  // namespace cupel
