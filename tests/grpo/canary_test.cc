// Covers grpo/canary.h. Alone: build/release/tests/grpo_test "[canary]"

#include "grpo/canary.h"

#include <algorithm>

#include "tests/grpo/tiny_policy.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

TEST_CASE("the gradient of a problem with a closed form is right, in fp32 and bf16", "[canary]") {
  for (const char* compute : {"fp32", "bf16"}) {
    INFO(compute);
    ModelSettings settings;
    settings.path = "tiny";
    settings.chat_template = "plain";
    settings.compute = compute;
    settings.linear = "kernel";
    const std::unique_ptr<Policy> policy = Policy::Load(settings, 1).value();
    policy->EnableTraining();
    const CanaryResult result = RunCanary(*policy);
    INFO("error " << result.largest_error << ", loss " << result.loss);
    CHECK(result.is_right);
    CHECK(result.largest_error > 0);
    const std::vector<float> gradients = testing::Gradients(*policy);
    CHECK(std::all_of(gradients.begin(), gradients.end(), [](float gradient) { return gradient == 0; }));
  }
}

// A canary that cannot die protects nobody: gradients that were there before make it fail.
TEST_CASE("a wrong gradient is seen", "[canary]") {
  const std::unique_ptr<Policy> policy = testing::LoadTiny();
  policy->EnableTraining();
  policy->weights().head_weight().grad.mutable_data_ptr<float>()[5] = 0.1F;
  CHECK_FALSE(RunCanary(*policy).is_right);
}

}  // namespace
}  // namespace cupel
