// Covers base/status.h. Alone: build/release/tests/base_test "[status]"

#include "base/status.h"

#include <memory>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) {
    return InvalidArgument("{} is odd: give an even number", value);
  }
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  CUPEL_ASSIGN_OR_RETURN(const int half, Half(value));
  CUPEL_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

absl::Status RequireEven(int value, int* calls) {
  CUPEL_RETURN_IF_ERROR(Half(value).status());
  ++*calls;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<int>> Boxed(int value) { return std::make_unique<int>(value); }

TEST_CASE("the constructors format the message and set the code", "[status]") {
  CHECK(InvalidArgument("a {}", 1) == absl::InvalidArgumentError("a 1"));
  CHECK(NotFound("{}-{}", "x", 2) == absl::NotFoundError("x-2"));
  CHECK(DataLoss("d") == absl::DataLossError("d"));
  CHECK(FailedPrecondition("f") == absl::FailedPreconditionError("f"));
  CHECK(Unimplemented("u") == absl::UnimplementedError("u"));
  CHECK(ResourceExhausted("r") == absl::ResourceExhaustedError("r"));
  CHECK(Unavailable("n") == absl::UnavailableError("n"));
  CHECK(Message(InvalidArgument("{:.2f} s", 0.5)) == "0.50 s");
}

TEST_CASE("the macros pass a failure up and let a value through", "[status]") {
  CHECK(Quarter(12).value() == 3);
  CHECK(Message(Quarter(6).status()) == "3 is odd: give an even number");
  int calls = 0;
  CHECK(RequireEven(2, &calls).ok());
  CHECK_FALSE(RequireEven(3, &calls).ok());
  CHECK(calls == 1);
}

TEST_CASE("ASSIGN_OR_RETURN moves values that cannot be copied", "[status]") {
  const auto run = []() -> absl::StatusOr<int> {
    CUPEL_ASSIGN_OR_RETURN(std::unique_ptr<int> box, Boxed(7));
    return *box;
  };
  CHECK(run().value() == 7);
}

TEST_CASE("Annotate puts the context first and keeps the code", "[status]") {
  CHECK(Annotate(NotFound("no such file"), "a.gguf") == absl::NotFoundError("a.gguf: no such file"));
  CHECK(Annotate(absl::OkStatus(), "a.gguf").ok());
}

}  // namespace
}  // namespace cupel
