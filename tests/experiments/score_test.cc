// Covers what `cupel score` reads and what it says of rewards: numbers that are known beforehand. Alone: build/release/tests/score_test
// "[score]"

#include <atomic>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/status.h"
#include "experiments/score/workbench.h"
#include "tests/experiments/score_answers.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Contains;

RewardTermConfig Term(const std::string& name, double weight, const std::string& pattern = "") {
  return {.name = name, .weight = weight, .pattern = pattern};
}

WorkbenchSettings Quick() {
  WorkbenchSettings settings;
  settings.threads = 2;
  settings.attack_tasks = 5;
  settings.sensitivity_groups = 10;
  settings.determinism_answers = 100;
  return settings;
}

Json ReportOf(const RewardConfig& config, bool with_labels = false) {
  const Scorer scorer = Scorer::Create("test", config).value();
  return RunWorkbench(testing::HonestAnswers(30, with_labels), scorer, {}, Quick());
}

const Json& Named(const Json& rows, const char* key, const std::string& name) {
  for (const Json& row : rows) {
    if (row[key] == name) {
      return row;
    }
  }
  FAIL("no " << name);
  return rows;
}

TEST_CASE("distributions, signal and correlations have the values that the answers give", "[score]") {
  const Json report = ReportOf(RewardConfig{.terms = {Term("correctness", 1), Term("format", 0.5, "think_answer")}});
  CHECK(report["counts"]["answers"] == 120);
  CHECK(report["counts"]["outcomes"]["correct"] == 90);
  const Json& reward = Named(report["distributions"], "name", "reward");
  CHECK(reward["mean"] == 1.125);  // 1.5, 1.5, 1, 0.5
  CHECK(reward["max"] == 1.5);
  CHECK(reward["mean_correct"].get<double>() == Approx(4.0 / 3));
  CHECK(reward["mean_other"] == 0.5);
  // Deviations from the mean: correctness 1/4, 1/4, 1/4, -3/4 and half of format 1/8, 1/8, -3/8, 1/8. With the sum s: sum c s / sum s s.
  const Json& signal = report["signal"];
  CHECK(signal["share_without_variance"] == 0);
  const double whole = 2 * 0.375 * 0.375 + 0.125 * 0.125 + 0.625 * 0.625;
  CHECK(Named(signal["terms"], "name", "correctness")["advantage_share"].get<double>() ==
        Approx((2 * 0.25 * 0.375 - 0.25 * 0.125 + 0.75 * 0.625) / whole).epsilon(1e-4));
  CHECK(Named(signal["terms"], "name", "format(think_answer)")["advantage_share"].get<double>() ==
        Approx((2 * 0.125 * 0.375 + 0.375 * 0.125 - 0.125 * 0.625) / whole).epsilon(1e-4));
  const Json& features = report["correlations"]["features"];
  const auto correct = static_cast<size_t>(std::find(features.begin(), features.end(), "is correct") - features.begin());
  CHECK(report["correlations"]["rows"][0]["values"][correct] == 1);
  CHECK(report["determinism"]["different"] == 0);
  CHECK(report["determinism"]["compared"] == 200);
}

TEST_CASE("agreement with labels is counted, disagreements are listed worst first", "[score]") {
  const Json good = ReportOf(RewardConfig{}, true)["agreement"];
  CHECK(good["true_positive"] == 90);
  CHECK(good["true_negative"] == 30);
  CHECK(good["accuracy"] == 1);
  CHECK(good["auc"] == 1);
  const Json bad = ReportOf(RewardConfig{.terms = {Term("format", 1, "think_answer")}}, true)["agreement"];
  CHECK(bad["true_positive"] == 60);
  CHECK(bad["false_negative"] == 30);
  CHECK(bad["false_positive"] == 30);
  CHECK(bad["precision"].get<double>() == Approx(2.0 / 3).epsilon(1e-4));
  CHECK(bad["disagreements"] == 60);
  CHECK(bad["worst"].size() == 50);
  CHECK(bad["auc"].get<double>() == Approx(0.5 * 2 / 3).epsilon(1e-4));
  CHECK(ReportOf(RewardConfig{})["agreement"].is_null());
}

