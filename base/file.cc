#include "base/file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <climits>

#include "base/check.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr size_t kReadChunkBytes = size_t{64} << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// "PATH: cannot VERB: REASON", with the status code that the reason calls for.
absl::Status SystemError(std::string_view path, std::string_view verb, int error) {
  const std::string reason = std::generic_category().message(error);
  switch (error) {
    case ENOENT:
      return NotFound("{}: cannot {}: {}", path, verb, reason);
    case ENOSPC:
    case EDQUOT:
      return ResourceExhausted("{}: cannot {}: the disk is full ({}); free some space and try again", path, verb, reason);
    case EISDIR:
    case ENOTDIR:
      return FailedPrecondition("{}: cannot {}: {}", path, verb, reason);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(fmt::format("{}: cannot {}: {}", path, verb, reason));
    default:
      return Unavailable("{}: cannot {}: {}", path, verb, reason);
  }
}

// Calls `operation` again while a signal interrupts it.
template <class Operation>
auto Retry(Operation operation) {
  while (true) {
    const auto result = operation();
    if (result >= 0 || errno != EINTR) {
      return result;
    }
  }
}

int OpenRetrying(const std::string& path, int flags) {
  return Retry([&] { return open(path.c_str(), flags | O_CLOEXEC, 0666); });
}

// A path with a NUL byte would silently name another file.
absl::Status CheckPath(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return InvalidArgument("\"{}\" is not a file name: it is empty or has a NUL byte", path.c_str());
  }
  return absl::OkStatus();
}

// Reads at most bytes.size() bytes; 0 at the end.
absl::StatusOr<size_t> ReadSome(const std::string& path, int fd, std::span<char> bytes) {
  const ssize_t got = Retry([&] { return read(fd, bytes.data(), bytes.size()); });
  if (got < 0) {
    return SystemError(path, "read", errno);
  }
  return static_cast<size_t>(got);
}

absl::Status WriteAll(const std::string& path, int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = Retry([&] { return write(fd, bytes.data(), bytes.size()); });
    if (put < 0) {
      return SystemError(path, "write", errno);
    }
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return absl::OkStatus();
}

// Pipes and devices cannot be synchronised and say EINVAL.
absl::Status Sync(const std::string& path, int fd) {
  if (Retry([&] { return fsync(fd); }) != 0 && errno != EINVAL) {
    return SystemError(path, "write", errno);
  }
  return absl::OkStatus();
}

// Closes on scope exit; -1 stands for none.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

void CloseAndReplace(int& fd, int& other) {
  if (fd >= 0) {
    close(fd);
  }
  fd = std::exchange(other, -1);
}

std::string ParentDirectory(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  const Descriptor file(OpenRetrying(path, O_RDONLY));
  if (file.get() < 0) {
    return SystemError(path, "open", errno);
  }
  std::string text;
  while (true) {
    const size_t filled = text.size();
    text.resize(filled + std::max(kReadChunkBytes, filled / 2));
    CUPEL_ASSIGN_OR_RETURN(const size_t got, ReadSome(path, file.get(), std::span(text).subspan(filled)));
    text.resize(filled + got);
    if (text.size() > max_bytes) {
      return ResourceExhausted("{}: larger than {} bytes, the limit for this kind of file", path, max_bytes);
    }
    if (got == 0) {
      return text;
    }
  }
}

absl::StatusOr<RandomAccessFile> RandomAccessFile::Open(const std::string& path) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  Descriptor file(OpenRetrying(path, O_RDONLY));
  struct stat facts = {};
  if (file.get() < 0 || fstat(file.get(), &facts) != 0) {
    return SystemError(path, "open", errno);
  }
  if (!S_ISREG(facts.st_mode)) {
    return InvalidArgument("{}: expected a regular file, found a {}", path, S_ISDIR(facts.st_mode) ? "directory" : "special file");
  }
  return RandomAccessFile(path, file.Release(), static_cast<uint64_t>(facts.st_size));
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

