// Prompts from templates. Run alone: build/release/tests/datasets_test "[prompt]"

#include "datasets/prompt.h"

#include <catch2/catch.hpp>

namespace cupel {
namespace {

TEST_CASE("every placeholder is replaced, the value's own text is not", "[prompt]") {
  CHECK(FillTemplate("What is {x}?", "{x}", "7 + 5") == "What is 7 + 5?");
  CHECK(FillTemplate("{x}{x}", "{x}", "{x}") == "{x}{x}");
  CHECK(FillTemplate("none", "{x}", "7") == "none");
}

TEST_CASE("a system message stands first, if there is one", "[prompt]") {
  CHECK(QuestionPrompt("", "q") == std::vector<ChatMessage>{{"user", "q"}});
  CHECK(QuestionPrompt("s", "q") == std::vector<ChatMessage>{{"system", "s"}, {"user", "q"}});
}

}  // namespace
}  // namespace cupel