TEST_CASE("two rewards are compared on the same answers", "[score]") {
  const Scorer one = Scorer::Create("one", RewardConfig{}).value();
  const Scorer other = Scorer::Create("other", RewardConfig{.terms = {Term("correctness", -1)}}).value();
  const Json report = RunWorkbench(testing::HonestAnswers(10), one, {&one, &other}, Quick());
  CHECK(report["comparisons"][0]["correlation"] == 1);
  CHECK(report["comparisons"][0]["share_opposite"] == 0);
  CHECK(report["comparisons"][0]["worst"].empty());
  CHECK(report["comparisons"][1]["correlation"] == -1);
  CHECK(report["comparisons"][1]["share_opposite"] == 0.5);  // 3 of 6 pairs: the wrong one with each right one
}

TEST_CASE("sensitivity tells what a reward should not see from what it may", "[score]") {
  const Json report = ReportOf(RewardConfig{.terms = {Term("format", 1, "open_r1")}});
  const auto changed = [&](const char* name) { return Named(report["sensitivity"], "change", name)["share_changed"].get<double>(); };
  CHECK(changed("white space at the end") == 0.75);  // open-r1's form ends with its last tag
  CHECK(changed("tags in capitals") == 1);           // only answers with tags are changed
  CHECK(ReportOf(RewardConfig{})["sensitivity"][0]["share_changed"] == 0);
  CHECK_THAT(WorkbenchText(report), Contains("it should not"));
}

// Gives something else every time.
class Moody final : public RewardFunction {
 public:
  std::string_view name() const override { return "moody"; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1e9; }
  absl::Status Score(const Task&, std::span<const Candidate> group, std::span<double> scores) const override {
    for (size_t i = 0; i < group.size(); ++i) {
      scores[i] = static_cast<double>(calls_++);
    }
    return absl::OkStatus();
  }

 private:
  mutable std::atomic<int64_t> calls_ = 0;
};

TEST_CASE("a reward that changes its mind is found out", "[score]") {
  std::vector<std::unique_ptr<RewardFunction>> functions;
  functions.push_back(std::make_unique<Moody>());
  const Scorer scorer = Scorer::Create("moody", RewardConfig{}, std::move(functions)).value();
  const Json report = RunWorkbench(testing::HonestAnswers(10), scorer, {}, Quick());
  CHECK(report["determinism"]["different"].get<int64_t>() > 60);
  CHECK(HasFailed(report));
}

// Fails for one question, throws for another.
class Faulty final : public RewardFunction {
 public:
  std::string_view name() const override { return "faulty"; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1; }
  absl::Status Score(const Task& task, std::span<const Candidate>, std::span<double> scores) const override {
    std::fill(scores.begin(), scores.end(), task.id == "sum/1" ? std::nan("") : 1.0);
    return task.id == "sum/2" ? absl::UnavailableError("the judge is out") : absl::OkStatus();
  }
};

TEST_CASE("failures of a reward are named, counted and no scores", "[score]") {
  std::vector<std::unique_ptr<RewardFunction>> functions;
  functions.push_back(std::make_unique<Faulty>());
  const Scorer scorer = Scorer::Create("faulty", RewardConfig{}, std::move(functions)).value();
  const Json report = RunWorkbench(testing::HonestAnswers(10), scorer, {}, Quick());
  CHECK(report["counts"]["outcomes"]["error"] == 8);
  CHECK(Named(report["distributions"], "name", "reward")["min"] == 1);
  CHECK_THAT(DumpJson(report["counts"]["errors"]), Contains("the judge is out") && Contains("gave no number"));
  CHECK(HasFailed(report));
  CHECK_THAT(WorkbenchText(report), Contains("ERROR, 4 times: correctness: the judge is out"));
}

TEST_CASE("answers are read from JSON lines, grouped by group, task or question", "[score]") {
  const TempDir folder;
  const std::string path = folder.File("answers.jsonl");
  REQUIRE(WriteFileAtomically(path, R"({"completion": "\\boxed{1}", "answer": "1", "task": "a", "label": true, "finish_reason": "length"}
{"completion": "2", "answer": 1, "task": "a", "label": 0.25, "num_tokens": 7}

{"response": "3", "gold": "3", "prompt": "three?"}
{"completion": "3", "answer": "3", "prompt": [{"role": "user", "content": "three?"}], "verifier": "number"}
)")
              .ok());
  const AnswerSet set = ReadAnswers(path, {}).value();
  REQUIRE(set.groups.size() == 2);
  CHECK(set.num_answers == 4);
  CHECK(set.groups[0].answers[0].is_truncated);
  CHECK(set.groups[0].answers[0].label == 1.0);
  CHECK(set.groups[0].answers[1].num_tokens == 7);
  CHECK(set.groups[0].answers[1].where == path + ":2");
  CHECK(set.groups[1].answers.size() == 2);
  AnswerOptions options;
  options.limit = 2;
  CHECK(ReadAnswers(path, options).value().num_answers == 2);
}