RandomAccessFile& RandomAccessFile::operator=(RandomAccessFile&& other) noexcept {
  if (this != &other) {
    path_ = std::move(other.path_);
    CloseAndReplace(fd_, other.fd_);
    size_ = other.size_;
  }
  return *this;
}

RandomAccessFile::~RandomAccessFile() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

absl::Status RandomAccessFile::ReadExact(uint64_t offset, std::span<std::byte> out) const {
  const auto ends_early = [&] { return DataLoss("{}: the file ends before byte {} + {}; it is truncated", path_, offset, out.size()); };
  if (offset > uint64_t{LLONG_MAX} || out.size() > uint64_t{LLONG_MAX} - offset) {
    return ends_early();
  }
  for (size_t done = 0; done < out.size();) {
    const ssize_t got = Retry([&] { return pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done)); });
    if (got < 0) {
      return SystemError(path_, "read", errno);
    }
    if (got == 0) {
      return ends_early();
    }
    done += static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

absl::StatusOr<FileWriter> FileWriter::Create(const std::string& path) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  const int fd = OpenRetrying(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (fd < 0) {
    return SystemError(path, "create", errno);
  }
  return FileWriter(path, fd);
}

FileWriter::FileWriter(FileWriter&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

FileWriter& FileWriter::operator=(FileWriter&& other) noexcept {
  if (this != &other) {
    path_ = std::move(other.path_);
    CloseAndReplace(fd_, other.fd_);
  }
  return *this;
}

FileWriter::~FileWriter() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

absl::Status FileWriter::Write(std::span<const std::byte> bytes) {
  Check(fd_ >= 0, "FileWriter::Write after Close");
  return WriteAll(path_, fd_, bytes);
}

absl::Status FileWriter::Write(std::string_view text) { return Write(std::as_bytes(std::span(text))); }

absl::Status FileWriter::Close() {
  Check(fd_ >= 0, "FileWriter::Close called twice");
  const absl::Status synced = Sync(path_, fd_);
  const bool closed = close(std::exchange(fd_, -1)) == 0;
  if (synced.ok() && !closed) {
    return SystemError(path_, "write", errno);
  }
  return synced;
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view contents) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) {
    return SystemError(path, "create a temporary file beside it", errno);
  }
  const auto write_and_rename = [&]() -> absl::Status {
    CUPEL_RETURN_IF_ERROR(WriteAll(path, file.get(), std::as_bytes(std::span(contents))));
    if (fchmod(file.get(), 0644) != 0) {  // mkostemp makes files that only the owner may read
      return SystemError(path, "set the permissions", errno);
    }
    CUPEL_RETURN_IF_ERROR(Sync(path, file.get()));
    if (rename(temporary.c_str(), path.c_str()) != 0) {
      return SystemError(path, "replace", errno);
    }
    return absl::OkStatus();
  };
  if (absl::Status status = write_and_rename(); !status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncDirectory(ParentDirectory(path));
}

absl::Status SyncDirectory(const std::string& path) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  const Descriptor directory(OpenRetrying(path, O_RDONLY | O_DIRECTORY));
  if (directory.get() < 0) {
    return SystemError(path, "open the directory", errno);
  }
  return Sync(path, directory.get());
}

absl::Status MakeDirectories(const std::string& path) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? SystemError(path, "create the directory", error.value()) : absl::OkStatus();
}

absl::Status RemoveTree(const std::string& path) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error ? SystemError(path, "remove", error.value()) : absl::OkStatus();
}

bool Exists(const std::string& path) {
  struct stat facts = {};
  return CheckPath(path).ok() && stat(path.c_str(), &facts) == 0;
}

absl::StatusOr<uint64_t> FreeDiskBytes(const std::string& path) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  struct statvfs facts = {};
  if (statvfs(path.c_str(), &facts) != 0) {
    return SystemError(path, "find the free space", errno);
  }
  return uint64_t{facts.f_bavail} * uint64_t{facts.f_frsize};
}

