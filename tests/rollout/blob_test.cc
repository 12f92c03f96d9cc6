// Covers rollout/blob.h. Alone: build/release/tests/rollout_test "[blob]"

#include "rollout/blob.h"

#include <bit>
#include <limits>
#include <string>

#include <catch2/catch.hpp>
#include <zstd.h>

#include "base/random.h"
#include "base/status.h"

namespace cupel {
namespace {

using namespace std::string_literals;  // for literals with NUL bytes

std::vector<TokenId> RandomTokens(size_t count, uint64_t bound, uint32_t seed) {
  RandomStream random(seed, RandomPurpose::kTaskContent);
  std::vector<TokenId> tokens(count);
  for (TokenId& token : tokens) {
    token = static_cast<TokenId>(random.Below(bound));
  }
  return tokens;
}

TEST_CASE("short blobs are the tag and the elements in little-endian order", "[blob]") {
  BlobEncoder encoder;
  CHECK(encoder.Tokens({}) == "\x00"s);
  CHECK(encoder.Floats({}) == "\x00"s);
  CHECK(encoder.Tokens(std::vector<TokenId>{1, 0x1234, 65535}) == "\x01\x01\x00\x34\x12\xff\xff"s);
  CHECK(encoder.Tokens(std::vector<TokenId>{1, 65536}) == "\x02\x01\x00\x00\x00\x00\x00\x01\x00"s);
  CHECK(encoder.Floats(std::vector<float>{1.0F, -0.0F}) == "\x03\x00\x00\x80\x3f\x00\x00\x00\x80"s);
}

TEST_CASE("token ids come back whatever their number and size", "[blob]") {
  BlobEncoder encoder;
  for (const size_t count : {0, 1, 31, 32, 33, 100, 5000}) {
    for (const uint64_t bound : {uint64_t{2}, uint64_t{65536}, uint64_t{65537}, uint64_t{1} << 31}) {
      const std::vector<TokenId> tokens = RandomTokens(count, bound, static_cast<uint32_t>(count + bound));
      const std::string blob = encoder.Tokens(tokens);
      CHECK(blob.size() <= 1 + 4 * count);
      CHECK(DecodeTokens(blob, static_cast<int64_t>(count)).value() == tokens);
    }
  }
}

TEST_CASE("floats come back bit for bit, NaN payloads included", "[blob]") {
  BlobEncoder encoder;
  RandomStream random(3, RandomPurpose::kTaskContent);
  std::vector<float> values(3000);
  for (float& value : values) {
    value = std::bit_cast<float>(random.Next());
  }
  for (const size_t count : {1, 15, 16, 3000}) {
    const std::span<const float> some(values.data(), count);
    const std::vector<float> back = DecodeFloats(encoder.Floats(some), static_cast<int64_t>(count)).value();
    REQUIRE(back.size() == count);
    for (size_t i = 0; i < count; ++i) {
      CHECK(std::bit_cast<uint32_t>(back[i]) == std::bit_cast<uint32_t>(some[i]));
    }
  }
}

TEST_CASE("repetitive contents are compressed", "[blob]") {
  BlobEncoder encoder;
  const std::string blob = encoder.Floats(std::vector<float>(1000, -0.5F));
  CHECK(blob[0] == 0x13);
  CHECK(blob.size() < 100);
}

TEST_CASE("damaged blobs are refused, not guessed", "[blob]") {
  BlobEncoder encoder;
  const std::string tokens = encoder.Tokens(std::vector<TokenId>{1, 2, 3});
  const std::string floats = encoder.Floats(std::vector<float>(1000, -0.5F));
  const auto refused = [](const auto& result) { return absl::IsDataLoss(result.status()); };
  CHECK(refused(DecodeTokens("", 0)));
  CHECK(refused(DecodeTokens("\x00"s, 1)));
  CHECK(refused(DecodeTokens("\x00\x00"s, 0)));
  CHECK(refused(DecodeTokens("\x10"s, 0)));
  CHECK(refused(DecodeTokens("\x21"s, 0)));
  CHECK(refused(DecodeTokens(tokens, 2)));
  CHECK(refused(DecodeTokens(tokens, 4)));
  CHECK(refused(DecodeTokens(tokens, -1)));
  CHECK(refused(DecodeTokens(tokens, std::numeric_limits<int64_t>::max())));
  CHECK(refused(DecodeTokens(tokens.substr(0, 6), 3)));
  CHECK(refused(DecodeTokens("\x02\x00\x00\x00\x80"s, 1)));  // 2^31
  CHECK(refused(DecodeTokens(floats, 1000)));
  CHECK(refused(DecodeFloats(tokens, 3)));
  CHECK(refused(DecodeFloats(floats, 999)));
  CHECK(refused(DecodeFloats(floats, 1001)));
  CHECK(refused(DecodeFloats(floats.substr(0, floats.size() - 1), 1000)));
  CHECK(refused(DecodeFloats("\x13"s, 0)));
  CHECK(refused(DecodeFloats("\x13garbage"s, 1)));
}

TEST_CASE("no single changed byte of a blob goes past the ends of memory", "[blob]") {
  BlobEncoder encoder;
  const std::string good = encoder.Tokens(RandomTokens(200, 50, 1));
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      const auto decoded = DecodeTokens(bad, 200);  // any answer will do; the sanitizers watch
      CHECK((!decoded.ok() || decoded->size() == 200));
    }
  }
}

}  // namespace
}  // namespace cupel
