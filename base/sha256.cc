#include "base/sha256.h"

#include <algorithm>
#include <array>
#include <vector>

#include <openssl/evp.h>

#include "base/check.h"
#include "base/file.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr uint64_t kFileChunkBytes = uint64_t{1} << 20;

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, ContextDeleter> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  Check(state_->context != nullptr && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1, "OpenSSL has SHA-256");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::Update(std::span<const std::byte> bytes) {
  Check(state_ != nullptr, "Sha256::Update after Hex or after a move");
  Check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "SHA-256 takes any bytes");
}

void Sha256::Update(std::string_view text) { Update(std::as_bytes(std::span(text))); }

std::string Sha256::Hex() {
  Check(state_ != nullptr, "Sha256::Hex called twice or after a move");
  std::array<unsigned char, 32> digest{};
  Check(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1, "SHA-256 ends");
  state_.reset();
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += fmt::format("{:02x}", byte);
  }
  return hex;
}

std::string Sha256Hex(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  return hash.Hex();
}

absl::StatusOr<std::string> Sha256File(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(const RandomAccessFile file, RandomAccessFile::Open(path));
  Sha256 hash;
  std::vector<std::byte> chunk(kFileChunkBytes);
  for (uint64_t offset = 0; offset < file.size();) {
    const auto part = std::span(chunk).first(std::min(kFileChunkBytes, file.size() - offset));
    CUPEL_RETURN_IF_ERROR(file.ReadExact(offset, part));
    hash.Update(part);
    offset += part.size();
  }
  return hash.Hex();
}

}  // namespace cupel
