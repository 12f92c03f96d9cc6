// The laws that every source of tasks keeps. Run alone: build/release/tests/datasets_test "[dataset]"

#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "datasets/dataset.h"

namespace cupel {
namespace {

// Settings under which a source has at least a few tasks in both splits. A source without a sample fails the laws.
DatasetConfig SampleConfig(std::string_view source) {
  DatasetConfig config;
  config.source = source;
  config.jsonl.path = CUPEL_SOURCE_DIR "/tests/datasets/cases/grade_school.jsonl";
  config.jsonl.held_out_fraction = 0.5;
  config.procedural.families = {"basic_arithmetic", "countdown", "word_sorting"};
  config.procedural.level = 4;
  config.procedural.size = 200;
  config.procedural.eval_size = 60;
  config.repair.size = 200;
  config.repair.eval_size = 60;
  if (source == "mixture") {
    config.mixture = {{3, {"source=arithmetic"}, {}},
                      {1, {"source=jsonl", "jsonl.path=" + config.jsonl.path, "jsonl.held_out_fraction=0.5"}, {}}};
  }
  return config;
}

std::string Text(const Task& task) {
  std::string text = task.id + "|" + task.answer + "|" + task.verifier + "|" + task.metadata;
  for (const ChatMessage& message : task.prompt) {
    text += "|" + message.role + ":" + message.content;
  }
  return text;
}

TEST_CASE("the same settings and index give the same task", "[dataset]") {
  for (const std::string_view source : DatasetNames()) {
    for (const Split split : {Split::kTrain, Split::kEval}) {
      const auto a = MakeDataset(SampleConfig(source), 7, split).value(), b = MakeDataset(SampleConfig(source), 7, split).value();
      REQUIRE(a->size() == b->size());
      for (int64_t i = a->size(); i-- > 0;) {
        CHECK(Text(a->At(i)) == Text(b->At(i)));
        CHECK(Text(a->At(i)) == Text(a->At(i)));
      }
    }
  }
}

TEST_CASE("ids are unique, and train and eval share neither ids nor questions", "[dataset]") {
  for (const std::string_view source : DatasetNames()) {
    std::set<std::string> ids, questions;
    int64_t count = 0;
    for (const auto& [split, seed] : {std::pair(Split::kTrain, 7), std::pair(Split::kEval, 8)}) {
      const auto dataset = MakeDataset(SampleConfig(source), static_cast<uint64_t>(seed), split).value();
      count += dataset->size();
      for (int64_t i = 0; i < dataset->size(); ++i) {
        ids.insert(dataset->At(i).id);
        questions.insert(dataset->At(i).prompt.back().content);
      }
    }
    CAPTURE(source);
    CHECK(std::ssize(ids) == count);
    CHECK(std::ssize(questions) == count);
  }
}

TEST_CASE("every task is complete", "[dataset]") {
  for (const std::string_view source : DatasetNames()) {
    const auto dataset = MakeDataset(SampleConfig(source), 7, Split::kTrain).value();
    for (int64_t i = 0; i < dataset->size(); ++i) {
      const Task task = dataset->At(i);
      CHECK_FALSE(task.id.empty());
      CHECK_FALSE(task.answer.empty());
      CHECK_FALSE(task.verifier.empty());
      REQUIRE_FALSE(task.prompt.empty());
      CHECK(task.prompt.back().role == "user");
    }
  }
}

// Finds the values that a field of the configuration admits.
struct SourceValues {
  std::vector<std::string> values;
  void operator()(std::string_view /*name*/, std::string& /*value*/, std::string_view /*help*/, const OneOf& one_of) {
    values = one_of.values;
  }
  template <class Value, class... Constraint>
  void operator()(std::string_view /*name*/, Value& /*value*/, std::string_view /*help*/, const Constraint&... /*constraint*/) {}
};

TEST_CASE("the setting admits what the registry holds", "[dataset]") {
  DatasetConfig config;
  SourceValues found;
  config.VisitFields(found);
  const std::vector<std::string_view> names = DatasetNames();
  CHECK(std::ranges::is_sorted(names));
  CHECK(std::ranges::equal(found.values, names));
}

TEST_CASE("an unknown source gets a suggestion", "[dataset]") {
  DatasetConfig config;
  config.source = "arithmetics";
  const absl::Status status = MakeDataset(config, 1, Split::kTrain).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(Message(status)), Catch::Contains("did you mean \"arithmetic\"?"));
}

}  // namespace
}  // namespace cupel
