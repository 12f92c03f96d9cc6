// Covers grpo/memory_plan.h. Alone: build/release/tests/grpo_math_test "[memory]"

#include "grpo/memory_plan.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"

namespace cupel {
namespace {

MemoryRequest SmolLm2() {
  MemoryRequest request;
  request.model.vocab_size = 49152;
  request.model.hidden_size = 576;
  request.model.ffn_size = 1536;
  request.model.num_layers = 30;
  request.model.num_heads = 9;
  request.model.num_kv_heads = 3;
  request.model.head_dim = 64;
  request.microbatch_tokens = 1024;
  request.kv_cache_bytes = 512 << 20;
  return request;
}

int64_t BytesOf(const std::vector<MemoryPart>& plan, std::string_view name) {
  for (const MemoryPart& part : plan) {
    if (part.name.starts_with(name)) {
      return part.bytes;
    }
  }
  return -1;
}

TEST_CASE("parameters of SmolLM2-135M are counted as its authors count them", "[memory]") {
  CHECK(CountParameters(SmolLm2().model) == 134515008);
}

TEST_CASE("the plan holds what training holds", "[memory]") {
  const std::vector<MemoryPart> plan = PlanMemory(SmolLm2());
  CHECK(BytesOf(plan, "master") == 134515008LL * 4);
  CHECK(BytesOf(plan, "gradients") == 134515008LL * 4);
  CHECK(BytesOf(plan, "moments") == 134515008LL * 8);
  CHECK(BytesOf(plan, "activations") == 1024LL * 30 * (2 * 576 + 576 + 2 * 192 + 576 + 2 * 1536) * 2);
  CHECK(BytesOf(plan, "reference") == -1);
  CHECK(BytesOf(plan, "int8") == -1);
  MemoryRequest request = SmolLm2();
  request.samples_int8 = true;
  request.has_reference = true;
  request.recomputes_activations = true;
  request.trained_parameters = 1000;
  const std::vector<MemoryPart> other = PlanMemory(request);
  CHECK(BytesOf(other, "int8") == BytesOf(plan, "packed") / 2);
  CHECK(BytesOf(other, "reference") > 134515008LL * 5);
  CHECK(BytesOf(other, "activations") < BytesOf(plan, "activations") / 5);
  CHECK(BytesOf(other, "gradients") == 4000);
  CHECK(BytesOf(other, "moments") == 8000);
  request.widens_products = true;  // 512 rows of logits' gradients once more, and the head's matrix in fp32 instead of two in bf16
  CHECK(BytesOf(PlanMemory(request), "head") - BytesOf(plan, "head") == 512LL * 49152 * 4 + 49152LL * 576 * 2);
}

TEST_CASE("with a GPU the plan of the host holds masters, gradients and moments", "[memory]") {
  MemoryRequest request = SmolLm2();
  request.is_on_gpu = true;
  CHECK(TotalBytes(PlanMemory(request)) == 134515008LL * 16);
  request.has_reference = true;
  CHECK(BytesOf(PlanMemory(request), "reference") == 134515008LL * 4);
}

TEST_CASE("a plan that does not fit is refused with advice, the largest part first", "[memory]") {
  const std::vector<MemoryPart> plan = PlanMemory(SmolLm2());
  CHECK(CheckMemory(plan, TotalBytes(plan)).ok());
  const absl::Status status = CheckMemory(plan, TotalBytes(plan) - 1);
  CHECK(absl::IsResourceExhausted(status));
  const std::string text(Message(status));
  INFO(text);
  const size_t lora = text.find("model.lora.rank");
  const size_t microbatch = text.find("grpo.microbatch_tokens");
  REQUIRE(lora != std::string::npos);
  REQUIRE(microbatch != std::string::npos);
  CHECK(lora < microbatch);
  CHECK(text.find("engine.kv_cache_mib") != std::string::npos);
}

TEST_CASE("this machine's memory is known", "[memory]") {
  CHECK(AvailableMemory() > (16 << 20));
  CHECK(AvailableMemory() < (int64_t{1} << 50));
}

}  // namespace
}  // namespace cupel
