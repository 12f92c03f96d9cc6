// Covers policy/tokenizer/{bpe,bpe_merge,byte_alphabet}.h against tokenizers 0.23.3. Alone: build/release/tests/policy_api_test "[bpe]"

#include "policy/tokenizer/bpe.h"

#include <atomic>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/status.h"
#include "policy/checkpoint/gguf_model.h"
#include "policy/checkpoint/tensor_source.h"
#include "policy/tokenizer/byte_alphabet.h"
#include "policy/tokenizer/tokenizer_json.h"
#include "tests/policy/golden.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;

std::unique_ptr<Tokenizer> SmallFromJson() {
  BpeSpec spec = ParseTokenizerJson(ReadGolden("tokenizer/small_tokenizer.json"), "small").value();
  return BpeTokenizer::Create(std::move(spec), "small").value();
}

std::unique_ptr<Tokenizer> SmallFromGguf() {
  const GgufFile file = GgufFile::Open(GoldenPath("tokenizer/small_tokenizer.gguf")).value();
  return BpeTokenizer::Create(GgufTokenizerSpec(file).value(), "small").value();
}

TEST_CASE("ids and texts agree with the tokenizers library", "[bpe]") {
  const auto tokenizer = GENERATE(0, 1) == 0 ? SmallFromJson() : SmallFromGguf();
  int differing = 0;
  for (const Json& line : ReadGoldenLines("tokenizer/small.jsonl")) {
    const auto text = line["text"].get<std::string>();
    const auto ids = tokenizer->Encode(text);
    if (ids != line["ids"].get<std::vector<TokenId>>()) {
      ++differing;
      UNSCOPED_INFO(DumpJson(line) << "\nours: " << DumpJson(Json(ids)));
    }
    CHECK(tokenizer->Decode(ids) == line.value("decoded", text));
  }
  CHECK(differing == 0);
}

TEST_CASE("text that spells control tokens stays text", "[bpe]") {
  const auto tokenizer = GENERATE(0, 1) == 0 ? SmallFromJson() : SmallFromGguf();
  for (const Json& line : ReadGoldenLines("tokenizer/small_special.jsonl")) {
    const auto text = line["text"].get<std::string>();
    INFO(text);
    CHECK(tokenizer->Encode(text) == line["ids"].get<std::vector<TokenId>>());
    CHECK(EncodeWithControlTokens(*tokenizer, text) == line["ids_parsed"].get<std::vector<TokenId>>());
    CHECK(tokenizer->Decode(tokenizer->Encode(text)) == text);
  }
}

TEST_CASE("files written from GGUF metadata are read back to the same tokenizer", "[bpe]") {
  const auto original = SmallFromGguf();
  const auto files = original->ToFiles();
  REQUIRE(files.size() == 3);
  REQUIRE(files[0].name == "tokenizer.json");
  const auto again = BpeTokenizer::Create(ParseTokenizerJson(files[0].contents, "again").value(), "again").value();
  REQUIRE(again->vocab_size() == original->vocab_size());
  for (TokenId id = 0; id < original->vocab_size(); ++id) {
    CHECK(again->TokenBytes(id) == original->TokenBytes(id));
    CHECK(again->ControlSpelling(id) == original->ControlSpelling(id));
  }
  for (const Json& line : ReadGoldenLines("tokenizer/small.jsonl")) {
    CHECK(again->Encode(line["text"].get<std::string>()) == line["ids"].get<std::vector<TokenId>>());
  }
}

TEST_CASE("any bytes survive encoding and decoding, broken ones as U+FFFD", "[bpe]") {
  const auto tokenizer = SmallFromJson();
  for (uint32_t round = 0; round < 500; ++round) {
    RandomStream random(11, RandomPurpose::kTaskContent, round);
    std::string text;
    for (uint64_t i = random.Below(40); i > 0; --i)
      text += static_cast<char>(random.Below(4) == 0 ? random.Below(256) : 'a' + random.Below(26));
    CHECK(tokenizer->Decode(tokenizer->Encode(text)) == ReplaceInvalidUtf8(text));
  }
}

TEST_CASE("the byte tokenizer maps bytes to themselves", "[bpe]") {
  const auto tokenizer = MakeByteTokenizer();
  CHECK(tokenizer->vocab_size() == 259);
  CHECK(tokenizer->Encode("A\xC3\xA9 <|im_end|>").size() == 14);
  CHECK(tokenizer->Encode("A\xC3\xA9") == std::vector<TokenId>{0x41, 0xC3, 0xA9});
  for (TokenId id = 0; id < 256; ++id) CHECK(tokenizer->TokenBytes(id) == std::string(1, static_cast<char>(id)));
  CHECK(tokenizer->ControlToken("<|endoftext|>") == 256);
  CHECK(tokenizer->ControlToken("<|im_start|>") == 257);
  CHECK(tokenizer->ControlToken("<|im_end|>") == 258);
  CHECK_FALSE(tokenizer->ControlToken("A").has_value());
  CHECK(tokenizer->stop_tokens() == std::vector<TokenId>{258, 256});
}

