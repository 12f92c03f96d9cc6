// Covers grpo/optimizer.h. Alone: build/release/tests/grpo_test "[optimizer]"
//
// Oracle: tests/golden/grpo/adamw.json (torch.optim.AdamW and clip_grad_norm_ in float64).

#include "grpo/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ATen/Parallel.h>

#include "policy/checkpoint/safetensors.h"
#include "tests/grpo/groups.h"
#include "tests/grpo/tiny_policy.h"
#include "tests/testing/catch_torch.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using testing::Doubles;
using testing::LoadTiny;

OptimizerConfig ConfigOf(const Json& settings) {
  OptimizerConfig config;
  config.learning_rate = settings["learning_rate"];
  config.beta1 = settings["beta1"];
  config.beta2 = settings["beta2"];
  config.eps = settings["eps"];
  config.weight_decay = settings["weight_decay"];
  config.max_grad_norm = settings["max_grad_norm"];
  return config;
}

// The first parameter that decays, or does not.
Parameter& FirstParameter(Policy& policy, bool decays) {
  const std::vector<Parameter*> parameters = Parameters(policy.weights());
  const auto found = std::find_if(parameters.begin(), parameters.end(), [decays](const Parameter* item) { return item->decays == decays; });
  REQUIRE(found != parameters.end());
  return **found;
}

void Write(const Json& values, float* out) {
  for (size_t i = 0; i < values.size(); ++i) {
    out[i] = values[i].get<float>();
  }
}

// Within `tolerance` of each value, relative to it or, where it is smaller, to `floor`.
void CheckNear(const float* found, const Json& expected, double tolerance, double floor) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const double value = expected[i];
    CHECK(std::abs(static_cast<double>(found[i]) - value) <= tolerance * std::max(floor, std::abs(value)));
  }
}

void CheckMoments(const Optimizer& optimizer, const Parameter& parameter, const Json& updates, const Json& update, const std::string& key) {
  const TempDir folder;
  const std::string name = optimizer.Save(folder.path()).value().name;
  const SafetensorsFile file = SafetensorsFile::Open(folder.path() + "/" + name).value();
  for (const char* kind : {"first_moment", "second_moment"}) {
    const SafetensorsFile::Tensor* tensor = file.Find(std::string(kind) + "/" + parameter.name);
    REQUIRE(tensor != nullptr);
    std::vector<float> values(static_cast<size_t>(parameter.master.numel()));
    REQUIRE(file.ReadFloats(*tensor, values).ok());
    // Moments are sums in which larger terms may have cancelled: rounding is relative to the largest that the moment ever was. Five
    // updates with two roundings of at most 6e-8 each.
    double largest = 0;
    for (const Json& each : updates) {
      for (const Json& value : each[kind][key]) {
        largest = std::max(largest, std::abs(value.get<double>()));
      }
    }
    CheckNear(values.data(), update[kind][key], 6e-7, largest);
  }
}

TEST_CASE("updates agree with torch.optim.AdamW and clip_grad_norm_", "[optimizer]") {
  for (const Json& item : testing::ReadGolden("adamw.json")) {
    INFO(item["name"].get<std::string>());
    const std::unique_ptr<Policy> policy = LoadTiny();
    policy->EnableTraining();
    Optimizer optimizer(*policy, ConfigOf(item["settings"]), 100);
    const std::vector<std::pair<std::string, Parameter*>> places = {{"decayed", &FirstParameter(*policy, true)},
                                                                    {"not_decayed", &FirstParameter(*policy, false)}};
    for (const auto& [key, parameter] : places) {
      Write(item["start"][key], parameter->master.mutable_data_ptr<float>());
    }
    int64_t index = 0;
    for (const Json& update : item["updates"]) {
      INFO("update " << index);
      for (const auto& [key, parameter] : places) {
        Write(update["grads"][key], parameter->grad.mutable_data_ptr<float>());
      }
      const double norm = optimizer.GradientNorm();
      CHECK(norm == Approx(update["norm"].get<double>()).epsilon(1e-12));
      optimizer.Apply(norm, index++);
      for (const auto& [key, parameter] : places) {
        CheckNear(parameter->master.const_data_ptr<float>(), update["parameters"][key], 1e-6, 0.1);
        CheckMoments(optimizer, *parameter, item["updates"], update, key);
      }
    }
    CHECK(optimizer.num_applied() == index);
  }
}

