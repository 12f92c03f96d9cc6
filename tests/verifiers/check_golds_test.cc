// The check of a dataset's gold answers. Run alone: build/release/tests/verifiers_test "[check_golds]"

#include "verifiers/check_golds.h"

#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "base/status.h"

namespace cupel {
namespace {

using Catch::Contains;

// Tasks "list:1", "list:2", ... with these golds.
class ListDataset final : public Dataset {
 public:
  ListDataset(std::string verifier, std::vector<std::string> golds) : verifier_(std::move(verifier)), golds_(std::move(golds)) {}
  int64_t size() const override { return std::ssize(golds_); }
  Task At(int64_t index) const override {
    return {"list:" + std::to_string(index + 1), {{"user", "?"}}, golds_.at(static_cast<size_t>(index)), verifier_, ""};
  }

 private:
  std::string verifier_;
  std::vector<std::string> golds_;
};

std::string ErrorOf(const Dataset& dataset) { return std::string(Message(CheckGolds(dataset))); }

TEST_CASE("golds that the verifier reads pass", "[check_golds]") {
  CHECK(CheckGolds(ListDataset("number", {"1", "-2.5", "1,234", "3/4", "\\frac{1}{2}", "20%"})).ok());
  CHECK(CheckGolds(ListDataset("exact_match", {"Paris"})).ok());
}

TEST_CASE("the first bad gold is named with its task", "[check_golds]") {
  CHECK_THAT(ErrorOf(ListDataset("number", {"1", "two", "three"})), Contains("list:2: ") && Contains("\"two\""));
  CHECK_THAT(ErrorOf(ListDataset("number", {"1 or 2"})), Contains("more than one number") || Contains("not a number"));
  CHECK_THAT(ErrorOf(ListDataset("exact_match", {"a", " "})), Contains("list:2: "));
}

TEST_CASE("an unknown verifier is named with the nearest", "[check_golds]") {
  CHECK_THAT(ErrorOf(ListDataset("numbers", {"1"})), Contains("list:1: ") && Contains("did you mean \"number\"?"));
}

}  // namespace
}  // namespace cupel
