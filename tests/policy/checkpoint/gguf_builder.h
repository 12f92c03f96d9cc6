#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace cupel {

// Writes GGUF files byte by byte, correct ones and every kind of broken one.
class GgufBuilder {
 public:
  template <class T>
  static std::string Bytes(T value) {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
  }
  static std::string Text(std::string_view text) { return Bytes(uint64_t{text.size()}) + std::string(text); }

  // Type numbers of GGUF values.
  static constexpr uint32_t kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kString = 8, kArray = 9, kU64 = 10;

  GgufBuilder& Entry(std::string_view key, uint32_t type, const std::string& value_bytes) {
    metadata_ += Text(key) + Bytes(type) + value_bytes;
    ++num_entries;
    return *this;
  }
  GgufBuilder& String(std::string_view key, std::string_view value) { return Entry(key, kString, Text(value)); }
  GgufBuilder& U32(std::string_view key, uint32_t value) { return Entry(key, kU32, Bytes(value)); }
  GgufBuilder& F32(std::string_view key, float value) { return Entry(key, kF32, Bytes(value)); }
  GgufBuilder& Strings(std::string_view key, const std::vector<std::string>& values) {
    std::string bytes = Bytes(kString) + Bytes(uint64_t{values.size()});
    for (const std::string& value : values) bytes += Text(value);
    return Entry(key, kArray, bytes);
  }
  GgufBuilder& Ints(std::string_view key, const std::vector<int32_t>& values) {
    std::string bytes = Bytes(kI32) + Bytes(uint64_t{values.size()});
    for (const int32_t value : values) bytes += Bytes(value);
    return Entry(key, kArray, bytes);
  }

  // `dims` in file order, fastest first; `offset` within the data.
  GgufBuilder& TensorEntry(std::string_view name, const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset) {
    tensors_ += Text(name) + Bytes(static_cast<uint32_t>(dims.size()));
    for (const uint64_t dim : dims) tensors_ += Bytes(dim);
    tensors_ += Bytes(type) + Bytes(offset);
    ++num_tensors;
    return *this;
  }
  // An F32 tensor with its data.
  GgufBuilder& Floats(std::string_view name, const std::vector<uint64_t>& dims, const std::vector<float>& values) {
    data_.resize((data_.size() + 31) / 32 * 32, '\0');
    TensorEntry(name, dims, 0, data_.size());
    for (const float value : values) data_ += Bytes(value);
    return *this;
  }
  GgufBuilder& RawTensors(std::string_view bytes) {
    tensors_ += bytes;
    ++num_tensors;
    return *this;
  }

  std::string Build() const {
    std::string file = magic + Bytes(version) + Bytes(num_tensors) + Bytes(num_entries) + metadata_ + tensors_;
    file.resize((file.size() + 31) / 32 * 32, '\0');
    return file + data_;
  }

  std::string magic = "GGUF";
  uint32_t version = 3;
  uint64_t num_tensors = 0;
  uint64_t num_entries = 0;

 private:
  std::string metadata_, tensors_, data_;
};

}  // namespace cupel
