#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/file.h"
#include "base/status.h"

namespace cupel {

// Reads little-endian values one after the other from a file, through a buffer. `what` names the value in messages.
class GgufCursor {
 public:
  explicit GgufCursor(const RandomAccessFile& file) : file_(file) {}

  const std::string& path() const { return file_.path(); }
  uint64_t offset() const { return offset_; }
  uint64_t remaining() const { return file_.size() - offset_; }

  absl::Status ReadBytes(std::span<std::byte> out, std::string_view what);

  template <class T>
  absl::StatusOr<T> Read(std::string_view what) {
    T value;
    CUPEL_RETURN_IF_ERROR(ReadBytes(std::as_writable_bytes(std::span(&value, 1)), what));
    return value;
  }

  // A length (u64) and as many bytes. The length is checked against `max_bytes` and the rest of the file before memory is set aside.
  absl::StatusOr<std::string> ReadString(uint64_t max_bytes, std::string_view what);

 private:
  absl::Status Fill();  // moves the buffer to the offset

  const RandomAccessFile& file_;  // borrowed
  uint64_t offset_ = 0;
  std::vector<std::byte> buffer_;
  uint64_t buffer_begin_ = 0;
};

}  // namespace cupel
