// Reading and comparing numbers, against Python's fractions. Run alone: build/release/tests/verifiers_test "[number]"

#include "verifiers/answer/number.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "verifiers/answer/units.h"

namespace cupel {
namespace {

bool Equal(std::string_view a, std::string_view b) {
  int64_t cost = 0;
  const std::optional<bool> equal = EqualNumbers(ReadNumber(a).number.value(), ReadNumber(b).number.value(), cost);
  return equal.value();
}

bool IsNumber(std::string_view text) { return ReadNumber(text).number.has_value(); }
bool IsDecorated(std::string_view text) { return ReadDecoratedNumber(text).number.has_value(); }

TEST_CASE("equality agrees with Python's fractions", "[number]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/number/pairs.jsonl").value();
  int count = 0;
  for (; const auto line = reader.Next().value(); ++count) {
    const Json row = ParseJson(*line, "pairs.jsonl").value();
    const auto a = row["a"].get<std::string>(), b = row["b"].get<std::string>();
    CAPTURE(a, b);
    CHECK(Equal(a, b) == row["equal"].get<bool>());
    CHECK(Equal(b, a) == row["equal"].get<bool>());
    CHECK(Equal(a, a));
  }
  CHECK(count == 600);
}

TEST_CASE("numbers are read whole or not at all", "[number]") {
  CHECK(IsNumber(" 12 "));
  CHECK(IsNumber("-1,234.50"));
  CHECK(IsNumber("1{,}234"));
  CHECK_FALSE(IsNumber(""));
  CHECK_FALSE(IsNumber("-"));
  CHECK_FALSE(IsNumber("12 apples"));
  CHECK_FALSE(IsNumber("12."));
  CHECK_FALSE(IsNumber("1,23"));
  CHECK_FALSE(IsNumber("0,123"));
  CHECK_FALSE(IsNumber("1.2.3"));
  CHECK_FALSE(IsNumber("1e"));
  CHECK_FALSE(IsNumber("1/0"));
  CHECK_FALSE(IsNumber("e5"));
  CHECK_FALSE(IsNumber("\\frac{1}{0}"));
  CHECK_FALSE(IsNumber("\\frac{1.5}{2}"));
}

TEST_CASE("a problem says whether there were several numbers", "[number]") {
  CHECK(ReadNumber("1 2").problem == "more than one number");
  CHECK(ReadNumber("1 x").problem == "not a number");
  CHECK(ReadNumber("x 1").problem == "not a number");
  CHECK(ReadNumber("1e1234567890123456").is_beyond_limit);
  CHECK_FALSE(ReadNumber("1e123456789012345").is_beyond_limit);
}

TEST_CASE("percent marks are kept apart from the value", "[number]") {
  const Number percent = ReadNumber("20%").number.value();
  CHECK(percent.is_percent);
  int64_t cost = 0;
  CHECK(EqualNumbers(percent, ReadNumber("20").number.value(), cost).value());
  CHECK(EqualNumbers(percent.PercentAsFraction(), ReadNumber("0.2").number.value(), cost).value());
  CHECK_FALSE(EqualNumbers(percent.PercentAsFraction(), ReadNumber("20").number.value(), cost).value());
  CHECK(ReadNumber("0%").number.value().PercentAsFraction().exponent == 0);
}

TEST_CASE("fractions of bounded length are decided, longer ones only when their sizes differ", "[number]") {
  const std::string long_a(3000, '7');
  const std::string long_b = std::string(2999, '7') + "6";
  const Number a = ReadNumber(long_a + "/" + long_b).number.value();
  const Number b = ReadNumber(long_b + "/" + long_a).number.value();
  int64_t cost = 0;
  CHECK(EqualNumbers(a, b, cost) == std::nullopt);
  CHECK(EqualNumbers(a, ReadNumber("12").number.value(), cost) == std::optional<bool>(false));
  const Number one = ReadNumber(long_a.substr(0, 1000) + "/" + long_a.substr(0, 1000)).number.value();
  CHECK(EqualNumbers(one, ReadNumber("1").number.value(), cost) == std::optional<bool>(true));
}

TEST_CASE("decoration around a number is taken off", "[number]") {
  CHECK(StripDecoration(" **$12$.** ") == "12");
  CHECK(StripDecoration("\\(12\\)") == "12");
  CHECK(StripDecoration("\\[ \\text{12} \\]") == "12");
  CHECK(StripDecoration("12\\$") == "12\\$");
  CHECK(StripDecoration("****") == "");
}

TEST_CASE("units and remarks without numbers may follow a number", "[number]") {
  CHECK(IsUnit(""));
  CHECK(IsUnit(" apples"));
  CHECK(IsUnit("cm"));
  CHECK(IsUnit(" km/h"));
  CHECK(IsUnit("\\text{ m}^2"));
  CHECK(IsUnit(" man-hours of work (in total)."));
  CHECK_FALSE(IsUnit("x"));
  CHECK_FALSE(IsUnit("apples"));
  CHECK_FALSE(IsUnit(" x"));
  CHECK_FALSE(IsUnit(" apples 2"));
  CHECK_FALSE(IsUnit(" million"));
  CHECK_FALSE(IsUnit(" OR more"));
  CHECK_FALSE(IsUnit(" + apples"));
  CHECK_FALSE(IsUnit("\\text{ m"));
  CHECK_FALSE(IsUnit("}"));
  CHECK_FALSE(IsUnit(" " + std::string(200, 'a')));
}

TEST_CASE("whatever holds a second number is refused", "[number]") {
  for (const std::string_view text :
       {"12 13", "12 or 13", "12-13", "12+1", "12 = 12", "12/13/14", "12^2", "12:30", "12 twelve", "(12)(13)"}) {
    CAPTURE(text);
    CHECK_FALSE(IsDecorated(text));
  }
}

}  // namespace
}  // namespace cupel
