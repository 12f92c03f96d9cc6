#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "policy/arch/architecture.h"
#include "policy/checkpoint/hf_directory.h"

namespace cupel {
namespace {

FieldReader::Value ToField(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_unsigned() && value > INT64_MAX) return FieldReader::Other{"a number beyond 2^63-1"};
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number_float()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  return FieldReader::Other{value.is_array() ? "a list" : "an object"};
}

// The settings of a JSON object; a dot in a key leads into a nested object.
FieldReader FieldsOf(const Json& root, std::string where) {
  return FieldReader(std::move(where), [&root](std::string_view key) -> FieldReader::Value {
    const Json* object = &root;
    for (;;) {
      if (!object->is_object()) return {};
      const size_t dot = key.find('.');
      const auto found = object->find(std::string(key.substr(0, dot)));
      if (found == object->end()) return {};
      if (dot == std::string_view::npos) return ToField(*found);
      object = &*found;
      key.remove_prefix(dot + 1);
    }
  });
}

absl::StatusOr<Json> ReadJsonObject(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  CUPEL_ASSIGN_OR_RETURN(Json json, ParseJson(text, path));
  if (!json.is_object()) return InvalidArgument("{}: expected a JSON object, found {}", path, json.type_name());
  return json;
}

// eos_token_id is a number, a list of numbers, or null.
absl::Status AddEosTokens(const Json& object, const std::string& path, ModelConfig& config) {
  const auto found = object.find("eos_token_id");
  if (found == object.end() || found->is_null()) return absl::OkStatus();
  const Json list = found->is_array() ? *found : Json::array({*found});
  for (const Json& id : list) {
    if (!id.is_number_integer() || id < 0 || id >= config.vocab_size) {
      return InvalidArgument("{}: eos_token_id {} is not a token of the vocabulary of {}", path, DumpJson(id).substr(0, 60),
                             config.vocab_size);
    }
    const auto token = id.get<int32_t>();
    if (std::find(config.eos_tokens.begin(), config.eos_tokens.end(), token) == config.eos_tokens.end()) config.eos_tokens.push_back(token);
  }
  return absl::OkStatus();
}

// One id is written as a number, several as a list.
Json TokenIdsJson(const std::vector<int32_t>& ids) { return ids.size() == 1 ? Json(ids[0]) : Json(ids); }

}  // namespace

absl::StatusOr<ModelConfig> ReadHuggingFaceConfig(const std::string& path) {
  const std::string config_path = path + "/config.json";
  CUPEL_ASSIGN_OR_RETURN(const Json json, ReadJsonObject(config_path));
  CUPEL_ASSIGN_OR_RETURN(const std::string type, JsonString(json, "model_type", config_path));
  CUPEL_ASSIGN_OR_RETURN(const Architecture* architecture, FindArchitecture(type, config_path));
  FieldReader fields = FieldsOf(json, config_path);
  ModelConfig config = architecture->from_huggingface(fields);
  config.bos_token = static_cast<int32_t>(fields.Int("bos_token_id", 0, config.vocab_size - 1, -1));
  CUPEL_RETURN_IF_ERROR(fields.status());
  CUPEL_RETURN_IF_ERROR(CheckModelConfig(config, config_path));
  CUPEL_RETURN_IF_ERROR(AddEosTokens(json, config_path, config));
  const std::string generation_path = path + "/generation_config.json";
  if (!Exists(generation_path)) return config;
  CUPEL_ASSIGN_OR_RETURN(const Json generation, ReadJsonObject(generation_path));
  CUPEL_RETURN_IF_ERROR(AddEosTokens(generation, generation_path, config));
  return config;
}

std::vector<Tokenizer::File> HuggingFaceFiles(const ModelConfig& config, const Tokenizer& tokenizer, std::string_view chat_template,
                                              std::string_view dtype) {
  const auto architecture = FindArchitecture(config.architecture, "checkpoint");
  Json json = {{"architectures", {(*architecture)->huggingface_name}}, {"model_type", (*architecture)->name}};
  json.update((*architecture)->to_huggingface(config));
  std::vector<int32_t> stops = config.eos_tokens;
  for (const TokenId stop : tokenizer.stop_tokens()) {
    if (std::find(stops.begin(), stops.end(), stop) == stops.end()) stops.push_back(stop);
  }
  Json ids = {{"bos_token_id", config.bos_token < 0 ? Json() : Json(config.bos_token)}, {"eos_token_id", TokenIdsJson(stops)}};
  json.update(ids);
  json["use_cache"] = true;
  json["dtype"] = dtype;        // transformers 5
  json["torch_dtype"] = dtype;  // transformers 4
  std::vector<Tokenizer::File> files = tokenizer.ToFiles();
  files.push_back({"config.json", DumpJson(json, 2) + "\n"});
  files.push_back({"generation_config.json", DumpJson(ids, 2) + "\n"});
  if (!chat_template.empty()) files.push_back({"chat_template.jinja", std::string(chat_template)});
  return files;
}

}  // namespace cupel