TEST_CASE("lines that cannot be used are refused by line and member, or skipped and counted", "[score]") {
  const TempDir folder;
  const std::string path = folder.File("answers.jsonl");
  const auto error = [&](const std::string& line) {
    REQUIRE(WriteFileAtomically(path, "{\"completion\": \"1\", \"answer\": \"1\"}\n" + line + "\n").ok());
    return std::string(Message(ReadAnswers(path, {}).status()));
  };
  CHECK_THAT(error("{\"completion\": \"1\"}"), Contains("answers.jsonl:2: there is no \"answer\", the gold; members are completion"));
  CHECK_THAT(error("{\"answer\": \"1\"}"), Contains("there is no \"completion\""));
  CHECK_THAT(error("{\"completion\": \"1\", \"answer\": \"1\", \"label\": 3}"), Contains("\"label\" is 3; expected"));
  CHECK_THAT(error("{\"completion\": \"1\", \"answer\": \"1\", \"verifier\": \"mth\"}"), Contains("did you mean \"math\"?"));
  CHECK_THAT(error("{\"completion\": \"1\", \"answer\": \"many\", \"verifier\": \"number\"}"),
             Contains("answers.jsonl:2: the gold answer \"many\""));
  CHECK_THAT(error("[]"), Contains("expected one JSON object per line") && Contains("--skip-bad"));
  AnswerOptions options;
  options.skip_bad = true;
  const AnswerSet set = ReadAnswers(path, options).value();
  CHECK(set.num_answers == 1);
  CHECK(set.num_left_out == 1);
  CHECK_THAT(set.problems.at(0), Contains("answers.jsonl:2"));
}

TEST_CASE("a run's log is scored with its token ids", "[score]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  for (int64_t step = 0; step < 3; ++step) {
    REQUIRE(store.AppendStep(step, SampleGroups(step)).ok());
  }
  AnswerOptions options;
  options.verifier = "exact_match";
  const AnswerSet set = ReadAnswers(store, options).value();
  CHECK(set.groups.size() == 9);
  CHECK(set.num_answers + set.num_left_out == 36);
  CHECK(set.has_tokens);
  RewardTermConfig repetition = Term("repetition", 1);
  repetition.unit = "tokens";
  const Scorer scorer = Scorer::Create("test", RewardConfig{.terms = {Term("correctness", 1), repetition}}).value();
  const Json report = RunWorkbench(set, scorer, {}, Quick());
  CHECK(report["counts"]["errors"].empty());
  CHECK(report["speed"]["terms"].size() == 2);
}

TEST_CASE("the page holds the report, and no text can end its block", "[score]") {
  AnswerSet set = testing::HonestAnswers(3, true);
  set.groups[0].answers[3].label = 1.0;
  set.groups[0].answers[3].text = "</script><script>alert(1)</script>\xFF \\boxed{1}";
  const Scorer scorer = Scorer::Create("<b>", RewardConfig{}).value();
  const Json report = RunWorkbench(set, scorer, {}, Quick());
  const std::string page = WorkbenchPage(report);
  CHECK(page.find("alert(1)</script>") == std::string::npos);
  CHECK_THAT(page, Contains("&lt;b&gt;") && Contains("\\u003c/script>") && !Contains("src="));
  CHECK_THAT(WorkbenchText(report), Contains("attack report") && Contains("distribution"));
}

TEST_CASE("the report does not depend on the number of threads", "[score]") {
  const Scorer scorer = Scorer::Create("test", RewardConfig{.terms = {Term("correctness", 1), Term("diversity", 0.5)}}).value();
  WorkbenchSettings settings = Quick();
  Json one = RunWorkbench(testing::HonestAnswers(30), scorer, {}, settings);
  settings.threads = 7;
  Json seven = RunWorkbench(testing::HonestAnswers(30), scorer, {}, settings);
  one.erase("speed");
  seven.erase("speed");
  CHECK(one == seven);
}

}  // namespace
}  // namespace cupel
