#include "experiments/pipeline/shrink.h"

#include <filesystem>
#include <optional>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "policy/checkpoint/hf_directory.h"
#include "policy/checkpoint/safetensors.h"
#include "policy/checkpoint/tensor_source.h"

namespace cupel {
namespace {

constexpr std::string_view kLayers = "model.layers.";

// "model.layers.7.mlp.up_proj.weight" for the student, where layer 7 stays as layer 3; nullopt for a layer that is left out.
std::optional<std::string> StudentName(const std::string& name, const ShrinkSettings& settings) {
  if (!name.starts_with(kLayers)) {
    return name;
  }
  const size_t end = name.find('.', kLayers.size());
  const int64_t layer = std::stoll(name.substr(kLayers.size(), end - kLayers.size()));
  const int64_t offset = layer - settings.first;
  if (offset < 0 || offset % settings.every != 0) {
    return std::nullopt;
  }
  return fmt::format("{}{}{}", kLayers, offset / settings.every, name.substr(end));
}

absl::Status WriteDirectory(const ModelFile& model, const ModelConfig& config, const ShrinkSettings& settings,
                            const std::string& directory) {
  for (const Tokenizer::File& file : HuggingFaceFiles(config, *model.tokenizer, model.chat_template)) {
    CUPEL_RETURN_IF_ERROR(WriteFileAtomically(directory + "/" + file.name, file.contents));
  }
  std::vector<std::vector<float>> values;
  std::vector<SafetensorsWriteItem> items;
  values.reserve(model.tensors->entries().size());
  for (const TensorSource::Entry& entry : model.tensors->entries()) {
    const std::optional<std::string> name = StudentName(entry.name, settings);
    if (!name) {
      continue;
    }
    size_t size = 1;
    for (const int64_t extent : entry.shape) {
      size *= static_cast<size_t>(extent);
    }
    std::vector<float>& numbers = values.emplace_back(size);
    CUPEL_RETURN_IF_ERROR(model.tensors->Read(entry.name, numbers));
    items.push_back({*name, SafetensorsType::kF32, entry.shape, std::as_bytes(std::span<const float>(numbers))});
  }
  return WriteSafetensors(directory + "/model.safetensors", std::move(items)).status();
}

}  // namespace

absl::StatusOr<Json> ShrinkModel(const ShrinkSettings& settings, const std::string& directory) {
  CUPEL_ASSIGN_OR_RETURN(const ModelFile model, OpenModel(settings.model));
  if (model.tensors == nullptr) {
    return InvalidArgument("shrink.model: \"{}\" has no weights of its own; name a checkpoint", settings.model);
  }
  if (settings.first >= model.config.num_layers) {
    return InvalidArgument("shrink.first = {}: {} has {} layers", settings.first, settings.model, model.config.num_layers);
  }
  ModelConfig config = model.config;
  config.num_layers = (model.config.num_layers - settings.first + settings.every - 1) / settings.every;
  const std::string partial = directory + ".partial";
  CUPEL_RETURN_IF_ERROR(RemoveTree(partial));
  CUPEL_RETURN_IF_ERROR(MakeDirectories(partial));
  CUPEL_RETURN_IF_ERROR(WriteDirectory(model, config, settings, partial));
  CUPEL_RETURN_IF_ERROR(SyncDirectory(partial));
  CUPEL_RETURN_IF_ERROR(RemoveTree(directory));
  std::error_code error;
  std::filesystem::rename(partial, directory, error);
  if (error) {
    return Unavailable("{}: cannot be renamed to {}: {}", partial, directory, error.message());
  }
  CUPEL_RETURN_IF_ERROR(SyncDirectory(std::filesystem::path(directory).parent_path().string()));
  return Json{{"layers", config.num_layers}, {"of_layers", model.config.num_layers}};
}

}  // namespace cupel
