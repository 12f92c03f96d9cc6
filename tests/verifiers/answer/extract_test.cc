// The order of the extraction rules, spans and excerpts. Run alone: build/release/tests/verifiers_test "[extract]"

#include "verifiers/answer/extract.h"

#include <string>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

constexpr std::string_view kAll = "7 \\boxed{1} <answer>2</answer> \n#### 3\nThe answer is 4. 5";

std::string RuleOf(std::string_view text, AnswerKind kind) { return std::string(ExtractAnswer(text, kind).rule); }

std::string Without(std::string_view text, std::string_view part) {
  std::string result(text);
  return result.erase(result.find(part), part.size());
}

TEST_CASE("rules apply in order, each only when the stronger ones find nothing", "[extract]") {
  std::string text(kAll);
  CHECK(RuleOf(text, AnswerKind::kNumber) == "answer_tag");
  CHECK(RuleOf(text + "<answer>6</answer>", AnswerKind::kNumber) == "boxed");
  text = Without(text, "\\boxed{1}");
  CHECK(RuleOf(text + "<answer>6</answer>", AnswerKind::kNumber) == "answer_tag");
  text = Without(text, "<answer>2</answer>");
  CHECK(RuleOf(text, AnswerKind::kNumber) == "hash");
  text = Without(text, "#### 3");
  CHECK(RuleOf(text, AnswerKind::kNumber) == "answer_is");
  text = Without(text, "answer is");
  CHECK(RuleOf(text, AnswerKind::kNumber) == "last_number");
  CHECK(RuleOf(text, AnswerKind::kText) == "");
}

TEST_CASE("spans count from the beginning of the whole text", "[extract]") {
  const std::string_view text = "<think>\\boxed{1}</think> so \\boxed{ 23 }";
  std::string_view span;
  const Verdict verdict = BeginVerdict(text, AnswerKind::kNumber, span);
  CHECK(span == " 23 ");
  CHECK(verdict.extracted == "23");
  CHECK(text.substr(static_cast<size_t>(verdict.span.begin), static_cast<size_t>(verdict.span.end - verdict.span.begin)) == " 23 ");
}

TEST_CASE("thinking that is not closed hides everything", "[extract]") {
  CHECK(ExtractAnswer("<think>\\boxed{1}", AnswerKind::kNumber).problem == "<think> is opened and never closed");
  CHECK(ExtractAnswer("<think>a</think> <think>\\boxed{1}", AnswerKind::kNumber).rule.empty());
}

TEST_CASE("a text beyond the limit is undecided, one at the limit is judged", "[extract]") {
  std::string text(static_cast<size_t>(kMaxAnswerBytes), ' ');
  text.replace(0, 9, "\\boxed{1}");
  std::string_view span;
  CHECK(BeginVerdict(text, AnswerKind::kNumber, span).rule == "boxed");
  text += ' ';
  CHECK(BeginVerdict(text, AnswerKind::kNumber, span).outcome == Outcome::kUndecided);
  CHECK(span.empty());
}

TEST_CASE("a long answer is cut between characters", "[extract]") {
  std::string text = "\\boxed{" + std::string(255, 'a') + "\u00e9\u00e9}";
  std::string_view span;
  const Verdict verdict = BeginVerdict(text, AnswerKind::kText, span);
  CHECK(span.size() == 259);
  CHECK(verdict.extracted == std::string(255, 'a'));
}

TEST_CASE("an excerpt is one line", "[extract]") {
  CHECK(Excerpt("a\nb\"c") == "a\\nb\\\"c");
  CHECK(Excerpt("abcdef", 3) == "abc...");
  CHECK(Excerpt("ab\u00e9", 3) == "ab...");
  CHECK(Excerpt("ab\u00e9", 4) == "ab\u00e9");
}

}  // namespace
}  // namespace cupel
