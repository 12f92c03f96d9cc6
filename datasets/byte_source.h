#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace cupel {

// The bytes of a file from its beginning, chunk by chunk; a file that begins as a zstd file does is unpacked on the way. Memory is bounded
// by the chunk and zstd's window (at most 128 MiB), whatever the file claims. Not thread-safe.
class ByteSource {
 public:
  // Errors: the file cannot be opened, or is packed by something else that is recognised (gzip).
  static absl::StatusOr<std::unique_ptr<ByteSource>> Open(const std::string& path);
  virtual ~ByteSource() = default;

  // The next bytes, valid until the next call; empty at the end. DataLoss when a packed file is damaged or ends early; ResourceExhausted
  // when it unpacks to more than 256 MiB and 256 times its size.
  virtual absl::StatusOr<std::string_view> Next() = 0;
};

// Whether the file begins with the bytes of a Parquet file. False for a file that cannot be read.
bool IsParquetFile(const std::string& path);

}  // namespace cupel
