#pragma once

#include <sys/resource.h>

namespace cupel {

// Processor seconds that this process has used on all cores: what work cost, however busy the machine was with other things.
inline double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace cupel
