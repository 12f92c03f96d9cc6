// JSON Schema and likeness of texts beside Python's jsonschema, SQuAD's evaluation and RapidFuzz. Run alone:
// build/release/tests/verifiers_test "[format]"

#include <string>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "verifiers/format/json_schema.h"
#include "verifiers/format/json_value.h"
#include "verifiers/text/similarity.h"

namespace cupel {
namespace {

TEST_CASE("schemas accept what Python's jsonschema accepts", "[format]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/json_schema/cases.jsonl").value();
  int cases = 0;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "cases.jsonl").value();
    CAPTURE(*line);
    const absl::StatusOr<JsonSchema> schema = JsonSchema::Compile(row["schema"]);
    REQUIRE(schema.ok());
    const JsonSchema::Result result = schema->Validate(row["value"]);
    CAPTURE(result.problem);
    CHECK(result.is_valid == row["valid"].get<bool>());
    CHECK(result.problem.empty() == result.is_valid);
    ++cases;
  }
  CHECK(cases >= 500);
}

TEST_CASE("the work of a schema is bounded", "[format]") {
  const auto validate = [](std::string_view schema, const Json& value) {
    return JsonSchema::Compile(ParseJson(schema, "schema").value())->Validate(value);
  };
  CHECK(validate(R"({"$ref": "#"})", 1).is_beyond_budget);
  CHECK(validate(R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})", 1).is_beyond_budget);
  CHECK(validate(R"({"not": {"$ref": "#"}})", 1).is_beyond_budget);
  CHECK(validate(R"({"properties": {"a": {"$ref": "#"}}})", Json{{"a", {{"a", 1}}}}).is_valid);
  // Every level asks twice about the level below.
  Json deep = 1;
  for (int i = 0; i < 60; ++i) {
    deep = Json::array({deep});
  }
  const JsonSchema::Result result =
      validate(R"({"anyOf": [{"items": {"$ref": "#"}, "maxItems": 0}, {"items": {"$ref": "#"}, "minItems": 2}]})", deep);
  CHECK(result.steps <= JsonSchema::kMaxSteps + 1000);
}

TEST_CASE("values are equal by value, whatever the order of members", "[format]") {
  const auto canonical = [](std::string_view text) { return CanonicalJson(ParseJson(text, "value").value()); };
  CHECK(canonical(R"({"b": 1.0, "a": [true, null]})") == canonical(R"({"a": [true, null], "b": 1e0})"));
  CHECK(canonical("[1, 2]") != canonical("[2, 1]"));
  CHECK(canonical("1.5") != canonical("1"));
  CHECK(canonical("\"1\"") != canonical("1"));
  CHECK(canonical("-0.0") == canonical("0"));
  CHECK(canonical("18446744073709551615") != canonical("18446744073709551614"));
}

TEST_CASE("texts are as alike as SQuAD's evaluation and RapidFuzz say", "[format]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/similarity/pairs.jsonl").value();
  int pairs = 0;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "pairs.jsonl").value();
    const auto a = row["a"].get<std::string>(), b = row["b"].get<std::string>();
    CAPTURE(a, b);
    CHECK((SquadTokens(a) == SquadTokens(b)) == row["exact"].get<bool>());
    CHECK(TokenF1(SquadTokens(a), SquadTokens(b)) == Approx(row["f1"].get<double>()).margin(1e-6));
    int64_t cost = 0;
    CHECK(EditSimilarity(a, b, cost).value() == Approx(row["edit"].get<double>()).margin(1e-12));
    ++pairs;
  }
  CHECK(pairs >= 500);
}

TEST_CASE("texts too long to be compared are refused", "[format]") {
  int64_t cost = 0;
  CHECK_FALSE(EditSimilarity(std::string(5000, 'a'), std::string(5000, 'b'), cost).has_value());
  CHECK(cost == 0);
  CHECK(EditSimilarityBound("ab", "abcd") == 0.5);
}

}  // namespace
}  // namespace cupel
