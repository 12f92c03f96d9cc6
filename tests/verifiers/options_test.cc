// The options of verifiers in Task::metadata. Run alone: build/release/tests/verifiers_test "[options]"

#include "verifiers/options.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"

namespace cupel {
namespace {

struct Options {
  bool first = false;
  std::string text = "as it was";
  std::string one = "a";
  std::vector<std::string> texts = {};
  int64_t count = 3;
  double share = 0.5;
};

absl::Status Read(std::string_view metadata, Options& options) {
  OptionReader reader(metadata);
  reader.Flag("first", options.first);
  reader.Text("text", options.text);
  reader.OneOf("one", options.one, {"a", "b"});
  reader.Texts("texts", options.texts);
  reader.Count("count", options.count, 1, 9);
  reader.Share("share", options.share);
  return reader.Done();
}

std::string ErrorOf(std::string_view metadata) {
  Options options;
  return std::string(Message(Read(metadata, options)));
}

TEST_CASE("options are set by name and otherwise left alone", "[options]") {
  Options options;
  REQUIRE(Read("", options).ok());
  CHECK((!options.first && options.text == "as it was" && options.count == 3));
  REQUIRE(Read(R"({"first": true, "count": 9, "share": 1, "one": "b", "texts": ["x", "y"], "text": ""})", options).ok());
  CHECK((options.first && options.text.empty() && options.one == "b" && options.count == 9 && options.share == 1));
  CHECK(options.texts == std::vector<std::string>{"x", "y"});
}

TEST_CASE("bad options are named", "[options]") {
  using Catch::Contains;
  CHECK_THAT(ErrorOf(R"({"frist": true})"), Contains("frist") && Contains("did you mean \"first\"?"));
  CHECK_THAT(ErrorOf(R"({"first": 1})"), Contains("\"first\" is 1; expected true or false"));
  CHECK_THAT(ErrorOf(R"({"text": 1})"), Contains("expected a text"));
  CHECK_THAT(ErrorOf(R"({"one": "c"})"), Contains("expected one of a, b"));
  CHECK_THAT(ErrorOf(R"({"texts": ["a", 1]})"), Contains("expected a list of texts"));
  CHECK_THAT(ErrorOf(R"({"count": 10})"), Contains("expected a whole number from 1 to 9"));
  CHECK_THAT(ErrorOf(R"({"count": 2.5})"), Contains("expected a whole number from 1 to 9"));
  CHECK_THAT(ErrorOf(R"({"share": -0.1})"), Contains("expected a number from 0 to 1"));
  CHECK_THAT(ErrorOf("[]"), Contains("expected a JSON object"));
  CHECK_THAT(ErrorOf("{"), Contains("verifier options"));
}

}  // namespace
}  // namespace cupel
