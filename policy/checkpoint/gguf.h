#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <absl/status/statusor.h>

#include "base/file.h"
#include "policy/arch/field_reader.h"
#include "policy/checkpoint/dequantize.h"

// GGUF v3 (ggml-org/ggml, docs/gguf.md): metadata by key, a table of tensors, their bytes.

namespace cupel {

enum class GgufType : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };
inline constexpr uint32_t kNumGgufTypes = 13;

struct GgufArray {
  GgufType element_type = GgufType::kU8;
  // Integers and booleans widen to int64_t, floats to double.
  std::variant<std::vector<int64_t>, std::vector<double>, std::vector<std::string>> elements;
};

struct GgufValue {
  GgufType type = GgufType::kU8;
  std::variant<bool, int64_t, uint64_t, double, std::string, GgufArray> value;  // uint64_t only beyond 2^63 - 1
};

// Reader. Every count, length and offset is checked against the bytes that are left before memory is set aside for it. Refused, with a
// message that names key or tensor: other versions and byte orders, truncation, unknown value types, nested arrays, duplicate keys and
// tensors, alignments that are no power of two, dimensions of 0 or beyond 2^63 elements, offsets that are not consecutive, tensors beyond
// the end of the file, files that are one part of several, tensor types that cannot be converted to float here.
class GgufFile {
 public:
  struct Tensor {
    std::string name;
    std::vector<int64_t> shape;  // row-major: the reverse of the file's dims
    const GgmlType* type;
    uint64_t begin, end;  // bytes in the file
    int64_t num_elements;
  };
  static absl::StatusOr<GgufFile> Open(const std::string& path);

  const std::string& path() const { return file_->path(); }
  const std::map<std::string, GgufValue, std::less<>>& metadata() const { return metadata_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }  // in file order
  uint64_t alignment() const { return alignment_; }
  uint64_t data_begin() const { return data_begin_; }
  const Tensor* Find(std::string_view name) const;  // null when absent

  // Null when the key is absent or of another type.
  const std::string* FindString(std::string_view key) const;
  const std::vector<std::string>* FindStrings(std::string_view key) const;
  const std::vector<int64_t>* FindInts(std::string_view key) const;
  // Metadata as settings; `prefix` ("llama.") is put before every key. The reader borrows this object.
  FieldReader Fields(std::string prefix) const;

  // Converts a whole tensor; `out` holds exactly num_elements.
  absl::Status ReadFloats(const Tensor& tensor, std::span<float> out) const;

 private:
  GgufFile() = default;
  std::unique_ptr<RandomAccessFile> file_;
  std::map<std::string, GgufValue, std::less<>> metadata_;
  std::vector<Tensor> tensors_;
  std::map<std::string, size_t, std::less<>> tensor_index_;
  uint64_t alignment_ = 32;
  uint64_t data_begin_ = 0;
};

}  // namespace cupel
