// Switches in Task::metadata. Run alone: build/release/tests/verifiers_test "[options]"

#include "verifiers/options.h"

#include <array>
#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"

namespace cupel {
namespace {

std::string ErrorOf(std::string_view metadata) {
  bool first = false, second = false;
  const auto flags = std::to_array<FlagOption>({{"first", &first}, {"second", &second}});
  return std::string(Message(ReadFlags(metadata, flags)));
}

TEST_CASE("switches are set by name and otherwise left alone", "[options]") {
  bool first = true, second = false;
  const auto flags = std::to_array<FlagOption>({{"first", &first}, {"second", &second}});
  REQUIRE(ReadFlags("", flags).ok());
  CHECK((first && !second));
  REQUIRE(ReadFlags(R"({"second": true})", flags).ok());
  CHECK((first && second));
  REQUIRE(ReadFlags(R"({"first": false, "second": false})", flags).ok());
  CHECK((!first && !second));
}

TEST_CASE("bad options are named", "[options]") {
  using Catch::Contains;
  CHECK_THAT(ErrorOf(R"({"secnd": true})"), Contains("secnd") && Contains("did you mean \"second\"?"));
  CHECK_THAT(ErrorOf(R"({"first": 1})"), Contains("expected true or false"));
  CHECK_THAT(ErrorOf("[]"), Contains("expected a JSON object"));
  CHECK_THAT(ErrorOf("{"), Contains("verifier options"));
}

}  // namespace
}  // namespace cupel
