// Expressions against Python's own arithmetic. Run alone: build/release/tests/datasets_test "[expression]"

#include "datasets/expression.h"

#include <limits>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"

namespace cupel {
namespace {

TEST_CASE("value and wording agree with Python", "[expression]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/number/expressions.jsonl").value();
  int count = 0;
  for (; const auto line = reader.Next().value(); ++count) {
    const Json row = ParseJson(*line, "expressions.jsonl").value();
    const Expression expression{row["operands"], row["operators"]};
    CHECK(ExpressionText(expression) == row["text"]);
    CHECK(Evaluate(expression) == row["value"].get<int64_t>());
  }
  CHECK(count == 200);
}

TEST_CASE("an id is short and unambiguous", "[expression]") {
  CHECK(ExpressionId({{7, 5}, "+"}) == "7+5");
  CHECK(ExpressionId({{-7, -5, 3}, "-*"}) == "-7--5*3");
}

TEST_CASE("the largest value is a product or a sum, and overflow is seen", "[expression]") {
  CHECK(MaxAbsoluteValue(2, 9, false) == 18);
  CHECK(MaxAbsoluteValue(2, 9, true) == 81);
  CHECK(MaxAbsoluteValue(3, 1, true) == 3);
  CHECK(MaxAbsoluteValue(2, 1'000'000'000, true) == 1'000'000'000'000'000'000);
  CHECK(MaxAbsoluteValue(3, 1'000'000'000, true) == -1);
  CHECK(MaxAbsoluteValue(8, std::numeric_limits<int64_t>::max() / 4, false) == -1);
}

TEST_CASE("no expression exceeds the largest value", "[expression]") {
  constexpr std::string_view kOperators = "+-*";
  for (int64_t code = 0; code < 5 * 5 * 5 * 9; ++code) {
    const Expression expression{{code % 5 - 2, code / 5 % 5 - 2, code / 25 % 5 - 2},
                                {kOperators[static_cast<size_t>(code / 125 % 3)], kOperators[static_cast<size_t>(code / 375)]}};
    CHECK(std::abs(Evaluate(expression)) <= MaxAbsoluteValue(3, 2, true));
  }
}

}  // namespace
}  // namespace cupel
