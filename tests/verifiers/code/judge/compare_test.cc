// Covers comparing what a program gave with what was expected. Cases: tests/verifiers/code/cases. Alone: build/release/tests/code_test
// "[compare]"

#include "verifiers/code/judge/compare.h"

#include <limits>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "verifiers/code/judge/literal.h"

namespace cupel::code {
namespace {

template <class Visit>
void ForEachCase(const std::string& name, Visit visit) {
  const std::string path = CUPEL_SOURCE_DIR "/tests/verifiers/code/cases/" + name;
  LineReader reader = LineReader::Open(path).value();
  size_t count = 0;
  while (const auto line = reader.Next().value()) {
    INFO(path << ":" << reader.line_number() << ": " << *line);
    visit(ParseJson(*line, path).value());
    ++count;
  }
  CHECK(count >= 30);
}

ValueRules RulesOf(const Json& item) {
  const Json options = item.value("rules", Json::object());
  ValueRules rules = options.value("python", false) ? PythonEquality() : options.value("json", false) ? JsonEquality() : ValueRules();
  rules.is_unordered = options.value("unordered", false);
  rules.ignores_case = options.value("ignore_case", false);
  rules.absolute_tolerance = options.value("absolute", 0.0);
  rules.relative_tolerance = options.value("relative", 0.0);
  return rules;
}

TEST_CASE("values are equal as the cases say", "[compare]") {
  ForEachCase("values.jsonl", [](const Json& item) {
    const std::optional<Value> expected = ParseLiteral(item["expected"].get<std::string>());
    const std::optional<Value> actual = ParseLiteral(item["actual"].get<std::string>());
    REQUIRE(expected);
    REQUIRE(actual);
    std::string why;
    const bool is_equal = IsEqual(*expected, *actual, RulesOf(item), why);
    CHECK(is_equal == item["equal"].get<bool>());
    CHECK(is_equal == why.empty());
  });
}

TEST_CASE("NaN equals nothing, wherever it stands and whatever the tolerance", "[compare]") {
  const Value nan = Value::Float(std::numeric_limits<double>::quiet_NaN());
  ValueRules wide;
  wide.absolute_tolerance = 1e300;
  std::string why;
  for (const Value& expected : {nan, Value::Float(0), Value::Int(1)}) {
    CHECK_FALSE(IsEqual(expected, nan, wide, why));
    CHECK_FALSE(IsEqual(Value::Sequence(Kind::kList, {expected}), Value::Sequence(Kind::kList, {nan}), wide, why));
    CHECK_FALSE(IsEqual(Value::Sequence(Kind::kSet, {expected}), Value::Sequence(Kind::kSet, {nan}), wide, why));
  }
}

TEST_CASE("an object of the program equals nothing", "[compare]") {
  Value object = Value::String("int");
  object.kind = Kind::kObject;
  std::string why;
  for (const Value& expected : {object, Value::Int(1), Value::String("int"), Value::None()}) {
    CHECK_FALSE(IsEqual(expected, object, PythonEquality(), why));
  }
}

TEST_CASE("texts match as the cases say", "[compare]") {
  ForEachCase("texts.jsonl", [](const Json& item) {
    const Json options = item.value("rules", Json::object());
    const std::string mode = item["mode"];
    TextRules rules;
    rules.mode = mode == "exact"     ? TextMode::kExact
                 : mode == "tokens"  ? TextMode::kTokens
                 : mode == "decimal" ? TextMode::kDecimal
                                     : TextMode::kTrailing;
    rules.ignores_case = options.value("ignore_case", false);
    rules.is_unordered = options.value("unordered", false);
    rules.absolute_tolerance = options.value("absolute", 0.0);
    rules.relative_tolerance = options.value("relative", 0.0);
    std::string why;
    const Match match = CompareText(item["expected"].get<std::string>(), item["actual"].get<std::string>(), rules, why);
    const std::string name = match == Match::kEqual ? "equal" : match == Match::kPresentation ? "presentation" : "different";
    CHECK(name == item["match"].get<std::string>());
    CHECK((match == Match::kEqual) == why.empty());
  });
}

TEST_CASE("assertions are read as the cases say, and others are left alone", "[compare]") {
  ForEachCase("assertions.jsonl", [](const Json& item) {
    const std::optional<CallAssertion> assertion = ParseAssertion(item["statement"].get<std::string>());
    REQUIRE(assertion.has_value() == item.contains("call"));
    if (!assertion) {
      return;
    }
    CHECK(assertion->call == item["call"].get<std::string>());
    CHECK(assertion->function == "f");
    CHECK(assertion->has_plain_args == item.value("plain", true));
    const std::string expectation = item.value("expectation", "equal");
    CHECK(assertion->expectation == (expectation == "truthy"  ? Expectation::kTruthy
                                     : expectation == "falsy" ? Expectation::kFalsy
                                     : expectation == "equal" ? Expectation::kEqual
                                                              : Expectation::kNotNone));
    if (item["expected"].is_string()) {
      CHECK(Describe(assertion->expected, 1000) == item["expected"].get<std::string>());
    }
    if (item.contains("args")) {
      CHECK(Describe(Value::Sequence(Kind::kTuple, assertion->args), 1000) == item["args"].get<std::string>());
    }
    const std::string transform = item.value("transform", "none");
    CHECK(assertion->transform == (transform == "sorted" ? Transform::kSorted : transform == "set" ? Transform::kSet : Transform::kNone));
    CHECK(assertion->absolute_tolerance == item.value("tolerance", 0.0));
  });
}

TEST_CASE("JSON literals keep integers whole and refuse what is no JSON", "[compare]") {
  const auto json = [](std::string_view text) { return ParseLiteral(text, Notation::kJson); };
  CHECK(json("123456789012345678901234567890")->text == "123456789012345678901234567890");
  CHECK(Describe(json(R"({"a": [1, 2.5, null, true], "b": "\u00e9\ud83d\ude00\/"})").value()) == "{'a': [1, 2.5, None, True], 'b': 'é😀/'}");
  for (const char* text :
       {"",        "[1,]",      "{1: 2}", "'a'",         "01",  "1.",   ".5",    "+1",     "NaN", "Infinity", "nul", "[1 2]",
        "{\"a\"}", "\"\\x41\"", "1 2",    "{\"a\": 1,}", "(1)", "True", "1e999", "\"\t\"", "[[[", "1_0",      "0x1"}) {
    CAPTURE(text);
    CHECK_FALSE(json(text));
  }
  CHECK_FALSE(json(std::string(100'000, '[')));
  CHECK_FALSE(ParseLiteral(std::string(100'000, '(')));
}

}  // namespace
}  // namespace cupel::code
