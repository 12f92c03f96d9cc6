// Covers policy/tokenizer/utf8.h and the decoding of policy/tokenizer.h. Alone: build/release/tests/policy_api_test "[utf8]"

#include "policy/tokenizer/utf8.h"

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "policy/checkpoint/tensor_source.h"
#include "policy/tokenizer.h"

namespace cupel {
namespace {

const std::string kMark = "\xEF\xBF\xBD";

std::string Marks(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += kMark;
  return text;
}

TEST_CASE("invalid UTF-8 becomes one U+FFFD for each maximal invalid part", "[utf8]") {
  // Expected values are those of Python 3.11: bytes.decode("utf-8", "replace").
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"plain", "plain"},
      {"caf\xC3\xA9", "caf\xC3\xA9"},
      {"\x80", Marks(1)},
      {"\xC3", Marks(1)},
      {"\xC0\x80", Marks(2)},
      {"\xC1\xBF", Marks(2)},
      {"\xE2\x82", Marks(1)},
      {"\xE2\x82x", Marks(1) + "x"},
      {"\xE2(\xA1", Marks(1) + "(" + Marks(1)},
      {"\xE0\x80\x80", Marks(3)},
      {"\xED\xA0\x80", Marks(3)},
      {"\xED\xA0\x80\xED\xB0\x80", Marks(6)},
      {"\xF0\x9F\x98", Marks(1)},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"\xF0\x80\x80\x80", Marks(4)},
      {"\xF4\x90\x80\x80", Marks(4)},
      {"\xF1\x80\x80\xE1\x80", Marks(2)},
      {"\xF5\x80\x80\x80", Marks(4)},
      {"\xFF\xFE", Marks(2)},
      {"a\xF0\x9F\x98z\xC3", "a" + kMark + "z" + kMark},
      {std::string("\0\x80", 2), std::string("\0", 1) + kMark},
  };
  for (const auto& [bytes, expected] : cases) {
    INFO("bytes in order: " << Catch::Detail::stringify(bytes));
    CHECK(ReplaceInvalidUtf8(bytes) == expected);
    CHECK(IsValidUtf8(bytes) == (bytes == expected));
  }
}

TEST_CASE("the white space of Unicode is recognised", "[utf8]") {
  for (const char32_t c : {U'\t', U'\n', U'\v', U'\f', U'\r', U' ', U'\x85', U'\xA0', U'\u1680', U'\u2000', U'\u200A', U'\u2028', U'\u2029',
                           U'\u202F', U'\u205F', U'\u3000'}) {
    CHECK(IsUnicodeSpace(c));
  }
  for (const char32_t c : {U'a', U'\x1F', U'\x84', U'\u180E', U'\u200B', U'\u2060', U'\uFEFF'}) CHECK_FALSE(IsUnicodeSpace(c));
}

TEST_CASE("streamed text is the text decoded at once, whatever the bytes", "[utf8]") {
  const auto tokenizer = MakeByteTokenizer();
  // Lead and continuation bytes of all kinds, so that sequences are cut, completed and broken.
  const std::vector<TokenId> alphabet = {'a', 0x80, 0xBF, 0xC3, 0xE2, 0x82, 0xAC, 0xED, 0xA0, 0xF0, 0x9F, 0x98, 0xF4, 0xFF, 257};
  for (uint32_t round = 0; round < 2000; ++round) {
    RandomStream random(7, RandomPurpose::kTaskContent, round);
    std::vector<TokenId> tokens;
    std::string streamed;
    StreamDecoder decoder(*tokenizer);
    for (uint64_t i = random.Below(12); i > 0; --i) {
      tokens.push_back(alphabet[random.Below(alphabet.size())]);
      streamed += decoder.Push(tokens.back());
      CHECK(IsValidUtf8(streamed));
    }
    streamed += decoder.Flush();
    CHECK(streamed == tokenizer->Decode(tokens));
  }
}

TEST_CASE("a character appears with its last byte and not before", "[utf8]") {
  const auto tokenizer = MakeByteTokenizer();
  StreamDecoder decoder(*tokenizer);
  CHECK(decoder.Push(0xF0).empty());
  CHECK(decoder.Push(0x9F).empty());
  CHECK(decoder.Push(0x98).empty());
  CHECK(decoder.Push(0x80) == "\xF0\x9F\x98\x80");
  CHECK(decoder.Push(0xC3).empty());
  CHECK(decoder.Push('x') == kMark + "x");
  CHECK(decoder.Push(0xE2).empty());
  CHECK(decoder.Flush() == kMark);
  CHECK(decoder.Flush().empty());
}

TEST_CASE("control tokens are left out of the text or spelled out", "[utf8]") {
  const auto tokenizer = MakeByteTokenizer();
  const std::vector<TokenId> tokens = {257, 'h', 'i', 258, 9999, -5};
  CHECK(tokenizer->Decode(tokens) == "hi");
  CHECK(tokenizer->Decode(tokens, true) == "<|im_start|>hi<|im_end|>");
}

}  // namespace
}  // namespace cupel
