// Covers the worked solutions of datasets/traces: right by the tasks' own verifiers, in the form, true in every line, mistakes at the set
// rate. Alone: build/release/tests/rewards_test "[traces]"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "datasets/dataset.h"
#include "datasets/traces/trace.h"
#include "rewards/reward.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

std::vector<Task> Tasks(std::string_view family, int64_t level, int64_t count) {
  DatasetConfig config;
  if (family == "arithmetic") {
    config.arithmetic.terms = 1 + level;
    config.arithmetic.max_operand = 150;
  } else {
    config.source = "procedural";
    config.procedural.families = {std::string(family)};
    config.procedural.level = level;
  }
  const std::unique_ptr<Dataset> dataset = MakeDataset(config, 3, Split::kTrain).value();
  std::vector<Task> tasks;
  for (int64_t i = 0; i < count; ++i) {
    tasks.push_back(dataset->At(i));
  }
  return tasks;
}

// Levels up to which a family's items can be worked line by line.
int64_t MaxLevel(std::string_view family) { return family == "arithmetic" ? 3 : 4; }

bool HasCorrection(const std::string& trace) {
  for (const char* word : {", wait, ", ", no, that is wrong: ", ", let me recheck: "}) {
    if (trace.find(word) != std::string::npos) {
      return true;
    }
  }
  return false;
}

double FormatReward(const Task& task, const std::string& text) {
  RewardConfig config;
  config.terms = {RewardTermConfig{.name = "format", .pattern = "think_answer"}};
  const Verdict verdict;
  const Candidate candidate{text, &verdict, 1, false};
  const RewardComposition rewards = RewardComposition::Create(config).value();
  return rewards.Score(task, {&candidate, 1}).terms.at(0).at(0).value;
}

TEST_CASE("every family's worked solutions are right, in the form, and the same twice", "[traces]") {
  const TraceConfig config{.mistake_rate = 0.5};
  for (const std::string_view family : TraceFamilies()) {
    for (int64_t level = 1; level <= MaxLevel(family); ++level) {
      int64_t index = 0;
      for (const Task& task : Tasks(family, level, 12)) {
        const std::string trace = WriteTrace(task, config, 5, index).value();
        CAPTURE(family, level, task.prompt.back().content, trace);
        const Verdict verdict = FindVerifier(task.verifier).value()->Verify(task, trace);
        CAPTURE(verdict.reason);
        CHECK(verdict.outcome == Outcome::kCorrect);
        CHECK(FormatReward(task, trace) == 1);
        CHECK(WriteTrace(task, config, 5, index).value() == trace);
        ++index;
      }
    }
  }
}

TEST_CASE("mistakes, checks and wordings come at the set rates", "[traces]") {
  const std::vector<Task> tasks = Tasks("chain_sum", 1, 400);
  const auto count = [&tasks](const TraceConfig& config, const auto& holds) {
    int64_t total = 0;
    for (size_t i = 0; i < tasks.size(); ++i) {
      total += holds(WriteTrace(tasks[i], config, 1, static_cast<int64_t>(i)).value()) ? 1 : 0;
    }
    return total;
  };
  CHECK(count({.mistake_rate = 0}, HasCorrection) == 0);
  CHECK(count({.mistake_rate = 1}, HasCorrection) == 400);
  const int64_t some = count({.mistake_rate = 0.25}, HasCorrection);
  CHECK((some > 100 - 35 && some < 100 + 35));  // four standard deviations of the binomial are 34.6
  const auto has_check = [](const std::string& trace) { return trace.find("check:") != std::string::npos; };
  CHECK(count({.check_rate = 0, .wordings = 1}, has_check) == 0);
  CHECK(count({.check_rate = 1, .wordings = 1}, has_check) == 400);
  const int64_t brief = count({.check_rate = 1, .wordings = 3}, has_check);
  CHECK((brief > 133 - 38 && brief < 133 + 38));
}

