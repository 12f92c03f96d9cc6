// Covers the formats of tasks, as published and broken: tests/verifiers/code/cases/formats.jsonl. Alone: build/release/tests/code_test
// "[formats]"

#include "verifiers/code/formats/formats.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"

namespace cupel::code {
namespace {

Task TaskOf(const Json& item) {
  Json metadata = {{"format", item["format"]}, {"record", item["record"]}};
  if (item.contains("options")) {
    metadata["options"] = item["options"];
  }
  return {"the-task", {{"user", "?"}}, "", "code", metadata.dump()};
}

TEST_CASE("records are read as published, and broken ones are refused by task and field", "[formats]") {
  const std::string path = CUPEL_SOURCE_DIR "/tests/verifiers/code/cases/formats.jsonl";
  LineReader reader = LineReader::Open(path).value();
  std::vector<std::string> seen;
  while (const auto line = reader.Next().value()) {
    INFO(path << ":" << reader.line_number() << ": " << *line);
    const Json item = ParseJson(*line, path).value();
    const absl::StatusOr<Problem> problem = ReadTask(TaskOf(item));
    INFO(problem.status().ToString());
    REQUIRE(problem.ok() == !item.contains("problem"));
    if (!problem.ok()) {
      CHECK_THAT(std::string(Message(problem.status())), Catch::Contains(item["problem"].get<std::string>()));
      CHECK_THAT(std::string(Message(problem.status())), Catch::Contains("the-task"));
      continue;
    }
    seen.push_back(item["format"]);
    CHECK(problem->calls.size() == item["calls"].get<size_t>());
    CHECK(problem->stdio.size() == item["stdio"].get<size_t>());
    CHECK(problem->asserts.has_value() == item["asserts"].get<bool>());
  }
  for (const std::string_view name : FormatNames()) {
    CAPTURE(name);
    CHECK(std::ranges::find(seen, name) != seen.end());
  }
}

TEST_CASE("metadata that is no task is refused", "[formats]") {
  for (const char* metadata :
       {"", "{", "3", "{}", "[]", R"({"format": 1})", R"({"format": "call"})", R"({"format": "call", "record": 1})"}) {
    CAPTURE(metadata);
    CHECK_FALSE(ReadTask({"t", {{"user", "?"}}, "", "code", metadata}).ok());
  }
}

TEST_CASE("limits, files and rules of the records reach the judge", "[formats]") {
  const auto read = [](std::string_view text) { return ReadTask({"t", {{"user", "?"}}, "", "code", std::string(text)}).value(); };
  const Problem contest = read(R"({"format": "codecontests", "record": {"name": "n", "time_limit": {"seconds": 2, "nanos": 500000000},
      "memory_limit_bytes": 134217728, "input_file": "a.in", "output_file": "a.out", "public_tests": {"input": ["1"], "output": ["2"]}}})");
  CHECK(contest.limits.cpu_ms == 2500);
  CHECK(contest.limits.memory_bytes == int64_t{128} << 20);
  CHECK(contest.input_file == "a.in");
  CHECK(contest.output_file == "a.out");
  CHECK(contest.text_rules.mode == TextMode::kTokens);
  const Problem wrapped =
      read(R"({"format": "apps", "record": {"input_output": "{\"fn_name\": \"f\", \"inputs\": [[1]], \"outputs\": [[2]]}"}})");
  REQUIRE(wrapped.calls.size() == 1);
  CHECK(wrapped.calls[0].expected.size() == 2);  // [2], and 2 itself
  const Problem assertion = read(R"({"format": "mbpp", "record": {"test_list": ["assert abs(f(1) - 2.5) < 0.25"]}})");
  CHECK(assertion.calls[0].rules.absolute_tolerance == 0.25);
  CHECK_FALSE(assertion.is_isolated);
}

}  // namespace
}  // namespace cupel::code
