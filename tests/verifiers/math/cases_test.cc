// Covers the equality of mathematical answers by cases: tests/verifiers/cases/math/*.jsonl, one file per class of differences. Alone:
// build/release/tests/verifiers_test "[math-cases]"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "verifiers/math/verify.h"

namespace cupel::math {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string where;
  std::string gold;
  std::string answer;
  bool is_correct = false;
  Request request;
};

// {"gold", "answer", "outcome": "correct" or "incorrect", optionally "options"}. Whatever is not to be accepted may also be undecided.
std::vector<Case> AllCases() {
  std::vector<std::string> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(CUPEL_SOURCE_DIR "/tests/verifiers/cases/math")) {
    paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  std::vector<Case> cases;
  for (const std::string& path : paths) {
    LineReader reader = LineReader::Open(path).value();
    while (const auto line = reader.Next().value()) {
      const std::string where = fs::path(path).filename().string() + ":" + std::to_string(reader.line_number());
      const Json row = ParseJson(*line, where).value();
      Case item{where, row["gold"], row["answer"], row["outcome"] == "correct", {}};
      REQUIRE((row["outcome"] == "correct" || row["outcome"] == "incorrect"));
      if (row.contains("options")) {
        REQUIRE(ReadOptions(row["options"].dump(), item.request.options).empty());
      }
      cases.push_back(std::move(item));
    }
  }
  return cases;
}

std::string Describe(const Result& result) {
  return std::to_string(static_cast<int>(result.decision)) + "|" + result.rule + "|" + result.reason + "|" + std::to_string(result.cost);
}

TEST_CASE("every pair of answers has the verdict written beside it", "[math-cases]") {
  const std::vector<Case> cases = AllCases();
  CHECK(cases.size() >= 1200);
  size_t num_correct = 0;
  for (const Case& item : cases) {
    CAPTURE(item.where, item.gold, item.answer);
    const Result result = CompareAnswers(item.gold, item.answer, item.request);
    CAPTURE(result.reason);
    CHECK((result.decision == Decision::kCorrect) == item.is_correct);
    CHECK_FALSE(result.reason.empty());
    CHECK_FALSE(result.rule.empty());
    num_correct += item.is_correct ? 1 : 0;
  }
  CHECK(num_correct >= cases.size() / 3);
  CHECK(num_correct <= cases.size() * 2 / 3);
}

TEST_CASE("every answer of the cases equals itself", "[math-cases]") {
  for (const Case& item : AllCases()) {
    for (const std::string& text : {item.gold, item.answer}) {
      CAPTURE(item.where, text);
      CHECK(CompareAnswers(text, text, {}).decision == Decision::kCorrect);
      CHECK(CompareAnswers(text, "$" + text + "$", {}).decision != Decision::kIncorrect);
    }
  }
}

// A gold gives its last whole box, an answer its only one: of a box and a broken box the gold would be 1 and the answer a sentence.
TEST_CASE("a text with a broken second box equals itself", "[math-cases]") {
  const std::string text = "\\boxed{1} papers and \\boxed\x01{{} bins";
  CHECK(CompareAnswers(text, text, {}).decision == Decision::kCorrect);
}

// They were different once, by their types or by the sign between them.
TEST_CASE("relations that nothing can evaluate are undecided", "[math-cases]") {
  CHECK(CompareAnswers("1=\\frac{x}{0}+(2-4)", "1=(x/0)+(-4+2)", {}).decision == Decision::kUndecided);
  CHECK(CompareAnswers("x-\\pi i<3", "-\\pi i+x<3", {}).decision == Decision::kUndecided);
}

TEST_CASE("verdicts are the same from eight threads", "[math-cases]") {
  const std::vector<Case> cases = AllCases();
  const auto judge_all = [&] {
    std::vector<std::string> verdicts;
    for (const Case& item : cases) {
      verdicts.push_back(Describe(CompareAnswers(item.gold, item.answer, item.request)));
    }
    return verdicts;
  };
  const std::vector<std::string> expected = judge_all();
  std::vector<std::vector<std::string>> found(8);
  std::vector<std::thread> threads;
  for (auto& verdicts : found) {
    threads.emplace_back([&] { verdicts = judge_all(); });
  }
  std::ranges::for_each(threads, &std::thread::join);
  for (const auto& verdicts : found) {
    CHECK(verdicts == expected);
  }
}

}  // namespace
}  // namespace cupel::math
