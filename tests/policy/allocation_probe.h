#pragma once

#include <cstdint>

namespace cupel {

// Bytes that this thread has asked operator new for since the probe was made. Counts requests and no frees, so it bounds the memory in use
// from above and is the same on every machine. Counts nothing under a sanitizer: bounds are checked by the release build.
class AllocationProbe {
 public:
  AllocationProbe();
  uint64_t bytes() const;

 private:
  uint64_t start_;
};

}  // namespace cupel
