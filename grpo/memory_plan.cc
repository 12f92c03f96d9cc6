#include "grpo/memory_plan.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include "base/progress.h"
#include "base/status.h"
#include "policy/kernels/cpu/kernels.h"

namespace cupel {
namespace {

// As policy/model/scored_head.cc has them: rows of logits in float and of their gradients in the compute type at one time.
constexpr int64_t kHeadRows = 512;
constexpr int64_t kFloat = 4;

int64_t LayerMatrices(const ModelConfig& model) {
  const int64_t attention = model.hidden_size * (model.q_size() + 2 * model.kv_size()) + model.q_size() * model.hidden_size;
  return attention + 3 * model.hidden_size * model.ffn_size;
}

// Numbers kept per token until the backward pass (autograd_ops.h).
int64_t KeptPerToken(const ModelConfig& model, bool recomputes) {
  const int64_t layer = 2 * model.hidden_size + model.q_size() + 2 * model.kv_size() + model.q_size() + 2 * model.ffn_size;
  return recomputes ? model.num_layers * model.hidden_size + layer : model.num_layers * layer;
}

int64_t ReadNumber(const char* path) {
  std::ifstream file(path);
  int64_t value = 0;
  return file >> value ? value : std::numeric_limits<int64_t>::max();
}

int64_t MachineAvailable() {
  std::ifstream meminfo("/proc/meminfo");
  std::string name;
  int64_t kib = 0;
  std::string unit;
  while (meminfo >> name >> kib >> unit) {
    if (name == "MemAvailable:") {
      return kib * 1024;
    }
  }
  return std::numeric_limits<int64_t>::max();
}

int64_t ControlGroupAvailable() {
  const int64_t limit = ReadNumber("/sys/fs/cgroup/memory.max");  // "max" reads as no number
  const int64_t used = ReadNumber("/sys/fs/cgroup/memory.current");
  return limit == std::numeric_limits<int64_t>::max() ? limit : std::max<int64_t>(0, limit - used);
}

}  // namespace

int64_t CountParameters(const ModelConfig& model) {
  const int64_t embedding = model.vocab_size * model.hidden_size;
  const int64_t norms = (2 * model.num_layers + 1) * model.hidden_size;
  return (model.tie_word_embeddings ? 1 : 2) * embedding + norms + model.num_layers * LayerMatrices(model);
}

int64_t CountAdapters(const LoraConfig& lora, const ModelConfig& model) {
  int64_t count = 0;
  for (const std::string& target : lora.targets) {
    int64_t in = model.hidden_size;
    int64_t out = model.ffn_size;
    if (target == "q_proj") {
      out = model.q_size();
    } else if (target == "k_proj" || target == "v_proj") {
      out = model.kv_size();
    } else if (target == "o_proj" || target == "down_proj") {
      in = target == "o_proj" ? model.q_size() : model.ffn_size;
      out = model.hidden_size;
    }
    count += model.num_layers * lora.rank * (in + out);
  }
  return count;
}

MemoryRequest MemoryRequestOf(const ModelConfig& model, const ModelSettings& settings) {
  const kernels::KernelTable* kernels = kernels::BestKernels();
  return {.model = model,
          .compute_bytes = settings.compute == "fp32" ? 4 : 2,
          .is_on_gpu = settings.device == "cuda",
          .widens_products = settings.compute == "bf16" && settings.device == "cpu" && kernels != nullptr && !kernels->multiplies_bf16,
          .trained_parameters = CountAdapters(settings.lora, model)};
}

std::vector<MemoryPart> PlanMemory(const MemoryRequest& request) {
  const ModelConfig& model = request.model;
  const int64_t parameters = CountParameters(model);
  const int64_t head = model.vocab_size * model.hidden_size;
  const int64_t packed = (model.num_layers * LayerMatrices(model) + head) * request.compute_bytes;
  const bool has_adapters = request.trained_parameters > 0;
  const int64_t trained = has_adapters ? request.trained_parameters : parameters;
  const std::string adapters = has_adapters ? "" : "model.lora.rank trains adapters instead of all weights";
  std::vector<MemoryPart> plan;
  plan.push_back({"master weights, fp32", parameters * kFloat, ""});
  if (!request.is_on_gpu) {
    plan.push_back({"packed weights", packed, request.compute_bytes > 2 ? "model.compute = \"bf16\" halves them" : ""});
  }
  if (request.samples_int8) {
    plan.push_back({"int8 weights of sampling", packed / request.compute_bytes, "rollout.weights = \"exact\" has none"});
  }
  plan.push_back({"gradients, fp32", trained * kFloat, adapters});
  plan.push_back({"moments of AdamW, fp32", 2 * trained * kFloat, adapters});
  if (request.has_reference) {
    plan.push_back({"reference policy", parameters * kFloat + (request.is_on_gpu ? 0 : packed), "grpo.kl.beta = 0 needs no reference"});
  }
  if (request.is_on_gpu) {
    return plan;
  }
  plan.push_back({"keys and values", request.kv_cache_bytes, "engine.kv_cache_mib"});
  plan.push_back(
      {"activations", request.microbatch_tokens * KeptPerToken(model, request.recomputes_activations) * request.compute_bytes,
       request.recomputes_activations ? "grpo.microbatch_tokens" : "grpo.microbatch_tokens, or grpo.recompute_activations = true"});
  const int64_t rows = std::min(kHeadRows, request.microbatch_tokens);
  // Logits and their gradients, and the head's matrix and its gradient in the compute type; widened products take both factors in float,
  // and add to the gradient where it stands.
  const int64_t logits = rows * model.vocab_size * (kFloat + request.compute_bytes);
  plan.push_back({"head",
                  request.widens_products ? logits + rows * model.vocab_size * kFloat + head * (kFloat + request.compute_bytes)
                                          : logits + 2 * head * request.compute_bytes,
                  ""});
  return plan;
}

int64_t TotalBytes(const std::vector<MemoryPart>& plan) {
  int64_t total = 0;
  for (const MemoryPart& part : plan) {
    total += part.bytes;
  }
  return total;
}

absl::Status CheckMemory(const std::vector<MemoryPart>& plan, int64_t available) {
  const int64_t total = TotalBytes(plan);
  if (total <= available) {
    return absl::OkStatus();
  }
  std::vector<MemoryPart> movable;
  std::copy_if(plan.begin(), plan.end(), std::back_inserter(movable), [](const MemoryPart& part) { return !part.advice.empty(); });
  std::ranges::stable_sort(movable, std::greater<>(), &MemoryPart::bytes);
  std::string advice;
  for (const MemoryPart& part : movable) {
    advice += fmt::format("\n  {} take {}: {}", part.name, FormatBytes(static_cast<uint64_t>(part.bytes)), part.advice);
  }
  return absl::ResourceExhaustedError(fmt::format("training needs {} of memory and {} are available; close other programs, or{}",
                                                  FormatBytes(static_cast<uint64_t>(total)), FormatBytes(static_cast<uint64_t>(available)),
                                                  advice));
}

int64_t AvailableMemory() { return std::min(MachineAvailable(), ControlGroupAvailable()); }

}  // namespace cupel
