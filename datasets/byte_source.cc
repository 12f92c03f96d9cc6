#include "datasets/byte_source.h"

#include <algorithm>
#include <span>
#include <utility>

#include <zstd.h>

#include "base/file.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 18;
constexpr uint64_t kFreeUnpackedBytes = uint64_t{1} << 28;
constexpr uint64_t kMaxRatio = 256;  // text packs 3 to 30 times
constexpr int kMaxWindowLog = 27;

constexpr std::string_view kZstdMagic = "\x28\xB5\x2F\xFD";
constexpr std::string_view kGzipMagic = "\x1F\x8B";
constexpr std::string_view kParquetMagic = "PAR1";

class FileBytes final : public ByteSource {
 public:
  explicit FileBytes(RandomAccessFile file) : file_(std::move(file)) {}

  absl::StatusOr<std::string_view> Next() override {
    chunk_.resize(std::min<uint64_t>(kChunkBytes, file_.size() - offset_));
    CUPEL_RETURN_IF_ERROR(file_.ReadExact(offset_, std::as_writable_bytes(std::span(chunk_))));
    offset_ += chunk_.size();
    return chunk_;
  }

 private:
  RandomAccessFile file_;
  uint64_t offset_ = 0;
  std::string chunk_;
};

class ZstdBytes final : public ByteSource {
 public:
  ZstdBytes(const std::string& path, uint64_t packed_bytes, std::unique_ptr<ByteSource> packed)
      : path_(path), max_bytes_(std::max(kFreeUnpackedBytes, packed_bytes * kMaxRatio)), packed_(std::move(packed)) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
    chunk_.resize(kChunkBytes);
  }

  absl::StatusOr<std::string_view> Next() override {
    ZSTD_outBuffer output{chunk_.data(), chunk_.size(), 0};
    while (output.pos == 0) {
      bool is_at_end = false;
      if (input_.pos == input_.size) {
        CUPEL_ASSIGN_OR_RETURN(const std::string_view bytes, packed_->Next());
        input_ = {bytes.data(), bytes.size(), 0};
        is_at_end = bytes.empty();
      }
      if (is_at_end && pending_ == 0) {
        break;
      }
      pending_ = ZSTD_decompressStream(stream_.get(), &output, &input_);  // without input: what it still holds
      if (ZSTD_isError(pending_) != 0U) {
        return DataLoss("{}: not a zstd file, or damaged: {}; try `zstd --test {}`", path_, ZSTD_getErrorName(pending_), path_);
      }
      if (is_at_end && output.pos == 0) {
        return DataLoss("{}: the zstd file ends before its last frame does; fetch it again", path_);
      }
    }
    unpacked_bytes_ += output.pos;
    if (unpacked_bytes_ > max_bytes_) {
      return ResourceExhausted("{}: unpacks to more than {} bytes, {} times its size; if that is what it holds, unpack it first", path_,
                               max_bytes_, kMaxRatio);
    }
    return std::string_view(chunk_).substr(0, output.pos);
  }

 private:
  std::string path_;
  uint64_t max_bytes_;
  std::unique_ptr<ByteSource> packed_;
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> stream_{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  ZSTD_inBuffer input_{nullptr, 0, 0};
  size_t pending_ = 1;  // 0 at the end of a frame
  uint64_t unpacked_bytes_ = 0;
  std::string chunk_;
};

absl::StatusOr<bool> StartsWith(const RandomAccessFile& file, std::string_view magic) {
  std::string head(magic.size(), '\0');
  if (file.size() < head.size()) {
    return false;
  }
  CUPEL_RETURN_IF_ERROR(file.ReadExact(0, std::as_writable_bytes(std::span(head))));
  return head == magic;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> ByteSource::Open(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(RandomAccessFile file, RandomAccessFile::Open(path));
  CUPEL_ASSIGN_OR_RETURN(const bool is_zstd, StartsWith(file, kZstdMagic));
  CUPEL_ASSIGN_OR_RETURN(const bool is_gzip, StartsWith(file, kGzipMagic));
  if (is_gzip) {
    return InvalidArgument("{}: packed by gzip, which is not read; unpack it with `gunzip --keep {}`", path, path);
  }
  const uint64_t size = file.size();
  std::unique_ptr<ByteSource> bytes = std::make_unique<FileBytes>(std::move(file));
  if (is_zstd) {
    bytes = std::make_unique<ZstdBytes>(path, size, std::move(bytes));
  }
  return bytes;
}

bool IsParquetFile(const std::string& path) {
  const absl::StatusOr<RandomAccessFile> file = RandomAccessFile::Open(path);
  return file.ok() && StartsWith(*file, kParquetMagic).value_or(false);
}

}  // namespace cupel
