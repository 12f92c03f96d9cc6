// Covers the encoding that crosses the wall of the sandbox. Alone: build/release/tests/code_test "[value]"

#include "verifiers/code/judge/value.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "verifiers/code/judge/literal.h"
#include "verifiers/code/judge/protocol.h"

namespace cupel::code {
namespace {

const std::vector<std::string> kLiterals = {"None",
                                            "True",
                                            "False",
                                            "0",
                                            "-1",
                                            "123456789012345678901234567890",
                                            "1.5",
                                            "-0.0",
                                            "float('inf')",
                                            "1+2j",
                                            "''",
                                            "'text é'",
                                            "b'\\x00\\xff'",
                                            "[]",
                                            "[1, [2, [3]]]",
                                            "()",
                                            "(1,)",
                                            "set()",
                                            "{1, 'a', (2, 3)}",
                                            "{}",
                                            "{'a': [1], 2: None}"};

TEST_CASE("a value is the same after encoding and decoding", "[value]") {
  for (const std::string& text : kLiterals) {
    CAPTURE(text);
    const std::optional<Value> value = ParseLiteral(text);
    REQUIRE(value);
    std::string problem;
    const std::optional<Value> again = Decode(Encode(*value), problem);
    REQUIRE(again);
    CHECK(Encode(*again) == Encode(*value));
    CHECK(Describe(*again) == Describe(*value));
  }
}

TEST_CASE("a cut or lengthened encoding is refused, and so are bytes that are no encoding", "[value]") {
  std::string problem;
  for (const std::string& text : kLiterals) {
    const std::string bytes = Encode(ParseLiteral(text).value());
    for (size_t length = 0; length < bytes.size(); ++length) {
      CHECK_FALSE(Decode(bytes.substr(0, length), problem));
      CHECK_FALSE(problem.empty());
    }
    CHECK_FALSE(Decode(bytes + "N", problem));
  }
  for (const char* bytes : {"x", "", "Q", "B\x02", "I\1\0\0\0x"}) {
    CHECK_FALSE(Decode(bytes, problem));
  }
  const auto integer = [](std::string_view digits) {
    return std::string("I") + static_cast<char>(digits.size()) + std::string(3, '\0') + std::string(digits);
  };
  CHECK(Decode(integer("0"), problem));
  for (const char* digits : {"", "-", "-0", "00", "01", "+1", "1 ", "1_0", "0x1", "1.0", "--1"}) {
    CAPTURE(digits);
    CHECK_FALSE(Decode(integer(digits), problem));
  }
}

TEST_CASE("depth, size and the number of values are bounded", "[value]") {
  std::string problem;
  const std::string list("L\1\0\0\0", 5);
  std::string deep;
  for (int i = 0; i < 64; ++i) {
    deep += list;
  }
  CHECK(Decode(deep + "N", problem));
  CHECK_FALSE(Decode(list + deep + "N", problem));
  CHECK_THAT(problem, Catch::Contains("deeper"));
  CHECK_FALSE(Decode(std::string("L\xff\xff\xff\xff", 5) + "NNN", problem));
  CHECK_FALSE(Decode(std::string((size_t{1} << 20) + 1, 'N'), problem));
  Value many = Value::Sequence(Kind::kList, std::vector<Value>(size_t{1} << 18));
  CHECK_FALSE(Decode(Encode(many), problem));
  CHECK_THAT(problem, Catch::Contains("more than"));
}

TEST_CASE("any bytes are decoded or refused, as values and as frames", "[value]") {
  RandomStream random(7, RandomPurpose::kTaskContent);
  const std::vector<Nonce> nonces = DrawNonces(3);
  const std::string alphabet = std::string("NBIFCSYLTEDO\0\1\2\3\4\5\x08-0123456789", 29);
  size_t num_decoded = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = i % 2 == 0 ? Encode(ParseLiteral(kLiterals[random.Below(kLiterals.size())]).value()) : "";
    for (uint64_t n = random.Below(12); n > 0; --n) {
      const char c = random.Below(4) == 0 ? static_cast<char>(random.Below(256)) : alphabet[random.Below(alphabet.size())];
      if (bytes.empty() || random.Below(2) == 0) {
        bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(random.Below(bytes.size() + 1)), c);
      } else {
        bytes[random.Below(bytes.size())] = c;
      }
    }
    std::string problem;
    if (const std::optional<Value> value = Decode(bytes, problem)) {
      ++num_decoded;
      CHECK(Encode(*value).size() == bytes.size());
    } else {
      CHECK_FALSE(problem.empty());
    }
    ReadOutcome(bytes, problem);
    const FrameRow row = ReadFrames(bytes, nonces, false);
    CHECK(row.frames.empty());
    CHECK((bytes.empty() || row.is_damaged || row.is_cut));
  }
  CHECK(num_decoded > 100);
}

std::string FrameBytes(const Nonce& nonce, uint32_t index, std::string_view payload) {
  std::string bytes(nonce.data(), nonce.size());
  for (const uint32_t word : {index, static_cast<uint32_t>(payload.size())}) {
    bytes.append(reinterpret_cast<const char*>(&word), 4);
  }
  return bytes + std::string(payload);
}

TEST_CASE("a frame counts only with the nonce of its own call", "[value]") {
  const std::vector<Nonce> nonces = DrawNonces(3);
  const std::string good = FrameBytes(nonces[0], 0, "a") + FrameBytes(nonces[1], 1, "bc") + FrameBytes(nonces[2], 2, "");
  const FrameRow row = ReadFrames(good, nonces, false);
  REQUIRE(row.frames.size() == 3);
  CHECK(row.frames[1].payload == "bc");
  CHECK_FALSE((row.is_damaged || row.is_cut));
  CHECK(ReadFrames(FrameBytes(nonces[1], 2, "x"), nonces, false).is_damaged);
  CHECK(ReadFrames(FrameBytes(nonces[1], 3, "x"), nonces, false).is_damaged);
  CHECK(ReadFrames(FrameBytes(DrawNonces(1)[0], 1, "x"), nonces, false).is_damaged);
  CHECK(ReadFrames("garbage that is longer than one header", nonces, false).is_damaged);
  CHECK(ReadFrames(good + std::string(24, '\0'), nonces, false).is_damaged);
  for (size_t length = 1; length < good.size(); ++length) {
    const FrameRow cut = ReadFrames(std::string_view(good).substr(0, length), nonces, false);
    CHECK_FALSE(cut.is_damaged);
    CHECK(cut.frames.size() + (cut.is_cut ? 1 : 0) >= 1);
  }
  for (size_t i = 0; i < 16; ++i) {  // one flipped bit anywhere in a nonce
    std::string flipped = good;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    CHECK(ReadFrames(flipped, nonces, false).is_damaged);
  }
}

TEST_CASE("nonces are all different", "[value]") {
  std::vector<Nonce> nonces = DrawNonces(1000);
  std::ranges::sort(nonces);
  CHECK(std::ranges::adjacent_find(nonces) == nonces.end());
}

}  // namespace
}  // namespace cupel::code
