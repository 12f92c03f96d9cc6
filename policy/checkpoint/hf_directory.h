#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "policy/checkpoint/tensor_source.h"

// A Hugging Face model directory: config.json, generation_config.json, model.safetensors (or shards and their index), tokenizer.json,
// tokenizer_config.json, chat_template.jinja. Settings are read as transformers 4 and 5 write them, and written so that both read them.

namespace cupel {

// The directory as a model: OpenModel for paths of that kind.
absl::StatusOr<ModelFile> OpenHuggingFaceDirectory(const std::string& path);

// Its parts, for directories without a tokenizer. eos_tokens is the union of config.json and generation_config.json.
absl::StatusOr<ModelConfig> ReadHuggingFaceConfig(const std::string& path);
absl::StatusOr<std::unique_ptr<TensorSource>> OpenHuggingFaceTensors(const std::string& path, const ModelConfig& config);

// The files of a checkpoint directory beside the weights: name and contents. `dtype` is the type in which model.safetensors stores the
// weights
// ("float32", "bfloat16"). An empty chat template gives no chat_template.jinja.
std::vector<Tokenizer::File> HuggingFaceFiles(const ModelConfig& config, const Tokenizer& tokenizer, std::string_view chat_template,
                                              std::string_view dtype = "float32");

}  // namespace cupel
