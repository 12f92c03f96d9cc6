#include "policy/checkpoint/hf_directory.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "policy/arch/architecture.h"
#include "policy/checkpoint/safetensors.h"
#include "policy/checkpoint/tensor_check.h"
#include "policy/tokenizer/bpe.h"
#include "policy/tokenizer/tokenizer_json.h"

namespace cupel {
namespace {

constexpr size_t kMaxShards = 4096;

// Where a tensor lies.
struct StoredTensor {
  size_t shard;
  const SafetensorsFile::Tensor* tensor;
};
using TensorMap = std::map<std::string, StoredTensor, std::less<>>;

class SafetensorsSource final : public TensorSource {
 public:
  SafetensorsSource(std::vector<SafetensorsFile> shards, const TensorMap& stored, const std::vector<TensorSpec>& specs)
      : shards_(std::move(shards)) {
    for (const TensorSpec& spec : specs) {
      const StoredTensor& tensor = stored.find(spec.name)->second;
      entries_.push_back({spec.name, spec.shape, std::string(SafetensorsTypeName(tensor.tensor->type))});
      stored_.emplace(spec.name, tensor);
    }
  }

  const std::vector<Entry>& entries() const override { return entries_; }

  absl::Status Read(std::string_view name, std::span<float> out) const override {
    const auto found = stored_.find(name);
    if (found == stored_.end()) return NotFound("{}: no tensor {}", shards_.front().path(), name);
    return shards_[found->second.shard].ReadFloats(*found->second.tensor, out);
  }

 private:
  std::vector<SafetensorsFile> shards_;  // their tensors stay where they are when this vector is moved
  std::vector<Entry> entries_;
  TensorMap stored_;
};

// A shard is named by the index, so its name must not lead out of the directory.
bool IsPlainFileName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

absl::StatusOr<std::map<std::string, std::vector<std::string>>> ReadIndex(const std::string& index_path) {
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(index_path));
  CUPEL_ASSIGN_OR_RETURN(const Json json, ParseJson(text, index_path));
  const auto weight_map = json.is_object() ? json.find("weight_map") : json.end();
  if (!json.is_object() || weight_map == json.end() || !weight_map->is_object())
    return InvalidArgument("{}: no object \"weight_map\"", index_path);
  std::map<std::string, std::vector<std::string>> tensors_of_file;
  for (const auto& [tensor, file] : weight_map->items()) {
    if (!file.is_string() || !IsPlainFileName(file.get_ref<const std::string&>())) {
      return InvalidArgument("{}: tensor {} is said to be in {}, expected a file name without folder", index_path, tensor, DumpJson(file));
    }
    tensors_of_file[file.get<std::string>()].push_back(tensor);
  }
  if (tensors_of_file.empty() || tensors_of_file.size() > kMaxShards) {
    return InvalidArgument("{}: {} files in weight_map, expected 1 to {}", index_path, tensors_of_file.size(), kMaxShards);
  }
  return tensors_of_file;
}

struct Shards {
  std::vector<SafetensorsFile> files;
  TensorMap tensors;
};

absl::StatusOr<Shards> OpenSharded(const std::string& directory, const std::string& index_path) {
  CUPEL_ASSIGN_OR_RETURN(const auto tensors_of_file, ReadIndex(index_path));
  Shards shards;
  shards.files.reserve(tensors_of_file.size());
  for (const auto& [name, tensors] : tensors_of_file) {
    CUPEL_ASSIGN_OR_RETURN(SafetensorsFile opened, SafetensorsFile::Open(directory + "/" + name));
    shards.files.push_back(std::move(opened));
    const SafetensorsFile& file = shards.files.back();
    for (const std::string& tensor : tensors) {
      const SafetensorsFile::Tensor* found = file.Find(tensor);
      if (found == nullptr) return NotFound("{}: tensor {} is missing, though {} says that it is here", file.path(), tensor, index_path);
      shards.tensors.emplace(tensor, StoredTensor{shards.files.size() - 1, found});
    }
  }
  return shards;
}

absl::StatusOr<Shards> OpenShards(const std::string& directory) {
  const std::string single = directory + "/model.safetensors";
  const std::string index = directory + "/model.safetensors.index.json";
  if (!Exists(single) && Exists(index)) return OpenSharded(directory, index);
  CUPEL_ASSIGN_OR_RETURN(SafetensorsFile opened, SafetensorsFile::Open(single));
  Shards shards;
  shards.files.push_back(std::move(opened));
  for (const auto& tensor : shards.files.front().tensors()) shards.tensors.emplace(tensor.name, StoredTensor{0, &tensor});
  return shards;
}

bool IsFloat(SafetensorsType type) {
  return type == SafetensorsType::kF64 || type == SafetensorsType::kF32 || type == SafetensorsType::kF16 || type == SafetensorsType::kBf16;
}

absl::Status CheckStoredTensors(const std::string& directory, const ModelConfig& config, const TensorMap& stored,
                                const std::vector<TensorSpec>& specs) {
  TensorCheck check;
  check.where = directory;
  check.shape_of = [&stored](const TensorSpec& spec) {
    const auto found = stored.find(spec.name);
    return found == stored.end() ? nullptr : &found->second.tensor->shape;
  };
  check.name_of = [](const TensorSpec& spec) { return spec.name; };
  for (const auto& [name, tensor] : stored) check.names.push_back(name);
  check.is_ignored = [&config](std::string_view name) {
    return name.ends_with(".rotary_emb.inv_freq") || (config.tie_word_embeddings && name == "lm_head.weight");
  };
  CUPEL_RETURN_IF_ERROR(CheckTensors(specs, check));
  for (const TensorSpec& spec : specs) {
    const SafetensorsType type = stored.find(spec.name)->second.tensor->type;
    if (!IsFloat(type)) {
      return Unimplemented("{}: tensor {} is stored as {}, expected F64, F32, F16 or BF16", directory, spec.name,
                           SafetensorsTypeName(type));
    }
  }
  return absl::OkStatus();
}

// A special token of tokenizer_config.json: its text, or an object with the text as "content".
std::optional<std::string> SpecialTokenText(const Json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end()) return std::nullopt;
  const Json& value = found->is_object() && found->contains("content") ? found->at("content") : *found;
  return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

std::optional<TokenId> IdOfText(const BpeSpec& spec, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    if (spec.tokens[id].text == *text) return static_cast<TokenId>(id);
  }
  return std::nullopt;
}

