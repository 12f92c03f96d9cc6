// Covers policy/arch: the laws that every architecture keeps without LibTorch. Alone: build/release/tests/policy_api_test "[arch]"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "policy/arch/architecture.h"
#include "policy/checkpoint/tensor_source.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;

FieldReader ReaderOf(const Json& json) {
  return FieldReader("FILE", [&json](std::string_view key) -> FieldReader::Value {
    const auto found = json.find(std::string(key));
    if (found == json.end()) return {};
    if (found->is_boolean()) return found->get<bool>();
    if (found->is_number_integer()) return found->get<int64_t>();
    if (found->is_number()) return found->get<double>();
    if (found->is_string()) return found->get<std::string>();
    return FieldReader::Other{"an object"};
  });
}

Json SmallConfig() {
  return {{"vocab_size", 100},        {"hidden_size", 64},        {"intermediate_size", 128}, {"num_hidden_layers", 2},
          {"num_attention_heads", 4}, {"num_key_value_heads", 2}, {"rms_norm_eps", 1e-5},     {"rope_theta", 5000}};
}

absl::Status StatusWith(const char* key, const Json& value) {
  Json json = SmallConfig();
  json[key] = value;
  FieldReader fields = ReaderOf(json);
  const ModelConfig config = (*FindArchitecture("llama", "FILE"))->from_huggingface(fields);
  return fields.status().ok() ? CheckModelConfig(config, "FILE") : fields.status();
}

TEST_CASE("what an architecture writes it reads back", "[arch]") {
  ModelConfig config = TinyModelConfig();
  config.rope_theta = 12345.0;
  for (const Architecture& architecture : Architectures()) {
    config.architecture = architecture.name;
    const Json json = architecture.to_huggingface(config);
    FieldReader fields = ReaderOf(json);
    const ModelConfig again = architecture.from_huggingface(fields);
    INFO(architecture.name);
    CHECK(fields.status().ok());
    CHECK(DumpJson(architecture.to_huggingface(again)) == DumpJson(json));
    CHECK(again.architecture == config.architecture);
  }
}

TEST_CASE("tensor names are unique in both naming schemes and shapes are positive", "[arch]") {
  for (const Architecture& architecture : Architectures()) {
    for (const bool is_tied : {false, true}) {
      ModelConfig config = TinyModelConfig();
      config.tie_word_embeddings = is_tied;
      std::set<std::string> names, gguf_names;
      for (const TensorSpec& tensor : architecture.tensors(config)) {
        CHECK(names.insert(tensor.name).second);
        CHECK(gguf_names.insert(tensor.gguf_name).second);
        CHECK_FALSE(tensor.shape.empty());
        for (const int64_t dimension : tensor.shape) CHECK(dimension > 0);
        if (tensor.gguf_paired_heads != 0) CHECK(tensor.shape[0] == tensor.gguf_paired_heads * config.head_dim);
      }
      CHECK(names.contains("lm_head.weight") == !is_tied);
    }
  }
}

TEST_CASE("defaults are those of transformers", "[arch]") {
  Json json = SmallConfig();
  json.erase("num_key_value_heads");
  json.erase("rope_theta");
  FieldReader fields = ReaderOf(json);
  const ModelConfig config = (*FindArchitecture("llama", "FILE"))->from_huggingface(fields);
  CHECK(fields.status().ok());
  CHECK(config.num_kv_heads == 4);
  CHECK(config.head_dim == 16);
  CHECK(config.rope_theta == 10000.0);
  CHECK_FALSE(config.tie_word_embeddings);
}

TEST_CASE("settings out of range or unsupported are named", "[arch]") {
  CHECK(StatusWith("head_dim", 16).ok());
  const auto message = [](const char* key, const Json& value) { return std::string(Message(StatusWith(key, value))); };
  CHECK_THAT(message("hidden_size", 0), Contains("FILE: hidden_size must be an integer from 1"));
  CHECK_THAT(message("hidden_size", "64"), Contains("hidden_size") && Contains("\"64\""));
  CHECK_THAT(message("num_hidden_layers", 1e9), Contains("num_hidden_layers"));
  CHECK_THAT(message("num_key_value_heads", 3), Contains("4 heads cannot share 3"));
  CHECK_THAT(message("head_dim", 15), Contains("even head dimension"));
  CHECK_THAT(message("rms_norm_eps", -1), Contains("rms_norm_eps"));
  CHECK_THAT(message("attention_bias", true), Contains("attention_bias = true is not supported"));
  CHECK_THAT(message("hidden_act", "gelu"), Contains("\"gelu\"") && Contains("\"silu\""));
  CHECK_THAT(message("rope_parameters.rope_type", "llama3"), Contains("llama3"));
  CHECK_THAT(message("tie_word_embeddings", 1), Contains("true or false"));
}

TEST_CASE("an unknown architecture is named together with the known ones", "[arch]") {
  const auto found = FindArchitecture("mamba", "model.gguf");
  CHECK(found.status().code() == absl::StatusCode::kUnimplemented);
  CHECK_THAT(std::string(Message(found.status())), Contains("model.gguf") && Contains("mamba") && Contains("llama"));
}

}  // namespace
}  // namespace cupel
