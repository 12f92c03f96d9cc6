// Covers base/file.h. Alone: build/release/tests/base_test "[file]"

#include "base/file.h"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

void Put(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(out.good());
}

std::vector<std::string> LinesOf(const std::string& path, uint64_t max_line_bytes = 1 << 20) {
  std::vector<std::string> lines;
  LineReader reader = LineReader::Open(path, max_line_bytes).value();
  while (const std::optional<std::string_view> line = reader.Next().value()) {
    lines.emplace_back(*line);
    CHECK(reader.line_number() == static_cast<int64_t>(lines.size()));
  }
  return lines;
}

size_t NumFilesIn(const std::string& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

TEST_CASE("ReadFile gives all bytes", "[file]") {
  const TempDir folder;
  const std::string bytes = std::string(200'000, 'x') + std::string("\0\n\xFF", 3);
  Put(folder.File("a"), bytes);
  Put(folder.File("empty"), "");
  CHECK(ReadFile(folder.File("a")).value() == bytes);
  CHECK(ReadFile(folder.File("empty")).value().empty());
}

TEST_CASE("ReadFile reads files that do not know their size", "[file]") { CHECK_FALSE(ReadFile("/proc/self/status").value().empty()); }

TEST_CASE("ReadFile errors name the file and the reason", "[file]") {
  const TempDir folder;
  const absl::Status missing = ReadFile(folder.File("none")).status();
  CHECK(missing.code() == absl::StatusCode::kNotFound);
  CHECK(Message(missing) == folder.File("none") + ": cannot open: No such file or directory");
  CHECK(ReadFile(folder.path()).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK_FALSE(ReadFile("").ok());
  CHECK_FALSE(ReadFile(std::string("a\0b", 3)).ok());
}

TEST_CASE("ReadFile is bounded", "[file]") {
  const TempDir folder;
  Put(folder.File("a"), "12345");
  CHECK(ReadFile(folder.File("a"), 5).value() == "12345");
  CHECK(ReadFile(folder.File("a"), 4).status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(ReadFile("/dev/zero", 100'000).status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("RandomAccessFile reads at offsets and notices the end", "[file]") {
  const TempDir folder;
  Put(folder.File("a"), "0123456789");
  const RandomAccessFile file = RandomAccessFile::Open(folder.File("a")).value();
  CHECK(file.size() == 10);
  std::array<std::byte, 4> bytes{};
  REQUIRE(file.ReadExact(6, bytes).ok());
  CHECK(bytes == std::array{std::byte{'6'}, std::byte{'7'}, std::byte{'8'}, std::byte{'9'}});
  CHECK(file.ReadExact(7, bytes).code() == absl::StatusCode::kDataLoss);
  CHECK(file.ReadExact(10, bytes).code() == absl::StatusCode::kDataLoss);
  CHECK(file.ReadExact(10, {}).ok());
  CHECK(file.ReadExact(~uint64_t{0}, bytes).code() == absl::StatusCode::kDataLoss);
  CHECK(file.ReadExact(uint64_t{1} << 63, bytes).code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("a file that shrinks while open gives an error", "[file]") {
  const TempDir folder;
  Put(folder.File("a"), "0123456789");
  RandomAccessFile opened = RandomAccessFile::Open(folder.File("a")).value();
  const RandomAccessFile file = std::move(opened);
  std::filesystem::resize_file(folder.File("a"), 3);
  std::array<std::byte, 4> bytes{};
  const absl::Status status = file.ReadExact(0, bytes);
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK_THAT(std::string(Message(status)), StartsWith(folder.File("a")) && Contains("truncated"));
}

TEST_CASE("RandomAccessFile wants a regular file", "[file]") {
  const TempDir folder;
  CHECK_THAT(std::string(Message(RandomAccessFile::Open(folder.path()).status())), Contains("found a directory"));
  CHECK_THAT(std::string(Message(RandomAccessFile::Open("/dev/null").status())), Contains("found a special file"));
  CHECK(RandomAccessFile::Open(folder.File("none")).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("FileWriter writes in sequence and replaces what was there", "[file]") {
  const TempDir folder;
  Put(folder.File("a"), "something longer than the new text");
  FileWriter writer = FileWriter::Create(folder.File("a")).value();
  REQUIRE(writer.Write("one,").ok());
  FileWriter moved = std::move(writer);
  REQUIRE(moved.Write("two").ok());
  REQUIRE(moved.Close().ok());
  CHECK(ReadFile(folder.File("a")).value() == "one,two");
  CHECK(FileWriter::Create(folder.File("no/such/folder")).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("a full disk is reported as such", "[file]") {
  FileWriter writer = FileWriter::Create("/dev/full").value();
  const absl::Status status = writer.Write("x");
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(Message(status)), StartsWith("/dev/full: ") && Contains("the disk is full"));
}

TEST_CASE("WriteFileAtomically replaces a file and leaves nothing beside it", "[file]") {
  const TempDir folder;
  REQUIRE(WriteFileAtomically(folder.File("a"), "old").ok());
  REQUIRE(WriteFileAtomically(folder.File("a"), std::string("new\0", 4)).ok());
  CHECK(ReadFile(folder.File("a")).value() == std::string("new\0", 4));
  CHECK(NumFilesIn(folder.path()) == 1);
  struct stat facts = {};
  REQUIRE(stat(folder.File("a").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0644);
}

TEST_CASE("WriteFileAtomically that fails keeps the old file and cleans up", "[file]") {
  const TempDir folder;
  CHECK(WriteFileAtomically(folder.File("no/a"), "x").code() == absl::StatusCode::kNotFound);
  std::filesystem::create_directory(folder.File("d"));
  Put(folder.File("d/inside"), "x");
  CHECK_FALSE(WriteFileAtomically(folder.File("d"), "x").ok());  // a folder cannot be replaced by a file
  CHECK(ReadFile(folder.File("d/inside")).value() == "x");
  CHECK(NumFilesIn(folder.path()) == 1);
}

TEST_CASE("directories are made, synchronised and removed", "[file]") {
  const TempDir folder;
  const std::string deep = folder.File("a/b/c");
  CHECK_FALSE(Exists(deep));
  REQUIRE(MakeDirectories(deep).ok());
  REQUIRE(MakeDirectories(deep).ok());
  CHECK(Exists(deep));
  CHECK(SyncDirectory(deep).ok());
  CHECK_FALSE(SyncDirectory(folder.File("none")).ok());
  Put(folder.File("a/file"), "x");
  CHECK_FALSE(MakeDirectories(folder.File("a/file/d")).ok());
  CHECK_THAT(std::string(Message(MakeDirectories(folder.File("a/file")))), StartsWith(folder.File("a/file")));
  REQUIRE(RemoveTree(folder.File("a")).ok());
  REQUIRE(RemoveTree(folder.File("a")).ok());
  CHECK_FALSE(Exists(folder.File("a")));
  CHECK_FALSE(RemoveTree("").ok());
}

TEST_CASE("free disk space is known for existing paths", "[file]") {
  const TempDir folder;
  CHECK(FreeDiskBytes(folder.path()).value() > 0);
  CHECK(FreeDiskBytes(folder.File("none")).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("a lock excludes a second holder until it is released", "[file]") {
  const TempDir folder;
  const std::string path = folder.File("lock");
  {
    const FileLock lock = FileLock::Acquire(path).value();
    const absl::Status second = FileLock::Acquire(path).status();
    CHECK(second.code() == absl::StatusCode::kFailedPrecondition);
    CHECK_THAT(std::string(Message(second)), StartsWith(path));
  }
  CHECK(FileLock::Acquire(path).ok());
  CHECK(FileLock::Acquire(folder.File("no/lock")).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("a lock held by another process is released when that process is killed", "[file]") {
  const TempDir folder;
  const std::string path = folder.File("lock");
  int pipe_fds[2] = {-1, -1};
  REQUIRE(pipe(pipe_fds) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const absl::StatusOr<FileLock> lock = FileLock::Acquire(path);
    const char answer = lock.ok() ? 'y' : 'n';
    const bool told = write(pipe_fds[1], &answer, 1) == 1;
    while (told) {
      pause();
    }
    _exit(1);
  }
  char answer = '\0';
  REQUIRE(read(pipe_fds[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  CHECK(FileLock::Acquire(path).status().code() == absl::StatusCode::kFailedPrecondition);
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK(FileLock::Acquire(path).ok());
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

TEST_CASE("lines come without their endings", "[file]") {
  const TempDir folder;
  using Lines = std::vector<std::string>;
  const std::vector<std::pair<std::string, Lines>> cases = {
      {"", {}},
      {"a", {"a"}},
      {"a\n", {"a"}},
      {"a\nb", {"a", "b"}},
      {"\n\n", {"", ""}},
      {"a\r\nb\r\n", {"a", "b"}},
      {"a\rb\n", {"a\rb"}},
      {"\xEF\xBB\xBF"
       "a\nb\n",
       {"a", "b"}},
      {"\xEF\xBB\xBF", {}},
      {"a\n\xEF\xBB\xBFz\n", {"a", "\xEF\xBB\xBFz"}},
      {std::string("a\0b\nc", 5), {std::string("a\0b", 3), "c"}},
  };
  for (const auto& [bytes, lines] : cases) {
    Put(folder.File("a"), bytes);
    INFO(bytes);
    CHECK(LinesOf(folder.File("a")) == lines);
  }
}

TEST_CASE("lines longer than the pieces of reading come whole", "[file]") {
  const TempDir folder;
  const std::string long_line(300'000, 'x');
  std::string text;
  for (int i = 0; i < 5; ++i) {
    text += long_line + std::to_string(i) + "\nshort\n";
  }
  Put(folder.File("a"), text);
  const std::vector<std::string> lines = LinesOf(folder.File("a"));
  REQUIRE(lines.size() == 10);
  CHECK(lines[8] == long_line + "4");
  CHECK(lines[9] == "short");
}

TEST_CASE("an endless line stops at the bound", "[file]") {
  const TempDir folder;
  Put(folder.File("a"), "12345\n123456\n");
  LineReader reader = LineReader::Open(folder.File("a"), 5).value();
  CHECK(reader.Next().value() == "12345");
  const absl::Status status = reader.Next().status();
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(Message(status)), StartsWith(folder.File("a") + ":2: "));
  LineReader zeros = LineReader::Open("/dev/zero", 100'000).value();
  CHECK(zeros.Next().status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("LineReader reports what it cannot read", "[file]") {
  const TempDir folder;
  CHECK(LineReader::Open(folder.File("none")).status().code() == absl::StatusCode::kNotFound);
  LineReader reader = LineReader::Open(folder.path()).value();
  CHECK(reader.Next().status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("the path - reads standard input", "[file]") {
  int pipe_fds[2] = {-1, -1};
  REQUIRE(pipe(pipe_fds) == 0);
  REQUIRE(write(pipe_fds[1], "one\ntwo", 7) == 7);
  close(pipe_fds[1]);
  const int saved = dup(STDIN_FILENO);
  REQUIRE(dup2(pipe_fds[0], STDIN_FILENO) >= 0);
  close(pipe_fds[0]);
  CHECK(LinesOf("-") == std::vector<std::string>{"one", "two"});
  CHECK(LineReader::Open("-").value().path() == "standard input");
  dup2(saved, STDIN_FILENO);
  close(saved);
}

}  // namespace
}  // namespace cupel
