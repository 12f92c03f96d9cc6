// Fuzzes tokens, words and parser by reading any bytes as a gold answer. Build and run: tests/verifiers/fuzz/run.sh

#include <cstdint>
#include <string_view>

#include "tests/verifiers/fuzz/unit_clock.h"
#include "verifiers/math/verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const UnitClock clock;
  cupel::math::GoldProblem({reinterpret_cast<const char*>(data), size}, {});
  return 0;
}
