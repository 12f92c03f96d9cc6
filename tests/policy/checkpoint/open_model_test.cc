// Covers policy/checkpoint/{tensor_source,gguf_model,hf_directory,tensor_check}.h. Alone: build/release/tests/policy_api_test
// "[open_model]"

#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/status.h"
#include "policy/arch/architecture.h"
#include "policy/chat/chat_template.h"
#include "policy/checkpoint/hf_directory.h"
#include "policy/checkpoint/safetensors.h"
#include "policy/checkpoint/tensor_source.h"
#include "policy/tokenizer/byte_alphabet.h"
#include "tests/policy/checkpoint/gguf_builder.h"
#include "tests/policy/golden.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;

std::string MessageOf(const std::string& path) { return std::string(Message(OpenModel(path).status())); }

// Weight i of a tensor is i plus a number of the tensor's, so that rows and tensors can be told apart.
std::vector<float> Weights(const TensorSpec& spec) {
  size_t count = 1;
  for (const int64_t dimension : spec.shape) count *= static_cast<size_t>(dimension);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i) + 0.25f * static_cast<float>(spec.name.size() % 4);
  return values;
}

std::vector<TensorSpec> TinyTensors(const ModelConfig& config) { return (*FindArchitecture("llama", "test"))->tensors(config); }

// W.reshape(H, 2, d/2, in).swapaxes(1, 2).reshape(out, in), as llama.cpp's converter has it.
std::vector<float> Paired(const TensorSpec& spec, const std::vector<float>& weights) {
  if (spec.gguf_paired_heads == 0) return weights;
  const int64_t heads = spec.gguf_paired_heads, head_dim = spec.shape[0] / heads, width = spec.shape[1];
  std::vector<float> result;
  for (int64_t h = 0; h < heads; ++h) {
    for (int64_t i = 0; i < head_dim / 2; ++i) {
      for (int64_t s = 0; s < 2; ++s) {
        const int64_t row = h * head_dim + s * (head_dim / 2) + i;
        result.insert(result.end(), weights.begin() + row * width, weights.begin() + (row + 1) * width);
      }
    }
  }
  return result;
}

// A tiny llama as GGUF; `change` may alter the file before it is built.
std::string TinyGguf(const std::function<void(GgufBuilder&)>& change = {}, std::string_view left_out = {}, bool without_tokenizer = false) {
  const ModelConfig config = TinyModelConfig();
  GgufBuilder file;
  file.String("general.architecture", "llama").U32("llama.embedding_length", 64).U32("llama.feed_forward_length", 128);
  file.U32("llama.block_count", 2).U32("llama.attention.head_count", 4).U32("llama.attention.head_count_kv", 2);
  file.U32("llama.context_length", 512).F32("llama.attention.layer_norm_rms_epsilon", 1e-5f).F32("llama.rope.freq_base", 10000.0f);
  if (!without_tokenizer) {
    std::vector<std::string> tokens;
    std::vector<int32_t> types;
    for (int byte = 0; byte < 256; ++byte) {
      tokens.push_back(ByteToAlphabet(static_cast<uint8_t>(byte)));
      types.push_back(1);
    }
    for (const char* control : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) {
      tokens.emplace_back(control);
      types.push_back(3);
    }
    file.String("tokenizer.ggml.model", "gpt2").String("tokenizer.ggml.pre", "smollm").Strings("tokenizer.ggml.tokens", tokens);
    file.Ints("tokenizer.ggml.token_type", types).Strings("tokenizer.ggml.merges", {}).U32("tokenizer.ggml.eos_token_id", 258);
  }
  if (change) change(file);
  for (const TensorSpec& spec : TinyTensors(config)) {
    if (spec.gguf_name == left_out) continue;
    std::vector<uint64_t> dims(spec.shape.rbegin(), spec.shape.rend());
    file.Floats(spec.gguf_name, dims, Paired(spec, Weights(spec)));
  }
  return file.Build();
}

