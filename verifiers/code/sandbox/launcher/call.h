#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <sys/mman.h>
#include <type_traits>

#include "verifiers/code/sandbox/launcher/protocol.h"

// Every call of the operating system that can fail goes through Call(), which notes what failed for the message to the keeper. In the
// launcher built for tests (CUPEL_LAUNCHER_FOR_TESTS) it can make the nth call of all processes together fail.

namespace cupel::sandbox {

struct FaultCounter {
  int64_t fail_at = 0;
  int64_t calls = 0;
};

#ifdef CUPEL_LAUNCHER_FOR_TESTS
inline constexpr bool kForTests = true;
#else
inline constexpr bool kForTests = false;
#endif

// State of one process of ours: what failed last, the counter that tests share among all of them.
struct ProcessState {
  Trouble trouble;
  FaultCounter* faults = nullptr;
  uint32_t dropped_controls = 0;
};

// One per process; a process of ours has one thread.
inline ProcessState& State() {
  static constinit ProcessState state;
  return state;
}

inline bool IsDropped(Control control) { return kForTests && (State().dropped_controls >> static_cast<uint32_t>(control) & 1) != 0; }

inline bool IsPlannedFault() {
  if constexpr (kForTests) {
    FaultCounter* faults = State().faults;
    return faults != nullptr && __atomic_add_fetch(&faults->calls, 1, __ATOMIC_RELAXED) == faults->fail_at;
  }
  return false;
}

// Notes "NAME: reason" as this process's trouble unless one is noted already. Returns false.
inline bool Note(const char* name, int error) {
  Trouble& trouble = State().trouble;
  if (trouble.text[0] == 0) {
    std::snprintf(trouble.text, sizeof trouble.text, "%s: %s", name, strerrordesc_np(error) != nullptr ? strerrordesc_np(error) : "?");
  }
  errno = error;
  return false;
}

// What functions of the system return when they fail: -1, or MAP_FAILED.
template <class Result>
Result Failure() {
  if constexpr (std::is_pointer_v<Result>) {
    return reinterpret_cast<Result>(intptr_t{-1});
  } else {
    return static_cast<Result>(-1);
  }
}

// function(args...), for functions that return -1 and set errno. The result is the function's; on failure `name` is noted.
template <class Function, class... Args>
auto Call(const char* name, Function function, Args... args) {
  using Result = std::invoke_result_t<Function, Args...>;
  if (IsPlannedFault()) {
    Note(name, EIO);
    return Failure<Result>();
  }
  const Result result = function(args...);
  if (result == Failure<Result>()) {
    Note(name, errno);
  }
  return result;
}

// True when the call did not fail.
template <class Function, class... Args>
bool Does(const char* name, Function function, Args... args) {
  return Call(name, function, args...) != Failure<std::invoke_result_t<Function, Args...>>();
}

}  // namespace cupel::sandbox
