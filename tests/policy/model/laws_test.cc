// The laws of an architecture on the training forward: causality, and independence of packing. Run alone:
// build/release/tests/policy_test "[laws]"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "tests/policy/model/reference_decoder.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

using kernels::DType;

// Runs `law` for each kernel path of this processor in both compute types.
template <class Law>
void ForEachBackend(const Law& law) {
  const at::NoGradGuard no_grad;
  for (const kernels::KernelTable* table : kernels::AvailableKernels()) {
    for (const DType type : {DType::kFloat, DType::kBf16}) {
      CAPTURE(table->name, static_cast<int>(type));
      TestModel model = MakeTestModel(SmallConfig(), {.kernels = table, .type = type, .onednn = false});
      law(model);
    }
  }
}

// The log-probabilities of completion `idx` of a packed batch.
at::Tensor OfCompletion(const at::Tensor& logprobs, const PackedBatch& batch, size_t idx) {
  return logprobs.slice(0, batch.completion_begin[idx], batch.completion_begin[idx + 1]);
}

}  // namespace

TEST_CASE("a scored token ignores the tokens after it", "[laws]") {
  ForEachBackend([](TestModel& model) {
    std::vector<Group> groups = SampleGroups();
    const at::Tensor before = Logprobs(model, Pack(groups));
    for (const int64_t changed : {40, 69}) {
      std::vector<TokenId>& completion = groups[0].completions[2];
      completion[static_cast<size_t>(changed)] = (completion[static_cast<size_t>(changed)] + 1) % 259;
      const PackedBatch batch = Pack(groups);
      const at::Tensor now = OfCompletion(Logprobs(model, batch), batch, 2);
      CHECK(at::equal(now.slice(0, 0, changed), OfCompletion(before, batch, 2).slice(0, 0, changed)));
      CHECK_FALSE(at::equal(now.slice(0, changed), OfCompletion(before, batch, 2).slice(0, changed)));
      completion[static_cast<size_t>(changed)] = (completion[static_cast<size_t>(changed)] + 258) % 259;
    }
  });
}

TEST_CASE("a completion has the same log-probabilities alone, shared and in any order, bit for bit", "[laws]") {
  ForEachBackend([](TestModel& model) {
    const std::vector<Group> groups = SampleGroups();
    const PackedBatch packed = Pack(groups);
    const at::Tensor together = Logprobs(model, packed);
    std::vector<Group> reversed(groups.rbegin(), groups.rend());
    for (Group& group : reversed) {
      std::reverse(group.completions.begin(), group.completions.end());
    }
    const PackedBatch reversed_batch = Pack(reversed);
    const at::Tensor backwards = Logprobs(model, reversed_batch);
    const size_t num_completions = packed.completion_begin.size() - 1;
    size_t idx = 0;
    for (const Group& group : groups) {
      for (const std::vector<TokenId>& completion : group.completions) {
        const std::vector<Group> alone = {{group.prompt, {completion}}};
        CHECK(at::equal(Logprobs(model, Pack(alone)), OfCompletion(together, packed, idx)));
        CHECK(at::equal(OfCompletion(backwards, reversed_batch, num_completions - 1 - idx), OfCompletion(together, packed, idx)));
        ++idx;
      }
    }
  });
}

}  // namespace cupel
