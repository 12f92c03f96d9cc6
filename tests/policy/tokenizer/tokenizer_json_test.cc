// Covers policy/tokenizer/tokenizer_json.h: settings, crafted and damaged files. Alone: build/release/tests/policy_api_test
// "[tokenizer_json]"

#include "policy/tokenizer/tokenizer_json.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/status.h"
#include "policy/tokenizer/byte_alphabet.h"
#include "tests/policy/allocation_probe.h"
#include "tests/policy/golden.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;

// All bytes, the merge "a b" and two added tokens.
Json SmallTokenizer() {
  Json vocab = Json::object();
  for (int byte = 0; byte < 256; ++byte) vocab[ByteToAlphabet(static_cast<uint8_t>(byte))] = byte;
  vocab["ab"] = 256;
  return {{"added_tokens",
           {{{"id", 257}, {"content", "<|endoftext|>"}, {"special", true}}, {{"id", 258}, {"content", "<think>"}, {"special", false}}}},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model", {{"type", "BPE"}, {"vocab", std::move(vocab)}, {"merges", {"a b"}}}}};
}

absl::StatusOr<std::unique_ptr<BpeTokenizer>> Open(std::string_view text) {
  CUPEL_ASSIGN_OR_RETURN(BpeSpec spec, ParseTokenizerJson(text, "tokenizer.json"));
  return BpeTokenizer::Create(std::move(spec), "tokenizer.json");
}

std::string MessageOf(const Json& json) { return std::string(Message(Open(DumpJson(json)).status())); }

// The message after setting the value at a JSON pointer.
std::string MessageWith(const char* pointer, const Json& value) {
  Json json = SmallTokenizer();
  json[Json::json_pointer(pointer)] = value;
  return MessageOf(json);
}

TEST_CASE("both spellings of merges are read", "[tokenizer_json]") {
  for (const Json& merge : {Json("a b"), Json({"a", "b"})}) {
    Json json = SmallTokenizer();
    json["model"]["merges"] = Json::array({merge});
    const auto tokenizer = Open(DumpJson(json));
    REQUIRE(tokenizer.ok());
    CHECK((*tokenizer)->Encode("abc") == std::vector<TokenId>{256, 'c'});
    CHECK((*tokenizer)->Encode("<think>ab<|endoftext|>").size() == 15);
  }
}

TEST_CASE("a piece that is a token is taken whole when merges are ignored, but never a control token", "[tokenizer_json]") {
  Json json = SmallTokenizer();
  json["model"]["vocab"]["cde"] = 259;
  CHECK(Open(DumpJson(json)).value()->Encode("cde").size() == 3);
  json["model"]["ignore_merges"] = true;
  json["pre_tokenizer"]["use_regex"] = false;
  const auto tokenizer = Open(DumpJson(json)).value();
  CHECK(tokenizer->Encode("cde") == std::vector<TokenId>{259});
  CHECK(tokenizer->Encode("<|endoftext|>").size() == 13);
}

TEST_CASE("added tokens overlap as in the Hugging Face library: leftmost, then longest", "[tokenizer_json]") {
  Json json = SmallTokenizer();
  json["added_tokens"] = Json::array({{{"id", 257}, {"content", "<|endoftext|>"}, {"special", true}},
                                      {{"id", 258}, {"content", "xy"}, {"special", false}},
                                      {{"id", 259}, {"content", "xyz"}, {"special", false}},
                                      {{"id", 260}, {"content", "zz"}, {"special", false}},
                                      {{"id", 261}, {"content", "|>xy"}, {"special", false}}});
  const auto tokenizer = Open(DumpJson(json)).value();
  CHECK(tokenizer->Encode("xyzz") == std::vector<TokenId>{259, 'z'});
  CHECK(tokenizer->Encode("xyxy") == std::vector<TokenId>{258, 258});
  // The control token hides the added token that begins inside it, and is itself ordinary text.
  const auto ids = tokenizer->Encode("<|endoftext|>xy");
  CHECK(ids.size() == 14);
  CHECK(ids.back() == 258);
}

TEST_CASE("settings that are not supported are named", "[tokenizer_json]") {
  CHECK(MessageOf(SmallTokenizer()).empty());
  CHECK(MessageWith("/normalizer", {{"type", "Sequence"}, {"normalizers", Json::array()}}).empty());
  CHECK(MessageWith("/post_processor", {{"type", "TemplateProcessing"}}).empty());
  CHECK(MessageWith("/model/unk_token", "<|endoftext|>").empty());  // every byte has a token, so it is never used
  CHECK_THAT(MessageWith("/normalizer", {{"type", "NFC"}}), Contains("normalizer \"NFC\""));
  CHECK_THAT(MessageWith("/decoder", nullptr), Contains("decoder null"));
  CHECK_THAT(MessageWith("/model/type", "Unigram"), Contains("model \"Unigram\""));
  CHECK_THAT(MessageWith("/model/dropout", 0.1), Contains("model.dropout"));
  CHECK_THAT(MessageWith("/model/byte_fallback", true), Contains("model.byte_fallback"));
  CHECK_THAT(MessageWith("/model/end_of_word_suffix", "</w>"), Contains("model.end_of_word_suffix"));
  CHECK_THAT(MessageWith("/pre_tokenizer", nullptr), Contains("pre_tokenizer"));
  CHECK_THAT(MessageWith("/added_tokens/1/lstrip", true), Contains("<think>") && Contains("lstrip"));
  CHECK(MessageWith("/added_tokens/0/lstrip", true).empty());  // a control token is not matched in text
  Json lacks_bytes = SmallTokenizer();
  lacks_bytes["model"]["vocab"].erase("!");
  CHECK(MessageOf(lacks_bytes).empty());
  lacks_bytes["model"]["unk_token"] = "<|endoftext|>";
  CHECK_THAT(MessageOf(lacks_bytes), Contains("model.unk_token"));
}

TEST_CASE("crafted tokenizer files end in a named error within bounded memory", "[tokenizer_json]") {
  Json self_contradicting = SmallTokenizer();
  self_contradicting["added_tokens"].push_back({{"id", 259}, {"content", "<think>"}, {"special", false}});
  Json same_id = SmallTokenizer();
  same_id["added_tokens"].push_back({{"id", 258}, {"content", "<other>"}, {"special", false}});
  Json same_vocab_id = SmallTokenizer();
  same_vocab_id["model"]["vocab"]["ba"] = 256;
  Json long_key = SmallTokenizer();
  long_key["model"]["vocab"][std::string(10'000'000, 'x')] = 259;
  Json forges = SmallTokenizer();
  forges["model"]["vocab"]["<|"] = 259;
  forges["model"]["vocab"]["<|endoftext|>"] = 257;
  forges["model"]["merges"] = Json::array({"< |", "<| endoftext|>"});
  struct Case {
    const char* name;
    std::string text;
    const char* expected;
    uint64_t max_bytes;
  };
  constexpr uint64_t kSmall = 4 << 20;
  const auto with = [](const char* pointer, const Json& value) {
    Json json = SmallTokenizer();
    json[Json::json_pointer(pointer)] = value;
    return DumpJson(json);
  };
  const std::vector<Case> cases = {
      {"merge of an absent token", with("/model/merges", {"a zz"}), "merge 0 (\"a\" \"zz\") needs token \"zz\"", kSmall},
      {"merge into an absent token", with("/model/merges", {"b a"}), "needs token \"ba\"", kSmall},
      {"merge that forms a control token", DumpJson(forges), "endoftext|>", kSmall},
      {"merge of three", with("/model/merges", {"a b c"}), "merge 0", kSmall},
      {"merge that is a number", with("/model/merges", Json::array({7})), "merge 0 is 7", kSmall},
      {"no merges", with("/model/merges", Json::array()), "no merges", kSmall},
      {"merges missing", with("/model", {{"vocab", {{"a", 0}}}}), "no list \"merges\"", kSmall},
      {"added token twice", DumpJson(self_contradicting), "tokens 258 and 259 are both \"<think>\"", kSmall},
      {"two added tokens of one id", DumpJson(same_id), "id 258 belongs to two tokens", kSmall},
      {"two tokens of one id", DumpJson(same_vocab_id), "id 256 belongs to two tokens", kSmall},
      {"id 2^31", with("/model/vocab/ab", int64_t{1} << 31), "\"ab\" is 2147483648", kSmall},
      {"id that leaves a gap", with("/model/vocab/ab", 100'000), "\"ab\" is 100000", kSmall},
      {"negative id", with("/model/vocab/ab", -1), "\"ab\" is -1", kSmall},
      {"fractional id", with("/model/vocab/ab", 1.5), "\"ab\" is 1.5", kSmall},
      {"vocab is a list", with("/model/vocab", Json::array({"a"})), "no object \"vocab\"", kSmall},
      {"10 MB key", DumpJson(long_key), "10000000 bytes, expected 1 to 65536", 160 << 20},
      {"empty token", with("/added_tokens/1/content", ""), "0 bytes", kSmall},
      {"surrogate half", R"({"model":{"vocab":{"\ud800":0}}})", "invalid JSON", kSmall},
      {"not UTF-8", "{\"model\":{\"vocab\":{\"\xFF\":0}}}", "invalid JSON", kSmall},
      {"duplicate key", R"({"model":{"vocab":{"a":0,"a":1}}})", "twice", kSmall},
      {"depth 10^6", std::string(1'000'000, '['), "nested", kSmall},
      {"not an object", "[]", "expected a JSON object", kSmall},
      {"empty", "", "invalid JSON", kSmall},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const AllocationProbe probe;
    const auto tokenizer = Open(c.text);
    CHECK(probe.bytes() < c.max_bytes);
    REQUIRE_FALSE(tokenizer.ok());
    const std::string message(Message(tokenizer.status()));
    CHECK_THAT(message, Contains(c.expected) && Contains("tokenizer.json"));
    CHECK(message.size() < 500);
  }
}

TEST_CASE("a small gap in the ids is accepted", "[tokenizer_json]") {
  Json json = SmallTokenizer();
  json["added_tokens"][1]["id"] = 300;
  const auto tokenizer = Open(DumpJson(json)).value();
  CHECK(tokenizer->vocab_size() == 301);
  CHECK(tokenizer->TokenBytes(280).empty());
  CHECK(tokenizer->Encode("<think>") == std::vector<TokenId>{300});
}

TEST_CASE("an expression that explodes elsewhere is linear here", "[tokenizer_json]") {
  Json json = SmallTokenizer();
  json["pre_tokenizer"] = {{"type", "Sequence"},
                           {"pretokenizers",
                            {{{"type", "Split"}, {"pattern", {{"Regex", "(a+)+"}}}, {"behavior", "Isolated"}, {"invert", false}},
                             {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
  const auto tokenizer = Open(DumpJson(json)).value();
  CHECK(tokenizer->Encode(std::string(1'000'000, 'a') + "!").size() == 1'000'001);
}

TEST_CASE("damaged tokenizer files are read or refused, never worse", "[tokenizer_json]") {
  const std::string original = DumpJson(SmallTokenizer());
  int refused = 0;
  for (uint32_t round = 0; round < 600; ++round) {
    RandomStream random(6, RandomPurpose::kTaskContent, round);
    std::string text = original;
    for (int64_t i = random.Between(1, 3); i > 0; --i) {
      const std::string_view likely = "0123456789{}[]\",:-\\ \xC4tfn";
      text[random.Below(text.size())] = likely[random.Below(likely.size())];
    }
    const AllocationProbe probe;
    const auto tokenizer = Open(text);
    if (tokenizer.ok()) {
      (*tokenizer)->Encode("ab <think> \xFF 12");
    } else {
      ++refused;
    }
    CHECK(probe.bytes() < (32 << 20));
  }
  CHECK(refused > 100);
}

}  // namespace
}  // namespace cupel
