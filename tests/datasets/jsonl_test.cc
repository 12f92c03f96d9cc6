// JSON lines with a column mapping; GSM8K as published. Run alone: build/release/tests/datasets_test "[jsonl]"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Contains;

const std::string kGradeSchool = CUPEL_SOURCE_DIR "/tests/datasets/cases/grade_school.jsonl";

DatasetConfig ConfigOf(const std::string& path) {
  DatasetConfig config;
  config.source = "jsonl";
  config.jsonl.path = path;
  return config;
}

std::unique_ptr<Dataset> Make(const DatasetConfig& config, Split split) { return MakeDataset(config, 1, split).value(); }

std::vector<Task> All(const Dataset& dataset) {
  std::vector<Task> tasks;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    tasks.push_back(dataset.At(i));
  }
  return tasks;
}

// A file of these contents, read with nothing held out.
class TextFile {
 public:
  explicit TextFile(std::string_view contents) {
    REQUIRE(WriteFileAtomically(path(), contents).ok());
    config = ConfigOf(path());
    config.jsonl.held_out_fraction = 0;
  }
  std::string path() const { return folder_.File("rows.jsonl"); }
  std::vector<Task> Tasks() const { return All(*Make(config, Split::kTrain)); }
  std::string Error() const { return std::string(Message(MakeDataset(config, 1, Split::kTrain).status())); }

 private:
  TempDir folder_;

 public:
  DatasetConfig config;
};

TEST_CASE("GSM8K is read as published", "[jsonl]") {
  DatasetConfig config = ConfigOf(kGradeSchool);
  config.jsonl.held_out_fraction = 0;
  const std::vector<Task> tasks = All(*Make(config, Split::kTrain));
  REQUIRE(tasks.size() == 10);
  std::vector<std::string> golds;
  for (const Task& task : tasks) {
    golds.push_back(task.answer);
    CHECK(task.verifier == "number");
    CHECK(task.prompt.size() == 1);
  }
  CHECK(golds == std::vector<std::string>{"43", "1,170", "-5", "10", "8", "36", "2250", "25", "1.5", "3,999"});
  CHECK(tasks[4].id == kGradeSchool + ":5");
  CHECK(tasks[4].prompt[0] == ChatMessage{"user", "A tank of 120 litres is filled at 15 litres a minute. How many minutes does it take?"});
}

TEST_CASE("one file splits into two by its questions", "[jsonl]") {
  DatasetConfig config = ConfigOf(kGradeSchool);
  config.jsonl.held_out_fraction = 0.5;
  const auto train = Make(config, Split::kTrain), eval = Make(config, Split::kEval);
  CHECK(train->size() + eval->size() == 10);
  std::set<std::string> ids;
  for (const Task& task : All(*train)) {
    ids.insert(task.id);
  }
  for (const Task& task : All(*eval)) {
    CHECK(ids.count(task.id) == 0);
  }
}

TEST_CASE("rows with the same question are never in both splits", "[jsonl]") {
  std::string rows;
  for (int i = 0; i < 60; ++i) {
    rows += fmt::format(R"({{"question": "q{}", "answer": "#### {}"}})", i % 20, i) + "\n";
  }
  TextFile file(rows);
  file.config.jsonl.held_out_fraction = 0.3;
  std::set<std::string> train, eval;
  for (const Task& task : All(*Make(file.config, Split::kTrain))) {
    train.insert(task.prompt[0].content);
  }
  for (const Task& task : All(*Make(file.config, Split::kEval))) {
    eval.insert(task.prompt[0].content);
  }
  CHECK(train.size() + eval.size() == 20);
}

TEST_CASE("questions of the evaluation file are left out of training", "[jsonl]") {
  const TextFile eval(R"({"question": "a ", "answer": "#### 1"}
{"question": "c", "answer": "#### 3"})");
  TextFile train(R"({"question": "a", "answer": "#### 1"}
{"question": "b", "answer": "#### 2"})");
  train.config.jsonl.eval_path = eval.path();
  CHECK_THAT(train.Error(), Contains("rows.jsonl:1: asks what ") && Contains("on_overlap=skip"));
  train.config.jsonl.on_overlap = "skip";
  const std::vector<Task> tasks = train.Tasks();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].prompt[0].content == "b");
  CHECK(Make(train.config, Split::kEval)->size() == 2);
  train.config.jsonl.path = eval.path();
  CHECK_THAT(train.Error(), Contains("every question is also asked by evaluation"));
}

TEST_CASE("columns, template, system, verifier and its options are settings", "[jsonl]") {
  TextFile file(R"({"Body": "2 and 3?", "Answer": 5.0, "ID": 1})");
  JsonlConfig& settings = file.config.jsonl;
  settings.prompt_column = "Body";
  settings.answer_column = "Answer";
  settings.template_text = "Q: {prompt}";
  settings.system = "Count.";
  settings.verifier = "exact_match";
  settings.verifier_options = R"({"case_insensitive": true})";
  const Task task = file.Tasks().at(0);
  CHECK(task.prompt == std::vector<ChatMessage>{{"system", "Count."}, {"user", "Q: 2 and 3?"}});
  CHECK(task.answer == "5.0");
  CHECK(task.verifier == "exact_match");
  CHECK(task.metadata == R"({"case_insensitive": true})");
}

