#pragma once

#include <cstdio>
#include <cstdlib>
#include <ctime>

// Aborts where one unit took more than a second of the processor. libFuzzer's own limit counts wall time, which on a shared machine
// says more about its other programs than about the unit.
class UnitClock {
 public:
  UnitClock() : begin_(Now()) {}
  UnitClock(const UnitClock&) = delete;
  UnitClock& operator=(const UnitClock&) = delete;
  ~UnitClock() {
    if (Now() - begin_ > 1.0) {
      std::fputs("fuzz: more than a second of the processor for one unit\n", stderr);
      std::abort();
    }
  }

 private:
  static double Now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  double begin_;
};
