#include "experiments/model_options.h"

#include <CLI/CLI.hpp>

#include "base/status.h"

namespace cupel {

void DeclareModelOptions(CLI::App& app, ModelOptions& options) {
  app.add_option("--device", options.settings.device, "cpu, cuda (a GPU) or reference (the operations of cuda on the processor)")
      ->check(CLI::IsMember({"cpu", "cuda", "reference"}))
      ->capture_default_str();
  app.add_option("--compute", options.settings.compute, "bf16 or fp32")->check(CLI::IsMember({"bf16", "fp32"}))->capture_default_str();
  app.add_option("--weights", options.weights,
                 "what sampling computes with: exact (the weights of training) or int8 (rounded to 8 bits, up to twice as fast)")
      ->check(CLI::IsMember({"exact", "int8"}))
      ->capture_default_str();
  app.add_option("--threads", options.settings.threads, "processor cores to use; 0: all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

absl::StatusOr<std::unique_ptr<Policy>> LoadPolicy(const ModelOptions& options, uint64_t seed) {
  const ModelSettings& settings = options.settings;
  if (options.weights == "int8" && settings.device != "cpu") {
    return InvalidArgument("--weights int8 has kernels for the processor only, but --device is {}; leave one of them out", settings.device);
  }
  absl::StatusOr<std::unique_ptr<Policy>> policy = Policy::Load(settings, seed);
  if (!policy.ok() && settings.device != "cpu") {
    return Annotate(policy.status(), "--device " + settings.device);
  }
  return policy;
}

}  // namespace cupel
