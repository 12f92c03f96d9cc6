#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "policy/tokenizer.h"

// Token ids and log-probabilities as bytes. The encoding is stable and documented for other programs in docs/rollout-log.md:
//
//   byte 0      element type: 1 = unsigned 16 bit, 2 = unsigned 32 bit, 3 = IEEE 754 binary32, 4 = its upper half (bfloat16);
//               5 and 6 = 3 and 4 packed; plus 16 if the rest is one zstd frame
//   the rest    the elements, little-endian, without gaps (or a zstd frame of that)
//
// Packed: the uppermost bytes of log-probabilities (sign and most of the exponent) lie close together. One byte `base`; then four bits for
// each element, the first in the lower half of a byte: its uppermost byte is base plus these, or 0 when they are 15; then the other bytes
// of each element, little-endian.
//
// No elements are the byte 0 alone. How many there are is stored beside the blob.

namespace cupel {

inline constexpr int64_t kMaxBlobElements = int64_t{1}
                                            << 24;  // more than any context holds; bounds what a damaged log can make us allocate

// Writes the shortest form. Reusable scratch memory; not thread-safe.
class BlobEncoder {
 public:
  BlobEncoder();
  ~BlobEncoder();
  BlobEncoder(const BlobEncoder&) = delete;
  BlobEncoder& operator=(const BlobEncoder&) = delete;

  // 16 bits each when all ids are below 65,536, else 32. Ids are not negative.
  std::string Tokens(std::span<const TokenId> tokens);
  std::string Floats(std::span<const float> values);
  // Each rounded to bfloat16, nearest and ties to even: 8 bits of mantissa in half the bytes.
  std::string RoundedFloats(std::span<const float> values);

 private:
  struct State;
  std::string Compress(std::string plain);
  std::string Shortest(std::string plain, size_t width);
  std::unique_ptr<State> state_;
};

// The `count` elements of a blob. DataLoss when the bytes are not such a blob; the message has no file name.
absl::StatusOr<std::vector<TokenId>> DecodeTokens(std::string_view blob, int64_t count);
absl::StatusOr<std::vector<float>> DecodeFloats(std::string_view blob, int64_t count);

// Whether the blob holds rounded floats.
bool IsRounded(std::string_view blob);
// The float that RoundedFloats keeps of `value`.
float RoundToBfloat16(float value);

}  // namespace cupel
