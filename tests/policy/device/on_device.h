#pragma once

#include <memory>
#include <string>

#include "policy/policy.h"

// What the tests of policy/device/ share. They run twice: on "reference", everywhere, and as policy_gpu_test with CUPEL_TEST_DEVICE=cuda in
// the environment, where that is to be had.

namespace cupel {

// "reference", or what the environment says.
std::string TestDevice();

// The built-in model with weights large enough for softmax and attention to be far from uniform. `device`: model.device.
std::unique_ptr<Policy> LoadSharp(const std::string& device, const std::string& compute = "fp32", int64_t lora_rank = 0,
                                  int64_t threads = 1);

// fp32 models that are the same on the kernels and on the device under test.
struct Pair {
  std::unique_ptr<Policy> kernels = LoadSharp("cpu");
  std::unique_ptr<Policy> device = LoadSharp(TestDevice());
};

}  // namespace cupel