// A tiny llama as Hugging Face directory.
void WriteTinyDirectory(const std::string& path, bool is_tied = true) {
  std::filesystem::create_directories(path);
  ModelConfig config = TinyModelConfig();
  config.tie_word_embeddings = is_tied;
  const auto tokenizer = MakeByteTokenizer();
  const auto chat = ChatTemplate::Create("chatml", "", *tokenizer).value();
  for (const auto& file : HuggingFaceFiles(config, *tokenizer, chat.jinja())) WriteBytes(path + "/" + file.name, file.contents);
  std::vector<std::vector<float>> data;
  std::vector<SafetensorsWriteItem> items;
  const auto specs = TinyTensors(config);
  data.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    data.push_back(Weights(spec));
    items.push_back({spec.name, SafetensorsType::kF32, spec.shape, std::as_bytes(std::span(data.back()))});
  }
  REQUIRE(WriteSafetensors(path + "/model.safetensors", items).ok());
}

void RequireTinyWeights(const ModelFile& model) {
  const auto specs = TinyTensors(model.config);
  REQUIRE(model.tensors->entries().size() == specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    const auto& entry = model.tensors->entries()[i];
    INFO(entry.name);
    CHECK(entry.name == specs[i].name);
    CHECK(entry.shape == specs[i].shape);
    CHECK(entry.stored_type == "F32");
    const std::vector<float> expected = Weights(specs[i]);
    std::vector<float> values(expected.size());
    REQUIRE(model.tensors->Read(entry.name, values).ok());
    CHECK(values == expected);
  }
}

// Replaces a JSON file's member.
void Edit(const std::string& path, const char* pointer, const Json& value) {
  Json json = ParseJson(ReadFile(path).value(), path).value();
  json[Json::json_pointer(pointer)] = value;
  WriteBytes(path, DumpJson(json));
}

TEST_CASE("the built-in model needs no file", "[open_model]") {
  const ModelFile model = OpenModel("tiny").value();
  CHECK(model.format == "tiny");
  CHECK(model.config.vocab_size == model.tokenizer->vocab_size());
  CHECK(model.config.q_size() == 64);
  CHECK(model.config.kv_size() == 32);
  CHECK(model.tensors == nullptr);
  CHECK(model.chat_template.empty());
  CHECK(CheckModelConfig(model.config, "tiny").ok());
}

TEST_CASE("a GGUF model comes with its weights in the order of Hugging Face", "[open_model]") {
  const TempDir folder;
  const std::string path = folder.File("tiny.gguf");
  WriteBytes(path, TinyGguf());
  const ModelFile model = OpenModel(path).value();
  CHECK(model.format == "gguf");
  CHECK(model.config.vocab_size == 259);
  CHECK(model.config.head_dim == 16);
  CHECK(model.config.tie_word_embeddings);
  CHECK(model.config.bos_token == -1);
  CHECK(model.config.eos_tokens == std::vector<int32_t>{258, 256});
  RequireTinyWeights(model);
}

TEST_CASE("what a GGUF model lacks or has too much of is named", "[open_model]") {
  const TempDir folder;
  const std::string path = folder.File("bad.gguf");
  const auto message = [&](const std::string& bytes) {
    WriteBytes(path, bytes);
    return MessageOf(path);
  };
  CHECK_THAT(message(TinyGguf({}, "blk.1.ffn_up.weight")), Contains("blk.1.ffn_up.weight is missing"));
  CHECK_THAT(message(TinyGguf([](GgufBuilder& file) { file.Floats("blk.0.attn_q.bias", {64}, std::vector<float>(64)); })),
             Contains("blk.0.attn_q.bias belongs to no part"));
  CHECK_THAT(message(TinyGguf([](GgufBuilder& file) { file.Floats("rope_freqs.weight", {8}, std::vector<float>(8)); })),
             Contains("rope_freqs.weight"));
  CHECK_THAT(message(TinyGguf([](GgufBuilder& file) { file.Floats("blk.0.attn_norm.weight", {32}, std::vector<float>(32)); })),
             Contains("appears twice"));
  CHECK_THAT(message(TinyGguf([](GgufBuilder& file) { file.U32("llama.vocab_size", 300); })),
             Contains("[259, 64]") && Contains("[300, 64]"));
  CHECK_THAT(message(TinyGguf([](GgufBuilder& file) { file.U32("llama.vocab_size", 200); })), Contains("vocab_size"));
  CHECK_THAT(message(TinyGguf([](GgufBuilder& file) { file.U32("llama.expert_count", 8); })), Contains("expert_count"));
  CHECK_THAT(message(TinyGguf([](GgufBuilder& file) { file.U32("llama.rope.dimension_count", 8); })), Contains("rope.dimension_count"));
  CHECK_THAT(message(TinyGguf([](GgufBuilder& file) { file.String("general.type", "adapter"); })), Contains("adapter"));
  CHECK_THAT(message(GgufBuilder().String("general.architecture", "mamba").Build()), Contains("mamba") && Contains("llama"));
  CHECK_THAT(message(GgufBuilder().Build()), Contains("general.architecture"));
}

