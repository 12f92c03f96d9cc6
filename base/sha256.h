#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace cupel {

// Incremental SHA-256 (FIPS 180-4, by OpenSSL).
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text);
  std::string Hex();  // 64 lower-case digits; ends the computation

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view text);
absl::StatusOr<std::string> Sha256File(const std::string& path);

}  // namespace cupel
