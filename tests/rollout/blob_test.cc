// Covers rollout/blob.h. Alone: build/release/tests/rollout_test "[blob]"

#include "rollout/blob.h"

#include <algorithm>
#include <bit>
#include <cmath>
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
  // Packed when that is shorter: 0xbf is the least uppermost byte, 15 stands for an uppermost byte of 0.
  CHECK(encoder.Floats(std::vector<float>{-0.5F, -2.0F, 0.0F, -1.0F, -1.5F}) ==
        "\x05\xbf\x10\x0f\x00"
        "\x00\x00\x00"
        "\x00\x00\x00"
        "\x00\x00\x00"
        "\x00\x00\x80"
        "\x00\x00\xc0"s);
}

TEST_CASE("rounded log-probabilities take half the bytes and come back rounded to nearest, ties to even", "[blob]") {
  BlobEncoder encoder;
  CHECK(encoder.RoundedFloats(std::vector<float>{1.0F, -2.0F}) == "\x04\x80\x3f\x00\xc0"s);
  CHECK(IsRounded("\x14"));
  CHECK_FALSE(IsRounded("\x13"));
  // 1 + 2^-8 lies between 1 and 1 + 2^-7 and goes to the even one, 1; a bit more goes up; 1 + 3 * 2^-8 is a tie that goes up to the even
  // one.
  CHECK(RoundToBfloat16(1.00390625F) == 1.0F);
  CHECK(RoundToBfloat16(std::nextafter(1.00390625F, 2.0F)) == 1.0078125F);
  CHECK(RoundToBfloat16(1.01171875F) == 1.015625F);
  using Limits = std::numeric_limits<float>;
  const std::vector<float> special = {
      -0.0F, 0.0F, -Limits::infinity(), Limits::infinity(), Limits::quiet_NaN(), Limits::max(), Limits::denorm_min()};
  const std::vector<float> back = DecodeFloats(encoder.RoundedFloats(special), std::ssize(special)).value();
  CHECK(std::signbit(back[0]));
  CHECK_FALSE(std::signbit(back[1]));
  CHECK(back[2] == -Limits::infinity());
  CHECK(back[3] == Limits::infinity());
  CHECK(std::isnan(back[4]));
  CHECK(back[5] == Limits::infinity());
  CHECK(back[6] == 0.0F);
  std::vector<float> values(1000);
  RandomStream random(3, RandomPurpose::kTaskContent);
  std::ranges::generate(values, [&] { return static_cast<float>(-8 * random.Uniform() * random.Uniform()); });
  const std::string blob = encoder.RoundedFloats(values);
  CHECK(blob.size() <= 1 + 2 * values.size());
  const std::vector<float> rounded = DecodeFloats(blob, 1000).value();
  for (size_t i = 0; i < values.size(); ++i) {
    CHECK(rounded[i] == RoundToBfloat16(values[i]));
    CHECK(std::abs(rounded[i] - values[i]) <= std::abs(values[i]) / 256);
  }
  CHECK_FALSE(DecodeFloats(blob, 999).ok());
  CHECK_FALSE(DecodeTokens(blob, 1000).ok());
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