TEST_CASE("a GGUF tokenizer that is incomplete or unknown is named", "[open_model]") {
  const TempDir folder;
  const std::string path = folder.File("bad.gguf");
  const auto message = [&](const std::function<void(GgufBuilder&)>& tokenizer) {
    WriteBytes(path, TinyGguf(tokenizer, {}, true));
    return MessageOf(path);
  };
  CHECK_THAT(message({}), Contains("tokenizer.ggml.model is missing"));
  CHECK_THAT(message([](GgufBuilder& file) { file.String("tokenizer.ggml.model", "llama"); }), Contains("\"llama\"") && Contains("gpt2"));
  CHECK_THAT(message([](GgufBuilder& file) { file.String("tokenizer.ggml.model", "gpt2").String("tokenizer.ggml.pre", "tekken"); }),
             Contains("tekken") && Contains("gpt-2, llama-bpe, qwen2, smollm"));
  const auto base = [](GgufBuilder& file) -> GgufBuilder& {
    return file.String("tokenizer.ggml.model", "gpt2").String("tokenizer.ggml.pre", "gpt-2");
  };
  CHECK_THAT(message([&](GgufBuilder& file) { base(file); }), Contains("tokenizer.ggml.tokens"));
  CHECK_THAT(message([&](GgufBuilder& file) { base(file).Strings("tokenizer.ggml.tokens", {"a"}); }), Contains("needs its merges"));
  CHECK_THAT(message([&](GgufBuilder& file) {
               base(file).Strings("tokenizer.ggml.tokens", {"a"}).Ints("tokenizer.ggml.token_type", {1, 1});
             }),
             Contains("2 entries"));
  CHECK_THAT(
      message([&](GgufBuilder& file) {
        base(file).Strings("tokenizer.ggml.tokens", {"a"}).Ints("tokenizer.ggml.token_type", {6}).Strings("tokenizer.ggml.merges", {});
      }),
      Contains("token_type[0] is 6"));
  CHECK_THAT(
      message([&](GgufBuilder& file) { base(file).Strings("tokenizer.ggml.tokens", {"a"}).Strings("tokenizer.ggml.merges", {"ab"}); }),
      Contains("merges[0]"));
  CHECK_THAT(
      message([&](GgufBuilder& file) {
        base(file).Strings("tokenizer.ggml.tokens", {"a"}).Strings("tokenizer.ggml.merges", {}).U32("tokenizer.ggml.eos_token_id", 1);
      }),
      Contains("eos_token_id"));
}

TEST_CASE("a directory that was written is opened as the same model", "[open_model]") {
  const TempDir folder;
  WriteTinyDirectory(folder.path(), GENERATE(true, false));
  const ModelFile model = OpenModel(folder.path()).value();
  CHECK(model.format == "safetensors");
  CHECK(model.config.eos_tokens == std::vector<int32_t>{258, 256});
  CHECK(ChatTemplate::FromModelTemplate(model.chat_template, *model.tokenizer)->name() == "chatml");
  RequireTinyWeights(model);
  // A second generation of files equals the first.
  const auto again = HuggingFaceFiles(model.config, *model.tokenizer, model.chat_template);
  CHECK(again.size() == 6);
  for (const auto& file : again) CHECK(file.contents == ReadFile(folder.File(file.name)).value());
}

