// Covers grpo/weights_digest.h and grpo/weight_change.h. Alone: build/release/tests/grpo_test "[weights]"

#include <bit>
#include <cmath>
#include <set>
#include <string>

#include "grpo/weight_change.h"
#include "grpo/weights_digest.h"
#include "tests/grpo/groups.h"
#include "tests/grpo/tiny_policy.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

using testing::LoadTiny;
using testing::MakeGroup;
using testing::MakeRollout;

// The i-th element of a parameter with its lowest bit flipped.
void FlipBit(Policy& policy, size_t parameter, int64_t element) {
  auto* values = Parameters(policy.weights())[parameter]->master.mutable_data_ptr<float>();
  values[element] = std::bit_cast<float>(std::bit_cast<uint32_t>(values[element]) ^ 1);
}

TEST_CASE("the digest of weights sees every bit and no thread", "[weights]") {
  const auto policy = LoadTiny();
  const std::string digest = WeightsDigest(*policy);
  CHECK(digest.size() == 64);
  CHECK(WeightsDigest(*policy) == digest);
  CHECK(WeightsDigest(*LoadTiny(1, 2)) == digest);
  CHECK(WeightsDigest(*LoadTiny(2)) != digest);
  std::set<std::string> digests = {digest};
  const size_t num_parameters = Parameters(policy->weights()).size();
  for (const size_t parameter : {size_t{0}, size_t{1}, num_parameters - 1}) {
    const int64_t count = Parameters(policy->weights())[parameter]->master.numel();
    for (const int64_t element : {int64_t{0}, count / 2, count - 1}) {
      FlipBit(*policy, parameter, element);
      CHECK(digests.insert(WeightsDigest(*policy)).second);
      FlipBit(*policy, parameter, element);
    }
  }
  CHECK(WeightsDigest(*policy) == digest);
}

TEST_CASE("two weights that change places give another digest", "[weights]") {
  const auto policy = LoadTiny();
  const std::string digest = WeightsDigest(*policy);
  auto* values = Parameters(policy->weights())[0]->master.mutable_data_ptr<float>();
  REQUIRE(values[8] != values[16]);
  std::swap(values[8], values[16]);  // the same lane of two strides
  CHECK(WeightsDigest(*policy) != digest);
}

TEST_CASE("a snapshot measures changes and takes them back", "[weights]") {
  const auto policy = LoadTiny();
  const std::string digest = WeightsDigest(*policy);
  const WeightSnapshot start(*policy);
  CHECK(start.ChangeNorm(*policy) == 0);
  auto* values = Parameters(policy->weights())[0]->master.mutable_data_ptr<float>();
  const float first = values[0];
  const float second = values[1];
  values[0] = first + 3.0F;
  const WeightSnapshot along(*policy);
  CHECK(start.ChangeNorm(*policy) == Approx(3));
  CHECK(start.ChangeCosine(along, *policy) == Approx(1));
  values[1] = second + 3.0F;
  CHECK(start.ChangeNorm(*policy) == Approx(3 * std::sqrt(2)));
  CHECK(start.ChangeCosine(along, *policy) == Approx(std::sqrt(0.5)));
  values[0] = first - 1.0F;
  values[1] = second;
  CHECK(start.ChangeCosine(along, *policy) == Approx(-1));
  start.Restore(*policy);
  CHECK(WeightsDigest(*policy) == digest);
  CHECK(std::isnan(start.ChangeCosine(along, *policy)));
}

TEST_CASE("log-probabilities of completions come in order, however they are packed", "[weights]") {
  const auto policy = LoadTiny();
  const std::vector<RolloutGroup> groups = {MakeGroup({65, 66}, {MakeRollout({67, 68, 69}, 0), MakeRollout({70}, 0)}),
                                            MakeGroup({71}, {MakeRollout({72, 73}, 0)})};
  const std::vector<float> together = CompletionLogprobs(*policy, groups, 1.0, 1024);
  REQUIRE(together.size() == 6);
  CHECK(CompletionLogprobs(*policy, groups, 1.0, 1) == together);
  const std::vector<float> last = CompletionLogprobs(*policy, {groups[1]}, 1.0, 1024);
  CHECK(last == std::vector<float>(together.begin() + 4, together.end()));
  for (const float logprob : together) {
    CHECK(logprob < 0);
  }
}

}  // namespace
}  // namespace cupel
