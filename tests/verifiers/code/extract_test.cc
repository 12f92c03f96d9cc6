// Covers finding the program in a text. Alone: build/release/tests/code_test "[extract]"

#include "verifiers/code/extract.h"

#include <catch2/catch.hpp>

namespace cupel::code {
namespace {

using sandbox::Language;

std::string Found(std::string_view text, ExtractRule rule = ExtractRule::kLastOfLanguage, bool accepts_bare = false,
                  Language language = Language::kPython) {
  const CodeExtraction found = ExtractCode(text, language, rule, accepts_bare);
  CHECK(found.rule.empty() != found.problem.empty());
  return std::string(text.substr(static_cast<size_t>(found.span.begin), static_cast<size_t>(found.span.end - found.span.begin)));
}

TEST_CASE("the last complete block of the language is the program", "[extract]") {
  CHECK(Found("```python\na\n```") == "a\n");
  CHECK(Found("```python\na\n```\n```python\nb\n```\n") == "b\n");
  CHECK(Found("```python\na\n```\n```cpp\nb\n```\n") == "a\n");
  CHECK(Found("```python\na\n```\n```\noutput\n```\n") == "a\n");
  CHECK(Found("```\na\n```\ntext") == "a\n");
  CHECK(Found("```Python3 title=x\na\n```") == "a\n");
  CHECK(Found("  ```py\n  a\n  ```") == "  a\n");
  CHECK(Found("~~~python\n```\na\n```\n~~~") == "```\na\n```\n");
  CHECK(Found("````python\n```\na\n````") == "```\na\n");
  CHECK(Found("```python\r\na\r\n```\r\n") == "a\r\n");
  CHECK(Found("```python\na\n```\n```python\nb") == "a\n");
  CHECK(Found("```python\na = '``` '\n```") == "a = '``` '\n");
  CHECK(Found("```c++\na\n```", ExtractRule::kLastOfLanguage, false, Language::kCpp) == "a\n");
}

TEST_CASE("without a complete block there is no program", "[extract]") {
  for (const char* text :
       {"", "a", "```python\na\n", "```cpp\na\n```", "``python\na\n``", "x ```python\na\n```", "```python\n \n```", "```python a```"}) {
    CAPTURE(text);
    CHECK(Found(text).empty());
  }
}

TEST_CASE("only what follows the thinking counts", "[extract]") {
  CHECK(Found("<think>\n```python\na\n```\n</think>\n```python\nb\n```") == "b\n");
  CHECK(Found("<think>\n```python\na\n```\n</think>\nno code").empty());
  CHECK(Found("<think>\n```python\na\n```\n").empty());
  CHECK(Found("```python\nb\n```</think>").empty());
}

TEST_CASE("other projects' rules", "[extract]") {
  const std::string text = "```python\na\n```\n```python\nb\n```\n```js\nc\n```\n```python\nd";
  CHECK(Found(text, ExtractRule::kFirstOfLanguage) == "a\n");
  CHECK(Found(text, ExtractRule::kLastOfAny) == "c\n");
  CHECK(Found(text, ExtractRule::kAfterLastFence) == "d");
  CHECK(Found(text, ExtractRule::kWhole) == text);
}

TEST_CASE("a bare text is a program only where the task says so", "[extract]") {
  CHECK(Found("def f(): pass", ExtractRule::kLastOfLanguage, true) == "def f(): pass");
  CHECK(Found("</think>    return 1", ExtractRule::kLastOfLanguage, true) == "    return 1");
  CHECK(Found("```python\na\n```", ExtractRule::kLastOfLanguage, true) == "a\n");
  CHECK(Found("```python\na\n", ExtractRule::kLastOfLanguage, true).empty());
  CHECK(Found(" \n\t", ExtractRule::kLastOfLanguage, true).empty());
}

TEST_CASE("a megabyte of fences is read in linear time", "[extract]") {
  for (const char* part : {"```\n", "```python\n", "~~~\n", "````````", "`~", "<think>", "</think>", "\n"}) {
    std::string text;
    while (text.size() < 1'000'000) {
      text += part;
    }
    Found(text);
  }
}

}  // namespace
}  // namespace cupel::code
