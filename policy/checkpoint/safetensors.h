#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/file.h"

// safetensors: u64 header length, JSON header, byte buffer (github.com/huggingface/safetensors, README "Format").

namespace cupel {

enum class SafetensorsType : uint8_t { kF64, kF32, kF16, kBf16, kI64, kI32, kI16, kI8, kU8, kBool, kF8E4M3, kF8E5M2 };
int64_t SafetensorsTypeSize(SafetensorsType type);           // bytes per element
std::string_view SafetensorsTypeName(SafetensorsType type);  // "BF16"

// Reader. Refuses, naming the tensor: headers longer than the file or 100 MB, duplicate names, overlapping or missing bytes, shapes whose
// size overflows or disagrees with the offsets, unknown types.
class SafetensorsFile {
 public:
  struct Tensor {
    std::string name;
    SafetensorsType type;
    std::vector<int64_t> shape;
    uint64_t begin, end;  // bytes in the file
  };
  static absl::StatusOr<SafetensorsFile> Open(const std::string& path);

  const std::vector<Tensor>& tensors() const { return tensors_; }
  const Tensor* Find(std::string_view name) const;  // null when absent
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Raw little-endian bytes.
  absl::Status ReadBytes(const Tensor& tensor, std::span<std::byte> out) const;
  // Converted to float: F64, F32, F16 and BF16 only.
  absl::Status ReadFloats(const Tensor& tensor, std::span<float> out) const;
  const std::string& path() const { return file_->path(); }

 private:
  SafetensorsFile() = default;
  std::unique_ptr<RandomAccessFile> file_;
  std::vector<Tensor> tensors_;  // by name
  std::map<std::string, std::string> metadata_;
};

// One tensor to write.
struct SafetensorsWriteItem {
  std::string name;
  SafetensorsType type;
  std::vector<int64_t> shape;
  // The bytes of the tensor; must stay valid until WriteSafetensors returns.
  std::span<const std::byte> bytes;
};

// Writes `path` (fsynced, not renamed: callers publish whole directories). Items are ordered as the reference writer orders them: by
// descending alignment, then name; the header is padded to 8 bytes and always carries the metadata {"format": "pt"}. SHA-256 of the file is
// returned.
absl::StatusOr<std::string> WriteSafetensors(const std::string& path, std::vector<SafetensorsWriteItem> items,
                                             const std::map<std::string, std::string>& metadata = {});

}  // namespace cupel