TEST_CASE("an update refreshes the policy and clears the gradients", "[optimizer]") {
  const std::unique_ptr<Policy> policy = LoadTiny();
  policy->EnableTraining();
  Optimizer optimizer(*policy, OptimizerConfig{}, 10);
  for (Parameter* parameter : Parameters(policy->weights())) {
    parameter->grad.fill_(0.25);
  }
  const uint64_t version = policy->version();
  optimizer.Apply(optimizer.GradientNorm(), 0);
  CHECK(policy->version() == version + 1);
  CHECK(optimizer.GradientNorm() == 0);
}

TEST_CASE("the norm of gradients that are not finite is not finite", "[optimizer]") {
  const std::unique_ptr<Policy> policy = LoadTiny();
  policy->EnableTraining();
  const Optimizer optimizer(*policy, OptimizerConfig{}, 10);
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    for (Parameter* parameter : Parameters(policy->weights())) {
      const int64_t last = parameter->grad.numel() - 1;
      parameter->grad.mutable_data_ptr<float>()[last] = bad;
      CHECK_FALSE(std::isfinite(optimizer.GradientNorm()));
      parameter->grad.zero_();
    }
  }
  // The largest finite gradients do not overflow.
  Parameters(policy->weights()).front()->grad.fill_(std::numeric_limits<float>::max());
  CHECK(std::isfinite(optimizer.GradientNorm()));
}

TEST_CASE("saved moments come back bit for bit, and those of another model are refused", "[optimizer]") {
  const TempDir folder;
  const std::unique_ptr<Policy> policy = LoadTiny();
  policy->EnableTraining();
  Optimizer optimizer(*policy, OptimizerConfig{}, 10);
  RandomStream random(1, RandomPurpose::kTaskContent);
  for (int64_t update = 0; update < 2; ++update) {
    for (Parameter* parameter : Parameters(policy->weights())) {
      for (int64_t i = 0; i < parameter->grad.numel(); ++i) {
        parameter->grad.mutable_data_ptr<float>()[i] = static_cast<float>(random.Normal());
      }
    }
    optimizer.Apply(optimizer.GradientNorm(), update);
  }
  const Policy::WrittenFile written = optimizer.Save(folder.path()).value();
  Optimizer other(*policy, OptimizerConfig{}, 10);
  REQUIRE(other.Load(folder.path()).ok());
  const TempDir again;
  CHECK(other.Save(again.path()).value().sha256 == written.sha256);

  Parameter& parameter = FirstParameter(*policy, false);
  parameter.name = "a.tensor.of.another.model";
  const absl::Status status = other.Load(folder.path());
  CHECK(absl::IsDataLoss(status));
  CHECK(std::string(status.message()).find("a.tensor.of.another.model") != std::string::npos);
}

TEST_CASE("the gradient norm and the update do not depend on the number of threads", "[optimizer]") {
  std::vector<std::vector<float>> masters;
  std::vector<double> norms;
  for (const int64_t threads : {1, 2}) {
    const std::unique_ptr<Policy> policy = LoadTiny(1, threads);
    policy->EnableTraining();
    Optimizer optimizer(*policy, OptimizerConfig{}, 10);
    RandomStream random(2, RandomPurpose::kTaskContent);
    for (Parameter* parameter : Parameters(policy->weights())) {
      for (int64_t i = 0; i < parameter->grad.numel(); ++i) {
        parameter->grad.mutable_data_ptr<float>()[i] = static_cast<float>(random.Normal());
      }
    }
    REQUIRE(at::get_num_threads() == threads);
    norms.push_back(optimizer.GradientNorm());
    optimizer.Apply(norms.back(), 0);
    masters.push_back(testing::Masters(*policy));
  }
  CHECK(norms[0] == norms[1]);
  CHECK(testing::SameBits(masters[0], masters[1]));
}

}  // namespace
}  // namespace cupel