TEST_CASE("a directory written by transformers is read", "[open_model]") {
  const ModelConfig config = ReadHuggingFaceConfig(GoldenPath("tiny_llama")).value();
  CHECK(config.hidden_size == 64);
  CHECK(config.rope_theta == 10000.0);
  CHECK(config.rms_norm_eps == 1e-5);
  CHECK(config.tie_word_embeddings);
  const auto tensors = OpenHuggingFaceTensors(GoldenPath("tiny_llama"), config);
  REQUIRE(tensors.ok());
  CHECK((*tensors)->entries().size() == 20);
  CHECK_THAT(MessageOf(GoldenPath("tiny_llama")), Contains("tokenizer.json"));
}

TEST_CASE("settings are found where transformers 4 and 5 put them", "[open_model]") {
  const TempDir folder;
  WriteTinyDirectory(folder.path());
  const std::string config = folder.File("config.json");
  Json json = ParseJson(ReadFile(config).value(), config).value();
  json.erase("rope_theta");
  json["rope_parameters"] = {{"rope_theta", 77.0}, {"rope_type", "default"}};
  WriteBytes(config, DumpJson(json));
  CHECK(ReadHuggingFaceConfig(folder.path())->rope_theta == 77.0);
  json.erase("rope_parameters");
  json["rope_theta"] = 88;
  WriteBytes(config, DumpJson(json));
  CHECK(ReadHuggingFaceConfig(folder.path())->rope_theta == 88.0);
  json["rope_scaling"] = {{"rope_type", "llama3"}};
  WriteBytes(config, DumpJson(json));
  CHECK_THAT(MessageOf(folder.path()), Contains("rope_scaling.rope_type") && Contains("llama3"));
}

TEST_CASE("stop tokens are the union of all files", "[open_model]") {
  const TempDir folder;
  WriteTinyDirectory(folder.path());
  Edit(folder.File("config.json"), "/eos_token_id", 5);
  Edit(folder.File("generation_config.json"), "/eos_token_id", {7, 5});
  CHECK(ReadHuggingFaceConfig(folder.path())->eos_tokens == std::vector<int32_t>{5, 7});
  CHECK(OpenModel(folder.path())->tokenizer->stop_tokens() == std::vector<TokenId>{5, 7, 258, 256});
  Edit(folder.File("generation_config.json"), "/eos_token_id", 259);
  CHECK_THAT(MessageOf(folder.path()), Contains("generation_config.json") && Contains("259"));
}

TEST_CASE("a chat template is taken from its own file, else from the tokenizer's settings", "[open_model]") {
  const TempDir folder;
  WriteTinyDirectory(folder.path());
  Edit(folder.File("tokenizer_config.json"), "/chat_template", "inside");
  CHECK(OpenModel(folder.path())->chat_template != "inside");
  std::filesystem::remove(folder.File("chat_template.jinja"));
  CHECK(OpenModel(folder.path())->chat_template == "inside");
  Edit(folder.File("tokenizer_config.json"), "/chat_template",
       {{{"name", "rag"}, {"template", "x"}}, {{"name", "default"}, {"template", "y"}}});
  CHECK(OpenModel(folder.path())->chat_template == "y");
  std::filesystem::remove(folder.File("tokenizer_config.json"));
  CHECK(OpenModel(folder.path())->chat_template.empty());
}