absl::StatusOr<FileLock> FileLock::Acquire(const std::string& path) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  Descriptor file(OpenRetrying(path, O_RDWR | O_CREAT));
  if (file.get() < 0) {
    return SystemError(path, "open the lock file", errno);
  }
  if (Retry([&] { return flock(file.get(), LOCK_EX | LOCK_NB); }) == 0) {
    return FileLock(file.Release());
  }
  if (errno == EWOULDBLOCK) {
    return FailedPrecondition("{}: another process holds this lock; wait for it or stop it", path);
  }
  return SystemError(path, "lock", errno);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    CloseAndReplace(fd_, other.fd_);
  }
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

// The unread bytes are buffer[begin, buffer.size()); no newline is before `searched`.
struct LineReader::State {
  State(std::string path_in, int fd_in, uint64_t max_line_bytes_in)
      : path(std::move(path_in)), fd(fd_in), max_line_bytes(max_line_bytes_in) {}

  absl::Status Fill();
  absl::Status CheckLength(size_t length) const;
  std::string_view Take(size_t length, size_t ending);

  std::string path;
  Descriptor fd;
  uint64_t max_line_bytes;
  std::string buffer;
  size_t begin = 0;
  size_t searched = 0;
  int64_t line_number = 0;
  bool at_end = false;
};

// Drops what was returned, then reads one more chunk.
absl::Status LineReader::State::Fill() {
  buffer.erase(0, begin);
  searched -= begin;
  begin = 0;
  const size_t filled = buffer.size();
  buffer.resize(filled + std::max(kReadChunkBytes, filled));
  absl::StatusOr<size_t> got = ReadSome(path, fd.get(), std::span(buffer).subspan(filled));
  buffer.resize(filled + got.value_or(0));
  CUPEL_RETURN_IF_ERROR(got.status());
  at_end = *got == 0;
  if (filled < kByteOrderMark.size() && line_number == 0 && buffer.starts_with(kByteOrderMark)) {
    begin = searched = kByteOrderMark.size();
  }
  return absl::OkStatus();
}

absl::Status LineReader::State::CheckLength(size_t length) const {
  if (length > max_line_bytes) {
    return ResourceExhausted("{}:{}: the line is longer than {} bytes, the limit", path, line_number + 1, max_line_bytes);
  }
  return absl::OkStatus();
}

std::string_view LineReader::State::Take(size_t length, size_t ending) {
  std::string_view line = std::string_view(buffer).substr(begin, length);
  begin += length + ending;
  searched = begin;
  ++line_number;
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

LineReader::LineReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;
LineReader::~LineReader() = default;

absl::StatusOr<LineReader> LineReader::Open(const std::string& path, uint64_t max_line_bytes) {
  CUPEL_RETURN_IF_ERROR(CheckPath(path));
  const bool is_standard_input = path == "-";
  const int fd = is_standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : OpenRetrying(path, O_RDONLY);
  if (fd < 0) {
    return SystemError(is_standard_input ? "standard input" : path, "open", errno);
  }
  return LineReader(std::make_unique<State>(is_standard_input ? "standard input" : path, fd, max_line_bytes));
}

absl::StatusOr<std::optional<std::string_view>> LineReader::Next() {
  State& state = *state_;
  while (true) {
    const size_t newline = state.buffer.find('\n', state.searched);
    if (newline != std::string::npos) {
      CUPEL_RETURN_IF_ERROR(state.CheckLength(newline - state.begin));
      return state.Take(newline - state.begin, 1);
    }
    state.searched = state.buffer.size();
    const size_t left = state.buffer.size() - state.begin;
    CUPEL_RETURN_IF_ERROR(state.CheckLength(left));
    if (state.at_end) {
      return left == 0 ? std::nullopt : std::optional(state.Take(left, 0));
    }
    CUPEL_RETURN_IF_ERROR(state.Fill());
  }
}

int64_t LineReader::line_number() const { return state_->line_number; }
const std::string& LineReader::path() const { return state_->path; }

}  // namespace cupel