// Reads "12", "8+3", "11-7-1" from the left; -1 when there is something else.
int64_t ValueOf(const std::string& text) {
  int64_t value = 0;
  int64_t sign = 1;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of("+-", at), text.size());
    value += sign * std::stoll(text.substr(at, end - at));
    sign = end < text.size() && text[end] == '-' ? -1 : 1;
    at = end + 1;
  }
  return value;
}

TEST_CASE("every line of a worked sum is true, but for what is taken back", "[traces]") {
  const std::string digits = "0123456789+-";
  for (const std::string_view family : {"chain_sum", "arithmetic"}) {
    int64_t index = 0;
    int64_t equations = 0;
    for (const Task& task : Tasks(family, 3, 200)) {
      const std::string trace = WriteTrace(task, {.mistake_rate = 0.5, .wordings = 1}, 9, index++).value();
      CAPTURE(trace);
      for (size_t at = trace.find('='); at != std::string::npos; at = trace.find('=', at + 1)) {
        const size_t begin = trace.find_last_not_of(digits, at - 1) + 1;
        const size_t end = trace.find_first_not_of(digits, at + 1);
        const bool is_taken_back = trace.compare(end, 7, ", wait,") == 0;
        CHECK((ValueOf(trace.substr(begin, at - begin)) == ValueOf(trace.substr(at + 1, end - at - 1))) != is_taken_back);
        ++equations;
      }
    }
    CHECK(equations > 1000);
  }
}

Task ChainTask(const std::string& expression) {
  return {"chain_sum/x", {{"user", "?"}}, "", "puzzle", R"({"source_dataset":"chain_sum","expression":")" + expression + "\"}"};
}

TEST_CASE("worked sums read like this", "[traces]") {
  const TraceConfig config{.mistake_rate = 0, .wordings = 1};
  CHECK(WriteTrace(ChainTask("37 - 28 - 33"), config, 1, 0).value() ==
        "<think>28+33: 8+3=11, 2+3+1=6 -> 61\n37<61\n61-37: 11-7=4, 6-1-3=2 -> 24\nnegative, -24\ncheck: 4+7=11</think>\n"
        "<answer>-24</answer>");
  CHECK(WriteTrace(ChainTask("144 - 10"), config, 1, 0).value() ==
        "<think>144-10: 4-0=4, 4-1=3, 1 -> 134\ncheck: 4+0=4</think>\n<answer>134</answer>");
  CHECK(WriteTrace(ChainTask("70 + 93 + 58"), config, 1, 0).value() ==
        "<think>70+93: 0+3=3, 7+9=16 -> 163\n163+58: 3+8=11, 6+5+1=12, 1+1=2 -> 221\ncheck: 11-8=3</think>\n<answer>221</answer>");
  CHECK(WriteTrace(ChainTask("100 - 1"), config, 1, 0).value() ==
        "<think>100-1: 10-1=9, 10-1=9, 1-1=0 -> 99\ncheck: 9+1=10</think>\n<answer>99</answer>");
}

TEST_CASE("what cannot be worked says so", "[traces]") {
  const absl::StatusOr<std::string> unknown =
      WriteTrace({"sudoku/1", {{"user", "?"}}, "1", "puzzle", R"({"source_dataset":"sudoku"})"}, {}, 1, 0);
  CHECK(absl::IsUnimplemented(unknown.status()));
  CHECK(std::string(unknown.status().message()).find("chain_sum") != std::string::npos);
  for (const std::string expression : {"", "2 * 3", "(1 + 2) - 3", "1 +", "x", "99999999999999999999 + 1"}) {
    CAPTURE(expression);
    CHECK_FALSE(WriteTrace(ChainTask(expression), {}, 1, 0).ok());
  }
  Task damaged = ChainTask("1 + 1");
  damaged.metadata = "{\"source_dataset\":\"jugs\",\"capacities\":[1],\"target\":\"x\"}";
  CHECK_FALSE(WriteTrace(damaged, {}, 1, 0).ok());
}

}  // namespace
}  // namespace cupel
