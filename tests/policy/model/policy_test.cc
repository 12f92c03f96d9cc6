// Policy on the built-in model: loading, updates, saving and loading weights, unusable settings. Run alone:
// build/release/tests/policy_test "[policy]"

#include "policy/policy.h"

#include <memory>
#include <stdlib.h>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/status.h"
#include "policy/checkpoint/hf_directory.h"
#include "tests/policy/model/reference_decoder.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

std::unique_ptr<Policy> LoadTiny(const std::string& compute, uint64_t seed = 5) {
  ModelSettings settings;
  settings.path = "tiny";
  settings.compute = compute;
  settings.linear = "kernel";
  auto policy = Policy::Load(settings, seed);
  INFO(Message(policy.status()));
  REQUIRE(policy.ok());
  return *std::move(policy);
}

at::Tensor Score(Policy& policy) {
  const at::NoGradGuard no_grad;
  return policy.TokenLogprobs(Pack(SampleGroups()), 1.0).logprobs;
}

// A directory that is removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~TemporaryDirectory() { (void)RemoveTree(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/cupel-policy-test-XXXXXX";
};

}  // namespace

TEST_CASE("the built-in model is drawn from the seed alone", "[policy]") {
  const at::Tensor logprobs = Score(*LoadTiny("bf16"));
  CHECK(at::equal(Score(*LoadTiny("bf16")), logprobs));
  CHECK_FALSE(at::equal(Score(*LoadTiny("bf16", 6)), logprobs));
  const std::unique_ptr<Policy> policy = LoadTiny("fp32");
  const at::Tensor& embedding = policy->weights().embedding.master;
  CHECK(embedding.mean().item<double>() == Approx(0).margin(5e-4));
  CHECK(embedding.std().item<double>() == Approx(0.02).epsilon(0.02));
  CHECK((policy->weights().final_norm.master == 1).all().item<bool>());
}

TEST_CASE("an update is seen by the next forward and counted", "[policy]") {
  for (const char* compute : {"bf16", "fp32"}) {
    const std::unique_ptr<Policy> policy = LoadTiny(compute);
    policy->EnableTraining();
    const at::Tensor before = policy->TokenLogprobs(Pack(SampleGroups()), 1.0).logprobs;
    before.sum().backward();
    for (Parameter* parameter : Parameters(policy->weights())) {
      parameter->master.add_(parameter->grad, 1e-4);
    }
    policy->CommitUpdate();
    CHECK(policy->version() == 1);
    CHECK(Score(*policy).sum().item<double>() > before.sum().item<double>());
    policy->ZeroGradients();
    CHECK(policy->weights().embedding.grad.abs().max().item<float>() == 0);
  }
}

TEST_CASE("saved weights load to the same bits", "[policy]") {
  const TemporaryDirectory directory;
  const std::unique_ptr<Policy> saved = LoadTiny("bf16", 5);
  const auto written = saved->SaveHuggingFace(directory.path());
  INFO(Message(written.status()));
  REQUIRE(written.ok());
  for (const Policy::WrittenFile& file : *written) {
    CAPTURE(file.name);
    CHECK(Sha256File(directory.path() + "/" + file.name).value() == file.sha256);
  }

  const std::unique_ptr<Policy> other = LoadTiny("bf16", 6);
  const absl::Status loaded = other->LoadWeights(directory.path());
  INFO(Message(loaded));
  REQUIRE(loaded.ok());
  CHECK(at::equal(Score(*other), Score(*saved)));

  ModelSettings settings = saved->settings();
  settings.path = directory.path();
  const auto reopened = Policy::Load(settings, 0);
  INFO(Message(reopened.status()));
  REQUIRE(reopened.ok());
  CHECK(at::equal(Score(**reopened), Score(*saved)));
  CHECK((*reopened)->config().rope_theta == saved->config().rope_theta);
}

TEST_CASE("weights that cannot be read leave the policy as it was", "[policy]") {
  const std::unique_ptr<Policy> policy = LoadTiny("fp32");
  const at::Tensor before = Score(*policy);
  CHECK_FALSE(policy->LoadWeights("/nonexistent").ok());
  CHECK(at::equal(Score(*policy), before));
}

TEST_CASE("oneDNN products need bf16", "[policy]") {
  ModelSettings settings;
  settings.path = "tiny";
  settings.compute = "fp32";
  settings.linear = "onednn";
  const auto policy = Policy::Load(settings, 0);
  REQUIRE_FALSE(policy.ok());
  CHECK(Message(policy.status()).find("bf16") != std::string_view::npos);
}

TEST_CASE("oneDNN products give the kernels' log-probabilities up to rounding", "[policy]") {
  ModelSettings settings;
  settings.path = "tiny";
  settings.linear = "onednn";
  const auto policy = Policy::Load(settings, 5);
  REQUIRE(policy.ok());
  CHECK((*policy)->kernel_path().starts_with("onednn+"));
  CHECK((Score(**policy) - Score(*LoadTiny("bf16"))).abs().max().item<double>() < 0.02);
}

}  // namespace cupel
