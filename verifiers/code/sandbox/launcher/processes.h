#pragma once

#include <csignal>
#include <cstdint>
#include <ctime>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifiers/code/sandbox/launcher/call.h"

namespace cupel::sandbox {

inline int64_t NowUs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1'000'000} + now.tv_nsec / 1000;
}

// A child made by clone3 with the given namespace flags, and a descriptor of it. 0 in the child, -1 with the trouble noted.
inline pid_t Fork(const char* name, uint64_t flags, int* descriptor) {
  clone_args arguments{};
  arguments.flags = flags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(descriptor);
  arguments.exit_signal = SIGCHLD;
  return static_cast<pid_t>(Call(name, syscall, long{SYS_clone3}, &arguments, sizeof arguments));
}

inline int64_t CpuUs(const rusage& usage) {
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * int64_t{1'000'000} + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

// CPU time of a process that runs or has just ended; 0 when it is gone.
inline int64_t ProcessCpuUs(pid_t process) {
  timespec used{};
  const auto clock = static_cast<clockid_t>((~static_cast<unsigned>(process) << 3) | 2);  // linux/posix-timers.h
  return clock_gettime(clock, &used) == 0 ? used.tv_sec * int64_t{1'000'000} + used.tv_nsec / 1000 : 0;
}

// Reaps a child, whatever it takes.
inline bool WaitFor(pid_t child, int& status, rusage& usage) {
  while (true) {
    if (wait4(child, &status, 0, &usage) == child) {
      return true;
    }
    if (errno != EINTR) {
      return Note("wait4", errno);
    }
  }
}

}  // namespace cupel::sandbox
