#include "policy/checkpoint/gguf_cursor.h"

#include <algorithm>
#include <cstring>

namespace cupel {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;

}  // namespace

absl::Status GgufCursor::Fill() {
  buffer_.resize(std::min<uint64_t>(kBufferBytes, remaining()));
  buffer_begin_ = offset_;
  return file_.ReadExact(offset_, buffer_);
}

absl::Status GgufCursor::ReadBytes(std::span<std::byte> out, std::string_view what) {
  if (out.size() > remaining()) {
    return DataLoss("{}: the file ends at byte {} inside {}; it is truncated or damaged", path(), file_.size(), what);
  }
  while (!out.empty()) {
    uint64_t buffered = buffer_begin_ + buffer_.size() - offset_;
    if (buffered == 0) {
      CUPEL_RETURN_IF_ERROR(Fill());
      buffered = buffer_.size();
    }
    const size_t count = std::min<uint64_t>(buffered, out.size());
    std::memcpy(out.data(), buffer_.data() + (offset_ - buffer_begin_), count);
    offset_ += count;
    out = out.subspan(count);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> GgufCursor::ReadString(uint64_t max_bytes, std::string_view what) {
  CUPEL_ASSIGN_OR_RETURN(const uint64_t length, Read<uint64_t>(what));
  if (length > max_bytes || length > remaining()) {
    return DataLoss("{}: {} claims {} bytes, but {} are left (and {} are the limit); the file is truncated or damaged", path(), what,
                    length, remaining(), max_bytes);
  }
  std::string text(length, '\0');
  CUPEL_RETURN_IF_ERROR(ReadBytes(std::as_writable_bytes(std::span(text)), what));
  return text;
}

}  // namespace cupel
