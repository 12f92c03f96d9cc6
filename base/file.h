#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

// Files with errors that a person can act on. Paths are UTF-8 std::string. Nothing here is cached or buffered beyond what is said.

namespace cupel {

inline constexpr uint64_t kMaxTextFileBytes = uint64_t{256} << 20;

// The whole file. NotFound when missing; ResourceExhausted when larger than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes = kMaxTextFileBytes);

// A file open for reading at given offsets (pread): a file that shrinks while open gives an error, never SIGBUS. Thread-safe.
class RandomAccessFile {
 public:
  static absl::StatusOr<RandomAccessFile> Open(const std::string& path);
  RandomAccessFile(RandomAccessFile&& other) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&& other) noexcept;
  ~RandomAccessFile();

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }  // at the time of opening
  // Fills `out` from `offset`; DataLoss when the file ends before.
  absl::Status ReadExact(uint64_t offset, std::span<std::byte> out) const;

 private:
  RandomAccessFile(std::string path, int fd, uint64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}
  std::string path_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

// Sequential writer; Close() flushes and fsyncs and must be called (the destructor only closes). Errors name the path and, on a full disk,
// say so.
class FileWriter {
 public:
  static absl::StatusOr<FileWriter> Create(const std::string& path);
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&& other) noexcept;
  ~FileWriter();

  absl::Status Write(std::span<const std::byte> bytes);
  absl::Status Write(std::string_view text);
  absl::Status Close();

 private:
  FileWriter(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_ = -1;
};

// Replaces `path` by `contents` so that a crash leaves the old file or the new one: temporary file, fsync, rename, fsync of the parent.
absl::Status WriteFileAtomically(const std::string& path, std::string_view contents);

// fsync of a directory, which makes renames and new names inside it durable.
absl::Status SyncDirectory(const std::string& path);

// mkdir -p. OK when it exists already.
absl::Status MakeDirectories(const std::string& path);

// rm -r. OK when it does not exist.
absl::Status RemoveTree(const std::string& path);

bool Exists(const std::string& path);

// Bytes that an unprivileged writer could still write to the file system of `path`.
absl::StatusOr<uint64_t> FreeDiskBytes(const std::string& path);

// An exclusive advisory lock on a file (flock), held until destroyed or until the process ends, however it ends. FailedPrecondition when
// another process holds it.
class FileLock {
 public:
  static absl::StatusOr<FileLock> Acquire(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// Reads text line by line with a bound on the length of a line. Accepts a last line without newline, and CRLF; strips a UTF-8 byte-order
// mark.
class LineReader {
 public:
  // `path` "-" reads standard input.
  static absl::StatusOr<LineReader> Open(const std::string& path, uint64_t max_line_bytes = uint64_t{64} << 20);
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;
  ~LineReader();

  // The next line without its ending; nullopt at the end of the input. The view holds until the next call.
  absl::StatusOr<std::optional<std::string_view>> Next();
  int64_t line_number() const;  // of the line returned last, from 1
  const std::string& path() const;

 private:
  struct State;
  explicit LineReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cupel
