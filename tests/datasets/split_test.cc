// The hash that sorts texts into train and eval. Run alone: build/release/tests/datasets_test "[split]"

#include "datasets/split.h"

#include <string>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

int CountHeldOut(double fraction) {
  int count = 0;
  for (int i = 0; i < 10'000; ++i) {
    count += IsHeldOut("text " + std::to_string(i), fraction) ? 1 : 0;
  }
  return count;
}

TEST_CASE("about the asked share is held out", "[split]") {
  CHECK(CountHeldOut(0.0) == 0);
  CHECK(std::abs(CountHeldOut(0.2) - 2000) < 160);  // four standard deviations
  CHECK(std::abs(CountHeldOut(0.5) - 5000) < 200);
}

TEST_CASE("what a small share holds out, a larger one holds out too", "[split]") {
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    CHECK((!IsHeldOut(text, 0.1) || IsHeldOut(text, 0.3)));
  }
}

// The first 16 hex digits of SHA-256("637570656c000001\n7,5"), by sha256sum, are 0ad3cb1481c81d8d: 0.0422942 of 2^64.
TEST_CASE("the hash is SHA-256 under the constant seed", "[split]") {
  CHECK(IsHeldOut("7,5", 0.042295));
  CHECK_FALSE(IsHeldOut("7,5", 0.042294));
}

}  // namespace
}  // namespace cupel
