#include "tests/policy/device/on_device.h"

#include <cstdlib>
#include <iostream>

#include <ATen/ops/linspace.h>

#include "base/random.h"
#include "base/status.h"
#include "policy/device/device.h"
#include "tests/testing/catch_torch.h"

namespace cupel {

std::string TestDevice() {
  const char* name = std::getenv("CUPEL_TEST_DEVICE");
  return name == nullptr ? "reference" : name;
}

std::unique_ptr<Policy> LoadSharp(const std::string& device, const std::string& compute, int64_t lora_rank, int64_t threads) {
  ModelSettings settings;
  settings.path = "tiny";
  settings.chat_template = "plain";
  settings.compute = compute;
  settings.device = device;
  settings.linear = device == "cpu" ? "kernel" : "auto";
  settings.threads = threads;
  settings.lora.rank = lora_rank;
  settings.lora.alpha = 8;
  absl::StatusOr<std::unique_ptr<Policy>> policy = Policy::Load(settings, 11);
  INFO(Message(policy.status()));
  REQUIRE(policy.ok());
  DecoderWeights& weights = (*policy)->weights();
  for (Parameter* parameter : Parameters(weights)) {
    if (parameter->master.dim() == 1) {
      parameter->master.copy_(at::linspace(0.5, 1.5, parameter->master.size(0)));
    } else {
      parameter->master.mul_(6.0);
    }
  }
  // The factors of adapters away from zero, so that both have a gradient.
  RandomStream random(9, RandomPurpose::kTaskContent);
  for (LinearWeights* matrix : LayerMatrices(weights)) {
    for (Adapter& adapter : matrix->adapters) {
      auto* b = adapter.b.master.mutable_data_ptr<float>();
      for (int64_t i = 0; i < adapter.b.master.numel(); ++i) {
        b[i] = static_cast<float>(0.1 * random.Normal());
      }
    }
  }
  (*policy)->CommitUpdate();
  return *std::move(policy);
}

// Asked by gpu_test.sh before all others.
TEST_CASE("the device under test is there", "[.][available]") {
  const auto device = FindDevice(TestDevice());
  if (!device.ok()) {
    std::cout << "SKIPPED: the tests of model.device = \"" << TestDevice() << "\": " << Message(device.status()) << "\n";
  }
  REQUIRE(device.ok());
}

}  // namespace cupel
