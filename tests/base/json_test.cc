// Covers base/json.h. Alone: build/release/tests/base_test "[json]"

#include "base/json.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

std::string ErrorOf(std::string_view text, const JsonLimits& limits = {}) {
  const absl::StatusOr<Json> json = ParseJson(text, "tasks.jsonl:17", limits);
  return json.ok() ? "parsed as " + DumpJson(*json) : std::string(Message(json.status()));
}

std::string Nested(int depth) { return std::string(static_cast<size_t>(depth), '[') + std::string(static_cast<size_t>(depth), ']'); }

TEST_CASE("every kind of value is read", "[json]") {
  const Json json =
      ParseJson(R"( {"z": [1, -2, 2.5, true, false, null], "a": {"b": "\u00e9\n\ud83d\ude00"}, "big": 18446744073709551615} )", "x")
          .value();
  CHECK(json["z"] == Json::array({1, -2, 2.5, true, false, nullptr}));
  CHECK(json["a"]["b"] == "\xC3\xA9\n\xF0\x9F\x98\x80");
  CHECK(json["big"].get<uint64_t>() == 18446744073709551615u);
  CHECK(ParseJson("3", "x").value() == 3);
  CHECK(ParseJson("\"\"", "x").value() == "");
  CHECK(ParseJson("{}", "x").value() == Json::object());
  CHECK(ParseJson("[]", "x").value() == Json::array());
}

TEST_CASE("objects keep the order of their keys", "[json]") {
  constexpr std::string_view kText = R"({"z":1,"a":{"y":[{"q":1,"b":2}],"c":3},"m":[]})";
  CHECK(DumpJson(ParseJson(kText, "x").value()) == kText);
}

TEST_CASE("numbers survive being written and read", "[json]") {
  for (const double value : {0.1, 1e-5, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 123456789.123456789}) {
    CHECK(ParseJson(DumpJson(Json(value)), "x").value().get<double>() == value);
  }
}

TEST_CASE("malformed text is an error that names the source", "[json]") {
  for (const std::string_view text :
       {"",    " ",     "{",   "[1,]",     "{\"a\"}", "{\"a\":1,}",  "nul",      "01", "1 2", "[1] x", "\"\x01\"", "\"\\q\"",
        "'a'", "{a:1}", "NaN", "Infinity", "1e999",   "\"\\ud800\"", "\"\xFF\"", "[1", "]",   "}{",    "// c\n1"}) {
    INFO(text);
    CHECK_THAT(ErrorOf(text), StartsWith("tasks.jsonl:17: invalid JSON: "));
  }
  CHECK_THAT(ErrorOf("{\"a\": tru}"), Contains("line 1, column 10"));
  CHECK_FALSE(ParseJson(std::string_view("1\0", 2), "x").ok());
}

TEST_CASE("a huge bad token does not make a huge message", "[json]") { CHECK(ErrorOf("\"" + std::string(1'000'000, 'a')).size() < 1000); }

TEST_CASE("a duplicate key is an error at any depth", "[json]") {
  CHECK(ErrorOf(R"({"a":1,"b":2,"a":3})") == "tasks.jsonl:17: invalid JSON: the key \"a\" appears twice in one object");
  CHECK_THAT(ErrorOf(R"([{"x":{"k":1,"\u006b":2}}])"), Contains("the key \"k\" appears twice"));
  CHECK(ParseJson(R"([{"k":1},{"k":2,"l":{"k":3}}])", "x").ok());
}

TEST_CASE("nesting is bounded before the parser sees it", "[json]") {
  CHECK(ParseJson(Nested(64), "x").ok());
  CHECK(ErrorOf(Nested(65)) == "tasks.jsonl:17: JSON is nested more than 64 levels deep");
  CHECK(ParseJson(Nested(3), "x", {.max_depth = 3}).ok());
  CHECK_FALSE(ParseJson(Nested(3), "x", {.max_depth = 2}).ok());
  CHECK_THAT(ErrorOf(std::string(1'000'000, '[')), Contains("nested more than"));
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) {
    objects += "{\"a\":";
  }
  CHECK_THAT(ErrorOf(objects), Contains("nested more than"));
}

TEST_CASE("brackets inside strings do not count as nesting", "[json]") {
  CHECK(ParseJson("[\"" + std::string(1000, '[') + "\"]", "x").ok());
  CHECK(ParseJson("[\"\\\"" + std::string(1000, '{') + "\\\\\"]", "x").ok());
}

TEST_CASE("an object with very many keys is read in linear time", "[json]") {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) {
    text += fmt::format("{}\"key{}\":{}", i > 0 ? "," : "", i, i);
  }
  const Json json = ParseJson(text + "}", "x").value();
  CHECK(json.size() == 200'000);
  CHECK(std::prev(json.end()).key() == "key199999");
}

TEST_CASE("a byte-order mark is skipped", "[json]") { CHECK(ParseJson("\xEF\xBB\xBF[1]", "x").value() == Json::array({1})); }

TEST_CASE("dumping never throws on invalid UTF-8", "[json]") {
  CHECK(DumpJson(Json("a\xFFz")) == "\"a\xEF\xBF\xBDz\"");
  CHECK(DumpJson(Json::array({1, 2}), 1) == "[\n 1,\n 2\n]");
}

TEST_CASE("JsonString says what it found instead", "[json]") {
  const Json object = ParseJson(R"({"name":"x","n":3})", "x").value();
  CHECK(JsonString(object, "name", "f").value() == "x");
  CHECK(Message(JsonString(object, "id", "f").status()) == "f: the key \"id\" is missing");
  CHECK(Message(JsonString(object, "n", "f").status()) == "f: \"n\" must be a string, found number");
  CHECK(Message(JsonString(Json::array(), "n", "f").status()) == "f: expected a JSON object with the key \"n\", found array");
}

}  // namespace
}  // namespace cupel
