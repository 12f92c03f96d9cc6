#include "rollout/blob.h"

#include <algorithm>
#include <bit>
#include <cmath>
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
constexpr uint8_t kBfloat16 = 4;
constexpr uint8_t kPacked = 2;    // added to kFloat32 or kBfloat16
constexpr uint8_t kZeroTop = 15;  // of a packed element: its uppermost byte is 0
constexpr uint8_t kZstd = 16;
constexpr int kZstdLevel = 1;               // levels up to 9 make neither ids nor log-probabilities smaller
constexpr size_t kShortestCompressed = 64;  // below, the frame's own header outweighs what it saves

static_assert(std::endian::native == std::endian::little, "elements are copied as they lie in memory");

// The upper 16 bits of the float nearest to `value` whose lower 16 are zero, ties to even; a NaN stays one.
uint16_t UpperHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) {
    return static_cast<uint16_t>((bits >> 16) | 0x40);
  }
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

// The tag and the elements as they are.
template <class Element>
std::string Plain(uint8_t type, std::span<const Element> elements) {
  std::string plain(1 + elements.size_bytes(), '\0');
  plain[0] = static_cast<char>(type);
  std::memcpy(plain.data() + 1, elements.data(), elements.size_bytes());
  return plain;
}

// The packed form of elements of `width` bytes, little-endian in `bytes`; empty when their uppermost bytes are too far apart.
std::string Pack(uint8_t type, std::string_view bytes, size_t width) {
  const size_t count = bytes.size() / width;
  const auto top = [&](size_t i) { return static_cast<uint8_t>(bytes[(i + 1) * width - 1]); };
  uint8_t low = UINT8_MAX;
  uint8_t high = 0;
  for (size_t i = 0; i < count; ++i) {
    low = top(i) == 0 ? low : std::min(low, top(i));
    high = std::max(high, top(i));
  }
  if (high >= low && high - low >= kZeroTop) {
    return "";
  }
  std::string packed = {static_cast<char>(type + kPacked), static_cast<char>(low)};
  packed.resize(2 + (count + 1) / 2);
  for (size_t i = 0; i < count; ++i) {
    const int code = top(i) == 0 ? kZeroTop : top(i) - low;
    packed[2 + i / 2] = static_cast<char>(static_cast<uint8_t>(packed[2 + i / 2]) | (i % 2 == 0 ? code : code << 4));
    packed.append(bytes.substr(i * width, width - 1));
  }
  return packed;
}

// The elements of a packed payload, as they lie in memory.
absl::StatusOr<std::string> Unpack(std::string_view payload, size_t count, size_t width) {
  const size_t num_codes = (count + 1) / 2;
  if (payload.size() != 1 + num_codes + count * (width - 1)) {
    return DataLoss("{} bytes where {} are expected", payload.size(), 1 + num_codes + count * (width - 1));
  }
  const auto base = static_cast<uint8_t>(payload[0]);
  std::string bytes;
  bytes.reserve(count * width);
  for (size_t i = 0; i < count; ++i) {
    const auto pair = static_cast<uint8_t>(payload[1 + i / 2]);
    const int code = i % 2 == 0 ? pair & 15 : pair >> 4;
    bytes.append(payload.substr(1 + num_codes + i * (width - 1), width - 1));
    bytes += static_cast<char>(code == kZeroTop ? 0 : base + code);
  }
  return bytes;
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
  return values.empty() ? std::string(1, '\0') : Shortest(Plain(kFloat32, values), sizeof(float));
}

// Of the plain form and its packed and compressed ones.
std::string BlobEncoder::Shortest(std::string plain, size_t width) {
  std::string packed = Pack(static_cast<uint8_t>(plain[0]), std::string_view(plain).substr(1), width);
  std::string compressed = Compress(std::move(plain));
  return !packed.empty() && packed.size() < compressed.size() ? packed : compressed;
}

std::string BlobEncoder::RoundedFloats(std::span<const float> values) {
  Check(std::ssize(values) <= kMaxBlobElements, "a sequence fits a blob");
  if (values.empty()) {
    return std::string(1, '\0');
  }
  state_->narrow.resize(values.size());
  std::transform(values.begin(), values.end(), state_->narrow.begin(), UpperHalf);
  return Shortest(Plain(kBfloat16, std::span<const uint16_t>(state_->narrow)), sizeof(uint16_t));
}

float RoundToBfloat16(float value) { return std::bit_cast<float>(uint32_t{UpperHalf(value)} << 16); }

bool IsRounded(std::string_view blob) {
  const int type = blob.empty() ? 0 : static_cast<uint8_t>(blob[0]) & ~kZstd;
  return type == kBfloat16 || type == kBfloat16 + kPacked;
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
  const auto size = static_cast<size_t>(count);
  if (blob[0] == kFloat32 + kPacked) {
    CUPEL_ASSIGN_OR_RETURN(const std::string bytes, Unpack(blob.substr(1), size, sizeof(float)));
    std::vector<float> values(size);
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  if (type == kBfloat16 || blob[0] == kBfloat16 + kPacked) {
    std::vector<uint16_t> halves(size);
    if (type == kBfloat16) {
      CUPEL_ASSIGN_OR_RETURN(halves, Elements<uint16_t>(blob, count));
    } else {
      CUPEL_ASSIGN_OR_RETURN(const std::string bytes, Unpack(blob.substr(1), size, sizeof(uint16_t)));
      std::memcpy(halves.data(), bytes.data(), bytes.size());
    }
    std::vector<float> values(halves.size());
    std::transform(halves.begin(), halves.end(), values.begin(), [](uint16_t half) { return std::bit_cast<float>(uint32_t{half} << 16); });
    return values;
  }
  if (type != kFloat32) {
    return DataLoss("a blob of element type {} where floats are expected", type);
  }
  return Elements<float>(blob, count);
}

}  // namespace cupel
