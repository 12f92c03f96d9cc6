// Covers policy/tokenizer/{pre_tokenizer,regex_splitter}.h. Alone: build/release/tests/policy_api_test "[pre_tokenizer]"

#include "policy/tokenizer/pre_tokenizer.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;
using Pieces = std::vector<std::string>;

PreTokenizer Family(std::string_view name) {
  const TokenizerFamily* family = FindTokenizerFamily(name);
  REQUIRE(family != nullptr);
  return PreTokenizer::FromJson(ParseJson(family->pre_tokenizer, "family").value(), "family").value();
}

Pieces Cut(const PreTokenizer& pre_tokenizer, std::string_view text) {
  Pieces pieces;
  for (const std::string_view piece : pre_tokenizer.Split(text)) pieces.emplace_back(piece);
  return pieces;
}

absl::Status StatusOf(std::string_view json) { return PreTokenizer::FromJson(ParseJson(json, "test").value(), "FILE").status(); }

TEST_CASE("white space before a word leaves its last character to the word", "[pre_tokenizer]") {
  // The expected pieces are those of the Hugging Face library, tokenizers 0.23.3.
  const PreTokenizer gpt2 = Family("gpt-2");
  CHECK(Cut(gpt2, "a  b") == Pieces{"a", " ", " b"});
  CHECK(Cut(gpt2, "a   ") == Pieces{"a", "   "});
  CHECK(Cut(gpt2, " \n\nb") == Pieces{" \n", "\n", "b"});
  CHECK(Cut(gpt2, "a  5") == Pieces{"a", " ", " 5"});
  CHECK(Cut(gpt2, "it's 1234!\t\tx") == Pieces{"it", "'s", " 1234", "!", "\t", "\t", "x"});
  CHECK(Cut(gpt2, "\u3000\u3000x") == Pieces{"\u3000", "\u3000", "x"});
  CHECK(Cut(gpt2, "").empty());
}

TEST_CASE("SmolLM splits off every digit before anything is given back", "[pre_tokenizer]") {
  const PreTokenizer smollm = Family("smollm");
  CHECK(Cut(smollm, "a  5") == Pieces{"a", "  ", "5"});
  CHECK(Cut(smollm, "12.50") == Pieces{"1", "2", ".", "5", "0"});
  CHECK(Cut(smollm, "x\u0665\u00BD") == Pieces{"x", "\u0665", "\u00BD"});
}

TEST_CASE("Qwen and Llama 3 keep line breaks with the white space before them", "[pre_tokenizer]") {
  const PreTokenizer qwen = Family("qwen2");
  CHECK(Cut(qwen, " \n\nb") == Pieces{" \n\n", "b"});
  CHECK(Cut(qwen, "a \n  b") == Pieces{"a", " \n", " ", " b"});
  CHECK(Cut(qwen, "1234") == Pieces{"1", "2", "3", "4"});
  CHECK(Cut(qwen, "I'LL (go)") == Pieces{"I", "'LL", " (", "go", ")"});
  CHECK(Cut(Family("llama-bpe"), "1234567") == Pieces{"123", "456", "7"});
}

TEST_CASE("what no alternative matches is one piece for each gap", "[pre_tokenizer]") {
  const auto splitter =
      RegexSplitter::Create(R"([^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)").value();
  const std::string_view text("\0\1\2 x", 5);
  std::vector<std::string_view> pieces;
  splitter.Split(text, pieces);
  CHECK(pieces == std::vector<std::string_view>{text.substr(0, 3), text.substr(3)});
}

TEST_CASE("an expression that can match nothing does not loop", "[pre_tokenizer]") {
  const auto splitter = RegexSplitter::Create("b*").value();
  std::vector<std::string_view> pieces;
  splitter.Split("aabba", pieces);
  CHECK(pieces == std::vector<std::string_view>{"aa", "bb", "a"});
}

TEST_CASE("unsupported components are named", "[pre_tokenizer]") {
  CHECK_THAT(std::string(StatusOf(R"({"type": "Metaspace", "replacement": "_"})").message()), Contains("Metaspace"));
  CHECK_THAT(std::string(StatusOf(R"({"type": "ByteLevel"})").message()), Contains("add_prefix_space"));
  CHECK_THAT(std::string(StatusOf(R"({"type": "Digits", "individual_digits": true})").message()), Contains("without ByteLevel"));
  CHECK_THAT(std::string(StatusOf(R"({"type": "Sequence"})").message()), Contains("pretokenizers"));
  CHECK_THAT(std::string(StatusOf(R"({"type": "Split", "pattern": {"String": " "}, "behavior": "Removed"})").message()),
             Contains("Removed"));
  for (const char* pattern : {"a(?=b)", "(?<!a)b", "(a)\\1", "\\\\w+", "^a", "a$", "[a[b]]", "a++"}) {
    INFO(pattern);
    const auto status = RegexSplitter::Create(pattern == std::string("\\\\w+") ? "\\w+" : pattern).status();
    CHECK(status.code() == absl::StatusCode::kUnimplemented);
  }
  CHECK_FALSE(RegexSplitter::Create("").ok());
  CHECK_FALSE(RegexSplitter::Create(std::string(20'000, 'a')).ok());
}

}  // namespace
}  // namespace cupel