// `chat_template` is a text, or a list of {"name", "template"} of which "default" counts.
std::string ChatTemplateOf(const Json& tokenizer_config) {
  const auto found = tokenizer_config.find("chat_template");
  if (found == tokenizer_config.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  for (const Json& entry : *found) {
    if (entry.is_object() && entry.value("name", Json()) == "default" && entry.value("template", Json()).is_string()) {
      return entry["template"].get<std::string>();
    }
  }
  return {};
}

// Reads tokenizer_config.json, which may be absent, into the tokenizer and the model.
absl::Status ReadTokenizerConfig(const std::string& path, BpeSpec& spec, ModelFile& model) {
  if (!Exists(path)) return absl::OkStatus();
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  CUPEL_ASSIGN_OR_RETURN(const Json config, ParseJson(text, path));
  if (!config.is_object()) return InvalidArgument("{}: expected a JSON object, found {}", path, config.type_name());
  spec.bos_token = IdOfText(spec, SpecialTokenText(config, "bos_token"));
  spec.eos_token = IdOfText(spec, SpecialTokenText(config, "eos_token"));
  spec.pad_token = IdOfText(spec, SpecialTokenText(config, "pad_token"));
  spec.unk_token = IdOfText(spec, SpecialTokenText(config, "unk_token"));
  if (spec.eos_token) spec.stop_tokens.push_back(*spec.eos_token);
  model.chat_template = ChatTemplateOf(config);
  spec.files.push_back({"tokenizer_config.json", text});
  return absl::OkStatus();
}

absl::Status OpenTokenizer(const std::string& directory, ModelFile& model) {
  const std::string path = directory + "/tokenizer.json";
  if (!Exists(path)) {
    return NotFound("{}: missing; write it with transformers: AutoTokenizer.from_pretrained(...).save_pretrained(\"{}\")", path, directory);
  }
  CUPEL_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  CUPEL_ASSIGN_OR_RETURN(BpeSpec spec, ParseTokenizerJson(text, path));
  spec.files.push_back({"tokenizer.json", std::move(text)});
  for (const int32_t id : model.config.eos_tokens) spec.stop_tokens.push_back(id);
  CUPEL_RETURN_IF_ERROR(ReadTokenizerConfig(directory + "/tokenizer_config.json", spec, model));
  if (const std::string map = directory + "/special_tokens_map.json"; Exists(map)) {
    CUPEL_ASSIGN_OR_RETURN(std::string map_text, ReadFile(map));
    spec.files.push_back({"special_tokens_map.json", std::move(map_text)});
  }
  if (const std::string jinja = directory + "/chat_template.jinja"; Exists(jinja)) {
    CUPEL_ASSIGN_OR_RETURN(model.chat_template, ReadFile(jinja));
  }
  CUPEL_ASSIGN_OR_RETURN(model.tokenizer, BpeTokenizer::Create(std::move(spec), path));
  if (model.tokenizer->vocab_size() > model.config.vocab_size) {
    return InvalidArgument("{}: {} tokens, but the model has embeddings for {} (vocab_size in config.json)", path,
                           model.tokenizer->vocab_size(), model.config.vocab_size);
  }
  model.config.eos_tokens = model.tokenizer->stop_tokens();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TensorSource>> OpenHuggingFaceTensors(const std::string& path, const ModelConfig& config) {
  CUPEL_ASSIGN_OR_RETURN(const Architecture* architecture, FindArchitecture(config.architecture, path));
  CUPEL_ASSIGN_OR_RETURN(Shards shards, OpenShards(path));
  const std::vector<TensorSpec> specs = architecture->tensors(config);
  CUPEL_RETURN_IF_ERROR(CheckStoredTensors(path, config, shards.tensors, specs));
  return std::make_unique<SafetensorsSource>(std::move(shards.files), shards.tensors, specs);
}

absl::StatusOr<ModelFile> OpenHuggingFaceDirectory(const std::string& path) {
  ModelFile model;
  model.path = path;
  model.format = "safetensors";
  CUPEL_ASSIGN_OR_RETURN(model.config, ReadHuggingFaceConfig(path));
  CUPEL_RETURN_IF_ERROR(OpenTokenizer(path, model));
  CUPEL_ASSIGN_OR_RETURN(model.tensors, OpenHuggingFaceTensors(path, model.config));
  return model;
}

}  // namespace cupel