TEST_CASE("the byte alphabet is a bijection of printable characters", "[bpe]") {
  CHECK(ByteToAlphabet(' ') == "\u0120");
  CHECK(ByteToAlphabet('\n') == "\u010A");
  CHECK(ByteToAlphabet(0xAD) == "\u0143");
  CHECK(ByteToAlphabet('!') == "!");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    CHECK(AlphabetToBytes(BytesToAlphabet(bytes)) == bytes);
  }
  CHECK_FALSE(AlphabetToBytes(" ").has_value());
  CHECK_FALSE(AlphabetToBytes("\u0144").has_value());
}

TEST_CASE("merging takes at most three steps for each symbol", "[bpe]") {
  // a^(2^k) tokens for k = 0 .. 10: the longest chains of merges that a run of one character can have.
  MergeTable table;
  for (TokenId k = 0; k < 10; ++k) table.Add(k, k, {static_cast<uint32_t>(k), k + 1});
  for (const size_t count : {size_t{1}, size_t{2}, size_t{1000}, size_t{1'000'000}}) {
    std::vector<TokenId> symbols(count, 0);
    const int64_t steps = MergeSymbols(table, symbols);
    CHECK(steps <= 3 * static_cast<int64_t>(count));
    const auto represented =
        std::accumulate(symbols.begin(), symbols.end(), size_t{0}, [](size_t sum, TokenId id) { return sum + (size_t{1} << id); });
    CHECK(represented == count);
  }
}

TEST_CASE("equal ranks merge from the left and stale candidates are dropped", "[bpe]") {
  MergeTable table;
  table.Add(0, 0, {0, 1});  // aa
  std::vector<TokenId> symbols = {0, 0, 0};
  MergeSymbols(table, symbols);
  CHECK(symbols == std::vector<TokenId>{1, 0});
}

TEST_CASE("a million characters of one kind are encoded", "[bpe]") {
  const auto tokenizer = SmallFromJson();
  const std::vector<std::string> long_runs = {"a", "^", "_", " "};
  const std::vector<std::string> others = {"\n", "1", "\xFF", "\u00E9", "ab ", "<|im_end|>", "'s", " \n"};
  const auto check = [&](const std::string& unit, size_t size) {
    INFO("repeated: " << unit);
    std::string text;
    while (text.size() < size) text += unit;
    const auto ids = tokenizer->Encode(text);
    CHECK(tokenizer->Decode(ids) == ReplaceInvalidUtf8(text));
  };
  for (const std::string& unit : long_runs) check(unit, 1'000'000);
  for (const std::string& unit : others) check(unit, 100'000);
}

TEST_CASE("one tokenizer serves many threads", "[bpe]") {
  const auto tokenizer = SmallFromJson();
  const auto lines = ReadGoldenLines("tokenizer/small.jsonl");
  std::atomic<int> differing = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (const Json& line : lines) {
        differing += tokenizer->Encode(line["text"].get<std::string>()) == line["ids"].get<std::vector<TokenId>>() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(differing == 0);
}

TEST_CASE("a tokenizer that cannot work is refused by name", "[bpe]") {
  const auto message = [](BpeSpec spec) { return std::string(Message(BpeTokenizer::Create(std::move(spec), "FILE").status())); };
  BpeSpec spec = ByteTokenizerSpec();
  spec.tokens.push_back({"ab", BpeSpec::Kind::kNormal, false});
  CHECK_THAT(message(spec), Contains("FILE") && Contains("no merges") && Contains("\"ab\""));
  spec.merges = {{"a", "b"}};
  CHECK(message(spec).empty());
  spec.merges = {{"a", "c"}};
  CHECK_THAT(message(spec), Contains("merge 0") && Contains("\"ac\""));
  spec.merges = {{"<|im", "_end|>"}};
  CHECK_THAT(message(spec), Contains("\"<|im\""));
  spec.merges = {{"a", "b"}};
  spec.tokens.push_back({"abc", BpeSpec::Kind::kControl, false});
  spec.merges.emplace_back("ab", "c");
  CHECK_THAT(message(spec), Contains("control token \"abc\""));
  spec = ByteTokenizerSpec();
  spec.tokens.push_back({"a", BpeSpec::Kind::kNormal, false});
  CHECK_THAT(message(spec), Contains("97") && Contains("259"));
  spec = ByteTokenizerSpec();
  spec.stop_tokens = {259};
  CHECK_THAT(message(spec), Contains("stop token 259"));
  spec = ByteTokenizerSpec();
  spec.tokens.resize(256);
  spec.stop_tokens.clear();
  CHECK_THAT(message(spec), Contains("eos_token_id"));
}

}  // namespace
}  // namespace cupel
