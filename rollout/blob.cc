#include "rollout/blob.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include <zstd.h>

#include "base/check.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr uint8_t kUint16 = 1;
constexpr uint8_t kUint32 = 2;
constexpr uint8_t kFloat32 = 3;
constexpr uint8_t kZstd = 16;
constexpr int kZstdLevel = 1;               // levels up to 9 make neither ids nor log-probabilities smaller
constexpr size_t kShortestCompressed = 64;  // below, the frame's own header outweighs what it saves

static_assert(std::endian::native == std::endian::little, "elements are copied as they lie in memory");

// The tag and the elements as they are.
template <class Element>
std::string Plain(uint8_t type, std::span<const Element> elements) {
  std::string plain(1 + elements.size_bytes(), '\0');
  plain[0] = static_cast<char>(type);
  std::memcpy(plain.data() + 1, elements.data(), elements.size_bytes());
  return plain;
}

// The payload of a blob whose elements take `width` bytes each, decompressed into `scratch` if need be.
absl::StatusOr<std::string_view> Payload(std::string_view blob, bool is_compressed, size_t num_bytes, std::string& scratch) {
  std::string_view payload = blob.substr(1);
  if (is_compressed) {
    if (ZSTD_getFrameContentSize(payload.data(), payload.size()) != num_bytes) {
      return DataLoss("a zstd frame that does not announce the expected {} bytes", num_bytes);
    }
    scratch.resize(num_bytes);
    const size_t written = ZSTD_decompress(scratch.data(), scratch.size(), payload.data(), payload.size());
    if (ZSTD_isError(written)) {
      return DataLoss("a damaged zstd frame ({})", ZSTD_getErrorName(written));
    }
    payload = scratch;
    payload = payload.substr(0, written);
  }
  if (payload.size() != num_bytes) {
    return DataLoss("{} bytes where {} are expected", payload.size(), num_bytes);
  }
  return payload;
}

template <class Element>
absl::StatusOr<std::vector<Element>> Elements(std::string_view blob, int64_t count) {
  std::string scratch;
  const auto tag = static_cast<uint8_t>(blob[0]);
  const auto size = static_cast<size_t>(count);
  CUPEL_ASSIGN_OR_RETURN(const std::string_view payload, Payload(blob, (tag & kZstd) != 0, size * sizeof(Element), scratch));
  std::vector<Element> elements(size);
  std::memcpy(elements.data(), payload.data(), payload.size());
  return elements;
}

// Checks what all blobs have in common and gives the element type.
absl::StatusOr<uint8_t> ElementType(std::string_view blob, int64_t count) {
  if (count < 0 || count > kMaxBlobElements) {
    return DataLoss("{} elements (0 to {} are possible)", count, kMaxBlobElements);
  }
  if (blob.empty()) {
    return DataLoss("an empty blob (the shortest has one byte)");
  }
  const auto type = static_cast<uint8_t>(blob[0] & ~kZstd);
  if (type == 0 && (blob.size() != 1 || blob[0] != 0 || count != 0)) {
    return DataLoss("element type 0, which means none, where {} are expected", count);
  }
  return type;
}

template <class Element>
absl::StatusOr<std::vector<TokenId>> TokensOf(std::string_view blob, int64_t count) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<Element> elements, Elements<Element>(blob, count));
  if constexpr (sizeof(Element) == sizeof(TokenId)) {
    if (std::any_of(elements.begin(), elements.end(), [](Element id) { return id > uint32_t{INT32_MAX}; })) {
      return DataLoss("a token id of 2^31 or more");
    }
  }
  std::vector<TokenId> tokens(elements.size());
  std::transform(elements.begin(), elements.end(), tokens.begin(), [](Element id) { return static_cast<TokenId>(id); });
  return tokens;
}

}  // namespace

struct BlobEncoder::State {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context{ZSTD_createCCtx()};
  std::vector<uint16_t> narrow;
};

BlobEncoder::BlobEncoder() : state_(std::make_unique<State>()) { Check(state_->context != nullptr, "zstd has memory for a context"); }
BlobEncoder::~BlobEncoder() = default;

std::string BlobEncoder::Compress(std::string plain) {
  if (plain.size() < kShortestCompressed) {
    return plain;
  }
  const std::string_view payload = std::string_view(plain).substr(1);
  std::string compressed(1 + ZSTD_compressBound(payload.size()), '\0');
  compressed[0] = static_cast<char>(plain[0] | kZstd);
  const size_t written =
      ZSTD_compressCCtx(state_->context.get(), compressed.data() + 1, compressed.size() - 1, payload.data(), payload.size(), kZstdLevel);
  Check(!ZSTD_isError(written), "a frame fits the bound that zstd gives");
  compressed.resize(1 + written);
  return compressed.size() < plain.size() ? compressed : plain;
}

std::string BlobEncoder::Tokens(std::span<const TokenId> tokens) {
  Check(std::ssize(tokens) <= kMaxBlobElements, "a sequence fits a blob");
  if (tokens.empty()) {
    return std::string(1, '\0');
  }
  const auto [lowest, highest] = std::minmax_element(tokens.begin(), tokens.end());
  Check(*lowest >= 0, "token ids are not negative");
  if (*highest > UINT16_MAX) {
    return Compress(Plain(kUint32, tokens));
  }
  state_->narrow.resize(tokens.size());
  std::transform(tokens.begin(), tokens.end(), state_->narrow.begin(), [](TokenId id) { return static_cast<uint16_t>(id); });
  return Compress(Plain(kUint16, std::span<const uint16_t>(state_->narrow)));
}

std::string BlobEncoder::Floats(std::span<const float> values) {
  Check(std::ssize(values) <= kMaxBlobElements, "a sequence fits a blob");
  return values.empty() ? std::string(1, '\0') : Compress(Plain(kFloat32, values));
}

absl::StatusOr<std::vector<TokenId>> DecodeTokens(std::string_view blob, int64_t count) {
  CUPEL_ASSIGN_OR_RETURN(const uint8_t type, ElementType(blob, count));
  switch (type) {
    case 0:
      return std::vector<TokenId>();
    case kUint16:
      return TokensOf<uint16_t>(blob, count);
    case kUint32:
      return TokensOf<uint32_t>(blob, count);
    default:
      return DataLoss("a blob of element type {} where token ids are expected", type);
  }
}

absl::StatusOr<std::vector<float>> DecodeFloats(std::string_view blob, int64_t count) {
  CUPEL_ASSIGN_OR_RETURN(const uint8_t type, ElementType(blob, count));
  if (type == 0) {
    return std::vector<float>();
  }
  if (type != kFloat32) {
    return DataLoss("a blob of element type {} where 32-bit floats are expected", type);
  }
  return Elements<float>(blob, count);
}

}  // namespace cupel