TEST_CASE("a prompt may be a list of messages", "[jsonl]") {
  TextFile file(
      R"({"question": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}, {"role": "user", "content": "1+1?"}], "answer": "#### 2"}
{"question": [{"role": "system", "content": "s"}, {"role": "user", "content": "2+2?"}], "answer": "#### 4"})");
  file.config.jsonl.system = "own";
  const std::vector<Task> tasks = file.Tasks();
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0].prompt == std::vector<ChatMessage>{{"system", "own"}, {"user", "hi"}, {"assistant", "ho"}, {"user", "1+1?"}});
  CHECK(tasks[1].prompt == std::vector<ChatMessage>{{"system", "s"}, {"user", "2+2?"}});
}

TEST_CASE("blank lines are passed over and the limit counts rows", "[jsonl]") {
  TextFile file("{\"question\": \"a\", \"answer\": \"#### 1\"}\r\n\n  \n{\"question\": \"b\", \"answer\": \"#### 2\"}");
  std::vector<Task> tasks = file.Tasks();
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[1].id == file.path() + ":4");
  file.config.jsonl.limit = 1;
  CHECK(file.Tasks().size() == 1);
}

TEST_CASE("a malformed row is refused with its file and line", "[jsonl]") {
  struct BadRow {
    std::string line;
    std::string message;
  };
  const std::vector<BadRow> rows = {
      {"{", ""},
      {"[1]", "expected one JSON object per line"},
      {"5", "expected one JSON object per line"},
      {R"({"q": "a", "answer": "#### 1"})", "there is no member \"question\"; set data.jsonl.prompt_column to one of: q, answer"},
      {R"({"question": "a", "solution": "#### 1"})", "there is no member \"answer\"; set data.jsonl.answer_column"},
      {R"({"question": 5, "answer": "#### 1"})", "expected text or a list of messages"},
      {R"({"question": "  ", "answer": "#### 1"})", "\"question\" is empty"},
      {R"({"question": [], "answer": "#### 1"})", "do not end with a question of role user"},
      {R"({"question": [{"role": "assistant", "content": "a"}], "answer": "#### 1"})", "do not end with a question of role user"},
      {R"({"question": [{"role": "robot", "content": "a"}], "answer": "#### 1"})", "role \"robot\""},
      {R"({"question": [{"content": "a"}], "answer": "#### 1"})", "role"},
      {R"({"question": ["a"], "answer": "#### 1"})", "not an object"},
      {R"({"question": "a", "answer": "1"})", "has no \"####\"; set data.jsonl.answer_after"},
      {R"({"question": "a", "answer": "####  "})", "the gold answer in \"answer\" is empty"},
      {R"({"question": "a", "answer": null})", "there is no member \"answer\""},
      {R"({"question": "a", "answer": true})", "expected text or a number"},
      {R"({"question": "a", "question": "b", "answer": "#### 1"})", "question"},
  };
  for (const BadRow& row : rows) {
    const TextFile file("{\"question\": \"fine\", \"answer\": \"#### 1\"}\n\n" + row.line + "\n");
    CAPTURE(row.line);
    CHECK_THAT(file.Error(), Contains("rows.jsonl:3") && Contains(row.message));
  }
}

TEST_CASE("unusable settings are refused", "[jsonl]") {
  const auto error = [](auto change) {
    DatasetConfig config = ConfigOf(kGradeSchool);
    change(config.jsonl);
    return std::string(Message(MakeDataset(config, 1, Split::kEval).status()));
  };
  CHECK_THAT(error([](JsonlConfig& c) { c.path = ""; }), Contains("path is empty"));
  CHECK_THAT(error([](JsonlConfig& c) { c.path = "no/such/file"; }), Contains("no/such/file"));
  CHECK_THAT(error([](JsonlConfig& c) { c.eval_path = "no/such/file"; }), Contains("no/such/file"));
  CHECK_THAT(error([](JsonlConfig& c) { c.held_out_fraction = 0; }), Contains("leaves the evaluation split empty"));
  CHECK_THAT(error([](JsonlConfig& c) { c.held_out_fraction = 1; }), Contains("held_out_fraction is 1"));
  CHECK_THAT(error([](JsonlConfig& c) { c.limit = -1; }), Contains("limit is -1"));
  CHECK_THAT(error([](JsonlConfig& c) { c.template_text = "x"; }), Contains("does not contain {prompt}"));
  CHECK_THAT(error([](JsonlConfig& c) { c.verifier_options = "[]"; }), Contains("expected a JSON object"));
  CHECK_THAT(error([](JsonlConfig& c) { c.verifier_options = "{"; }), Contains("verifier_options"));
  CHECK_THAT(TextFile("\n").Error(), Contains("holds no rows"));
}

}  // namespace
}  // namespace cupel