TEST_CASE("sharded weights are found through their index", "[open_model]") {
  const TempDir folder;
  WriteTinyDirectory(folder.path());
  const ModelConfig config = TinyModelConfig();
  Json weight_map = Json::object();
  std::vector<std::vector<float>> data;
  std::vector<std::vector<SafetensorsWriteItem>> shards(2);
  const auto specs = TinyTensors(config);
  data.reserve(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    data.push_back(Weights(specs[i]));
    shards[i % 2].push_back({specs[i].name, SafetensorsType::kF32, specs[i].shape, std::as_bytes(std::span(data.back()))});
    weight_map[specs[i].name] = fmt::format("model-{:05}-of-00002.safetensors", i % 2 + 1);
  }
  REQUIRE(WriteSafetensors(folder.File("model-00001-of-00002.safetensors"), shards[0]).ok());
  REQUIRE(WriteSafetensors(folder.File("model-00002-of-00002.safetensors"), shards[1]).ok());
  std::filesystem::remove(folder.File("model.safetensors"));
  const std::string index = folder.File("model.safetensors.index.json");
  WriteBytes(index, DumpJson({{"metadata", {{"total_size", 1}}}, {"weight_map", weight_map}}));
  RequireTinyWeights(OpenModel(folder.path()).value());
  for (const char* name : {"../model-00001-of-00002.safetensors", "/etc/passwd", "", ".", "a/b"}) {
    Edit(index, "/weight_map/model.norm.weight", name);
    CHECK_THAT(MessageOf(folder.path()), Contains("model.norm.weight") && Contains("file name without folder"));
  }
  Edit(index, "/weight_map/model.norm.weight", "model-00002-of-00002.safetensors");
  Edit(index, "/weight_map/model.embed_tokens.weight", "model-00002-of-00002.safetensors");
  CHECK_THAT(MessageOf(folder.path()), Contains("model-00002-of-00002.safetensors") && Contains("model.embed_tokens.weight is missing"));
  std::filesystem::remove(folder.File("model-00002-of-00002.safetensors"));
  CHECK_THAT(MessageOf(folder.path()), Contains("model-0000"));
}

TEST_CASE("what a directory lacks or contradicts is named", "[open_model]") {
  const TempDir folder;
  const auto path = [&](const char* name) { return folder.File(name); };
  CHECK_THAT(MessageOf(folder.path()), Contains("config.json"));
  WriteTinyDirectory(folder.path());
  Edit(path("config.json"), "/model_type", "gemma3");
  CHECK_THAT(MessageOf(folder.path()), Contains("config.json") && Contains("gemma3") && Contains("llama"));
  WriteTinyDirectory(folder.path());
  Edit(path("config.json"), "/hidden_size", 128);
  CHECK_THAT(MessageOf(folder.path()), Contains("model.embed_tokens.weight") && Contains("[259, 64]") && Contains("[259, 128]"));
  Edit(path("config.json"), "/hidden_size", "wide");
  CHECK_THAT(MessageOf(folder.path()), Contains("hidden_size") && Contains("wide"));
  WriteTinyDirectory(folder.path());
  Edit(path("config.json"), "/vocab_size", 200);
  CHECK_FALSE(OpenModel(folder.path()).ok());
  WriteTinyDirectory(folder.path());
  Edit(path("config.json"), "/num_hidden_layers", 3);
  CHECK_THAT(MessageOf(folder.path()), Contains("model.layers.2.") && Contains("is missing"));
  Edit(path("config.json"), "/num_hidden_layers", 1);
  CHECK_THAT(MessageOf(folder.path()), Contains("model.layers.1.") && Contains("belongs to no part"));
  WriteTinyDirectory(folder.path());
  WriteBytes(path("config.json"), "{\"model_type\":");
  CHECK_THAT(MessageOf(folder.path()), Contains("config.json") && Contains("invalid JSON"));
  WriteTinyDirectory(folder.path());
  std::filesystem::remove(path("model.safetensors"));
  CHECK_THAT(MessageOf(folder.path()), Contains("model.safetensors"));
  WriteBytes(path("model.safetensors"), "short");
  CHECK_THAT(MessageOf(folder.path()), Contains("model.safetensors"));
  CHECK_THAT(MessageOf(path("model.safetensors")), Contains("directory"));
  CHECK_THAT(MessageOf("no/such/model"), Contains("no/such/model") && Contains("quickstart.sh"));
}

TEST_CASE("damaged GGUF models are opened or refused, never worse", "[open_model]") {
  const TempDir folder;
  const std::string path = folder.File("damaged.gguf");
  const std::string original = TinyGguf();
  int refused = 0;
  for (uint32_t round = 0; round < 200; ++round) {
    RandomStream random(8, RandomPurpose::kTaskContent, round);
    std::string bytes = original;
    for (int64_t i = random.Between(1, 3); i > 0; --i) bytes[random.Below(8000)] = static_cast<char>(random.Below(256));
    WriteBytes(path, bytes);
    const auto model = OpenModel(path);
    refused += model.ok() ? 0 : 1;
    if (model.ok()) model->tokenizer->Encode("Some text <|im_end|> \xFF");
  }
  CHECK(refused > 50);
}

}  // namespace
}  // namespace cupel
