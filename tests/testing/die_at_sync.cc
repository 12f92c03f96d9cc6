// Loaded into a program with LD_PRELOAD: kills it, as a crash would, at the n-th call of fsync, fdatasync or rename, before the call is
// made. n is the value of CUPEL_DIE_AT_SYNC.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

namespace {

void Count() {
  static std::atomic<int> calls = 0;
  const char* deadline = std::getenv("CUPEL_DIE_AT_SYNC");
  if (deadline != nullptr && ++calls == std::atoi(deadline)) {
    kill(getpid(), SIGKILL);
  }
}

template <class Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

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
