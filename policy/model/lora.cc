#include "policy/model/lora.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/status.h"
#include "policy/checkpoint/safetensors.h"

namespace cupel {
namespace {

constexpr const char* kConfigFile = "adapter_config.json";
constexpr const char* kTensorFile = "adapter_model.safetensors";
constexpr std::string_view kWeightSuffix = ".weight";

// "q_proj" of "model.layers.0.self_attn.q_proj".
std::string LastPart(const std::string& module) { return module.substr(module.rfind('.') + 1); }

std::string TensorName(const Adapter& adapter, const char* part) {
  return fmt::format("base_model.model.{}.lora_{}.weight", adapter.module, part);
}

Parameter MakeParameter(std::string name, at::Tensor master) {
  return {.name = std::move(name), .master = std::move(master), .grad = {}, .decays = true};
}

// Row by row, so that a number depends on the seed, its adapter and its place alone.
void DrawUniform(uint64_t seed, uint32_t adapter_idx, at::Tensor& matrix) {
  const int64_t width = matrix.size(1);
  const double bound = 1.0 / std::sqrt(static_cast<double>(width));
  for (int64_t row = 0; row < matrix.size(0); ++row) {
    RandomStream stream(seed, RandomPurpose::kAdapters, adapter_idx, static_cast<uint32_t>(row));
    float* values = matrix.data_ptr<float>() + row * width;
    std::generate(values, values + width, [&] { return static_cast<float>(bound * (2 * stream.Uniform() - 1)); });
  }
}

Adapter MakeAdapter(const LoraConfig& config, const NamedSlice& slice, const std::string& module, uint64_t seed, uint32_t idx) {
  const auto rank = static_cast<double>(config.rank);
  at::Tensor a = at::empty({config.rank, slice.parameter->master.size(1)}, at::kFloat);
  DrawUniform(seed, idx, a);
  return {.module = module,
          .row_begin = slice.row_begin,
          .row_end = slice.row_end,
          .scale = config.alpha / (config.rank_stabilised ? std::sqrt(rank) : rank),
          .a = MakeParameter(module + ".lora_A", std::move(a)),
          .b = MakeParameter(module + ".lora_B", at::zeros({slice.row_end - slice.row_begin, config.rank}, at::kFloat))};
}

// Every adapter of the model with the parts of its name in a file.
template <class Visit>
absl::Status ForEachTensor(DecoderWeights& weights, Visit visit) {
  for (LinearWeights* matrix : LayerMatrices(weights)) {
    for (Adapter& adapter : matrix->adapters) {
      CUPEL_RETURN_IF_ERROR(visit(TensorName(adapter, "A"), adapter.a.master));
      CUPEL_RETURN_IF_ERROR(visit(TensorName(adapter, "B"), adapter.b.master));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AttachAdapters(const LoraConfig& config, uint64_t seed, DecoderWeights& weights) {
  std::set<std::string> unmatched(config.targets.begin(), config.targets.end());
  std::set<std::string> known;
  uint32_t idx = 0;
  for (LinearWeights* matrix : LayerMatrices(weights)) {
    for (const NamedSlice& slice : NamedSlices(weights)) {
      if (slice.parameter != &matrix->weight) {
        continue;
      }
      const std::string module = slice.name.substr(0, slice.name.size() - kWeightSuffix.size());
      known.insert(LastPart(module));
      if (std::ranges::find(config.targets, LastPart(module)) != config.targets.end()) {
        matrix->adapters.push_back(MakeAdapter(config, slice, module, seed, idx++));
        unmatched.erase(LastPart(module));
      }
    }
  }
  if (!unmatched.empty() || idx == 0) {
    return InvalidArgument("model.lora.targets: {} no matrix of this model; it has {}",
                           unmatched.empty() ? "an empty list matches" : fmt::format("\"{}\" matches", fmt::join(unmatched, "\", \"")),
                           fmt::join(known, ", "));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AdapterFile>> SaveAdapters(const std::string& directory, const LoraConfig& config, const std::string& base_model,
                                                      DecoderWeights& weights) {
  const Json json = {{"peft_type", "LORA"},
                     {"task_type", "CAUSAL_LM"},
                     {"base_model_name_or_path", base_model},
                     {"r", config.rank},
                     {"lora_alpha", config.alpha},
                     {"lora_dropout", 0.0},
                     {"bias", "none"},
                     {"use_rslora", config.rank_stabilised},
                     {"target_modules", config.targets},
                     {"fan_in_fan_out", false},
                     {"inference_mode", true}};
  const std::string text = DumpJson(json, 2) + "\n";
  CUPEL_ASSIGN_OR_RETURN(FileWriter writer, FileWriter::Create(directory + "/" + kConfigFile));
  CUPEL_RETURN_IF_ERROR(writer.Write(text));
  CUPEL_RETURN_IF_ERROR(writer.Close());
  CUPEL_ASSIGN_OR_RETURN(std::string digest, WriteAdapters(directory + "/" + kTensorFile, weights));
  return std::vector<AdapterFile>{{kConfigFile, Sha256Hex(text)}, {kTensorFile, std::move(digest)}};
}

absl::StatusOr<std::string> WriteAdapters(const std::string& path, DecoderWeights& weights) {
  std::vector<SafetensorsWriteItem> items;
  CUPEL_RETURN_IF_ERROR(ForEachTensor(weights, [&](std::string name, const at::Tensor& tensor) {
    const auto bytes = std::as_bytes(std::span<const float>(tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())));
    items.push_back({std::move(name), SafetensorsType::kF32, tensor.sizes().vec(), bytes});
    return absl::OkStatus();
  }));
  return WriteSafetensors(path, std::move(items));
}

absl::Status ReadAdapters(const std::string& path, DecoderWeights& weights) {
  CUPEL_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(path));
  return ForEachTensor(weights, [&](const std::string& name, at::Tensor& master) -> absl::Status {
    const SafetensorsFile::Tensor* tensor = file.Find(name);
    if (tensor == nullptr || tensor->shape != master.sizes().vec()) {
      return DataLoss("{}: {} is missing or has another shape; the adapter belongs to another model or rank", path, name);
    }
    return file.ReadFloats(*tensor, std::span(master.data_ptr<float>(), static_cast<size_t>(master.numel())));
  });
}

}  // namespace cupel
