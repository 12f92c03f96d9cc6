#include "experiments/cost/cost_model.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"

namespace cupel {
namespace {

// Dimensions as the models' configurations give them.
struct KnownModel {
  const char* name;
  int64_t layers, width, heads, kv_heads, head_dim, ffn, vocab;
};
constexpr auto kModels = std::to_array<KnownModel>({
    {"qwen2.5-0.5b", 24, 896, 14, 2, 64, 4864, 151936},
    {"qwen2.5-1.5b", 28, 1536, 12, 2, 128, 8960, 151936},
    {"smollm2-135m", 30, 576, 9, 3, 64, 1536, 49152},
    {"smollm2-360m", 32, 960, 15, 5, 64, 2560, 49152},
});

// DeepSeek-V3 and R1 (arXiv 2412.19437, section 4.2): 61 layers, 128 heads with keys of 128 + 64 and values of 128, a cache of 512 + 64
// numbers a layer, 37 billion of 671 billion parameters active.
constexpr const char* kDeepSeek = "671b";
ModelShape DeepSeek() {
  return {.name = kDeepSeek,
          .layers = 61,
          .attention_width = 128 * (192 + 128),
          .active_params = 37e9,
          .all_params = 671e9,
          .kv_numbers = 61 * 576};
}

// Dense bf16 without sparsity, as the makers state them.
const std::array<Device, 4>& Devices() {
  static const std::array<Device, 4> devices = {
      {{"a100", 312e12, 2.0e12}, {"h100", 989e12, 3.35e12}, {"h200", 989e12, 4.8e12}, {"h800", 989e12, 3.35e12}}};
  return devices;
}

ModelConfig ConfigOf(const KnownModel& model) {
  ModelConfig config;
  config.num_layers = model.layers;
  config.hidden_size = model.width;
  config.num_heads = model.heads;
  config.num_kv_heads = model.kv_heads;
  config.head_dim = model.head_dim;
  config.ffn_size = model.ffn;
  config.vocab_size = model.vocab;
  return config;
}

}  // namespace

ModelShape ShapeOf(const std::string& name, const ModelConfig& config) {
  const auto d = static_cast<double>(config.hidden_size);
  const auto q = static_cast<double>(config.q_size());
  const auto kv = static_cast<double>(config.kv_size());
  const auto layers = static_cast<double>(config.num_layers);
  const double block = 2 * d * q + 2 * d * kv + 3 * d * static_cast<double>(config.ffn_size);
  const double head = d * static_cast<double>(config.vocab_size);
  const double params = layers * block + head;
  return {.name = name,
          .layers = config.num_layers,
          .attention_width = 2 * q,
          .active_params = params,
          .all_params = config.tie_word_embeddings ? params : params + head,
          .kv_numbers = 2 * layers * kv};
}

std::vector<std::string_view> ShapeNames() {
  std::vector<std::string_view> names = {kDeepSeek};
  for (const KnownModel& model : kModels) {
    names.emplace_back(model.name);
  }
  return names;
}

absl::StatusOr<ModelShape> FindShape(std::string_view name) {
  if (name == kDeepSeek) {
    return DeepSeek();
  }
  const auto* known = std::ranges::find_if(kModels, [name](const KnownModel& model) { return model.name == name; });
  if (known == kModels.end()) {
    return NotFound("no model is called \"{}\"; known by name: {}; or give a .gguf file or a Hugging Face directory", name,
                    fmt::join(ShapeNames(), ", "));
  }
  return ShapeOf(known->name, ConfigOf(*known));
}

absl::StatusOr<Device> FindDevice(std::string_view name) {
  std::vector<std::string> names;
  for (const Device& device : Devices()) {
    if (device.name == name) {
      return device;
    }
    names.push_back(device.name);
  }
  return NotFound("no device is called \"{}\"; known: {}; or give --peak and --bandwidth", name, fmt::join(names, ", "));
}

double PrefillFlops(const ModelShape& shape, double sequence_tokens) {
  return 2 * shape.active_params + sequence_tokens * shape.attention_width * static_cast<double>(shape.layers);
}

double TrainFlops(const ModelShape& shape, double sequence_tokens, bool recomputes_activations) {
  return 3 * PrefillFlops(shape, sequence_tokens) + (recomputes_activations ? 2 * shape.active_params : 0);
}

double DecodeFlops(const ModelShape& shape, double context_tokens) {
  return 2 * shape.active_params + 2 * context_tokens * shape.attention_width * static_cast<double>(shape.layers);
}

double KvBytes(const ModelShape& shape, double bytes_per_number) { return shape.kv_numbers * bytes_per_number; }

double DecodeStepBound(const ModelShape& shape, const Device& device, double batch, double context_tokens, double bytes_per_weight,
                       double bytes_per_kv) {
  return (shape.all_params * bytes_per_weight + batch * context_tokens * KvBytes(shape, bytes_per_kv)) / device.bandwidth;
}

StepFlops CountStep(const ModelShape& shape, const StepWork& work) {
  const double answers = work.questions * work.group_size;
  const double sequence = work.prompt_tokens + work.completion_tokens;
  const double unshared = answers * sequence;
  const double packed = work.shares_prompts ? work.questions * work.prompt_tokens + answers * work.completion_tokens : unshared;
  const double forwards = (work.recomputes_old ? 1 : 0) + (work.has_reference ? 1 : 0);
  StepFlops flops;
  // The group's prompt is prefilled once.
  flops.sample = work.questions * work.prompt_tokens * PrefillFlops(shape, work.prompt_tokens) +
                 answers * work.completion_tokens * DecodeFlops(shape, work.prompt_tokens + work.completion_tokens / 2);
  flops.score = forwards * packed * PrefillFlops(shape, sequence);
  flops.train = work.passes * packed * TrainFlops(shape, sequence, work.recomputes_activations);
  return flops;
}

}  // namespace cupel
