// Loaded into a program with LD_PRELOAD: kills it, as a crash would, at the n-th call of fsync, fdatasync or rename, before the call is
// made. n is the value of CUPEL_DIE_AT_SYNC. With CUPEL_DIE_AT_WRITE = m it dies at the m-th write to a file instead, half of it written.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

void Count() {
  static std::atomic<int> calls = 0;
  const char* deadline = std::getenv("CUPEL_DIE_AT_SYNC");
  if (deadline != nullptr && ++calls == std::atoi(deadline)) {
    kill(getpid(), SIGKILL);
  }
}

// Whether this write is the last one.
bool IsLastWrite(int fd) {
  static std::atomic<int> writes = 0;
  const char* deadline = std::getenv("CUPEL_DIE_AT_WRITE");
  struct stat status {};
  return deadline != nullptr && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && ++writes == std::atoi(deadline);
}

template <class Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t count) {
  auto* next = Next<ssize_t(int, const void*, size_t)>("write");
  if (IsLastWrite(fd)) {
    next(fd, bytes, count / 2);
    kill(getpid(), SIGKILL);
  }
  return next(fd, bytes, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  auto* next = Next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  if (IsLastWrite(fd)) {
    next(fd, bytes, count / 2, offset);
    kill(getpid(), SIGKILL);
  }
  return next(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  auto* next = Next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  if (IsLastWrite(fd)) {
    next(fd, bytes, count / 2, offset);
    kill(getpid(), SIGKILL);
  }
  return next(fd, bytes, count, offset);
}

int fsync(int fd) {
  Count();
  return Next<int(int)>("fsync")(fd);
}

int fdatasync(int fd) {
  Count();
  return Next<int(int)>("fdatasync")(fd);
}

int rename(const char* from, const char* to) noexcept {
  Count();
  return Next<int(const char*, const char*)>("rename")(from, to);
}

}  // extern "C"
