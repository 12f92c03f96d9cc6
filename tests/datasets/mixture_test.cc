// Several sources in one: shares, epochs of the parts, stages of the parts, nothing of evaluation in training, exact resuming. Run alone:
// build/release/tests/datasets_test "[mixture]"

#include "datasets/mixture.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/status.h"
#include "datasets/curriculum.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Contains;

// Sums of one digit (80 training tasks) and of three numbers up to 3 (51).
DatasetConfig Sums(double first, double second, double temperature = 1) {
  DatasetConfig config;
  config.source = "mixture";
  config.mixture_temperature = temperature;
  config.mixture = {{first, {"arithmetic.operators=[\"+\"]"}, {}},
                    {second, {"arithmetic.operators=[\"+\"]", "arithmetic.max_operand=3", "arithmetic.terms=3"}, {}}};
  return config;
}

bool IsFirst(const Task& task) { return std::ranges::count(task.id, '+') == 1; }

std::string ErrorOf(const DatasetConfig& config) { return std::string(Message(MakeDataset(config, 1, Split::kTrain).status())); }

TEST_CASE("every stretch of training has the shares of the weights", "[mixture]") {
  struct Case {
    double first, second, temperature, share;
  };
  for (const Case& item :
       {Case{3, 1, 1, 0.75}, Case{9, 1, 2, 0.75}, Case{1, 1, 1, 0.5}, Case{1e-3, 1, 1000, 0.4983}, Case{0, 0, 1, 80.0 / 131}}) {
    const Curriculum curriculum = Curriculum::Create(Sums(item.first, item.second, item.temperature), 7).value();
    int64_t count = 0;
    for (int64_t step = 0; step < 300; ++step) {
      for (const Task& task : curriculum.Draw(step, 8)) {
        count += IsFirst(task) ? 1 : 0;
      }
      CAPTURE(item.share, step);
      CHECK(std::abs(static_cast<double>(count) - item.share * static_cast<double>(8 * (step + 1))) <= 1.01);
    }
  }
}

TEST_CASE("a pattern repeats without a seam and counts what it gives", "[mixture]") {
  const SharePattern pattern = SharePattern::Create(std::vector<double>{0.5, 0.3, 0.1999, 0.0001}).value();
  std::vector<int64_t> counts(4);
  for (int64_t i = 0; i < 30000; ++i) {
    for (int64_t k = 0; k < 4; ++k) {
      REQUIRE(pattern.CountBefore(k, i) == counts[static_cast<size_t>(k)]);
    }
    ++counts[static_cast<size_t>(pattern.PartAt(i))];
  }
  CHECK(counts == std::vector<int64_t>{15000, 9000, 5997, 3});
  CHECK_THAT(std::string(Message(SharePattern::Create(std::vector<double>{0.99999, 0.00001}).status())), Contains("data.mixture.1"));
}

TEST_CASE("each part is read in epochs of its own, in an order of its own", "[mixture]") {
  const Curriculum curriculum = Curriculum::Create(Sums(1, 1), 7).value();
  std::map<std::string, int> times;
  for (int64_t step = 0; step < 40; ++step) {
    for (const Task& task : curriculum.Draw(step, 4)) {
      ++times[task.id];
    }
  }
  for (const auto& [id, count] : times) {  // 80 draws of each part: the 80 of the first once, the 51 of the second once or twice
    CHECK(count <= (id.find('+') == id.rfind('+') ? 1 : 2));
  }
  CHECK(times.size() == 131);
}

TEST_CASE("a draw depends on seed and step alone, so that resuming is exact", "[mixture]") {
  DatasetConfig config = Sums(2, 1);
  config.mixture[0].curriculum = {{.steps = 5, .set = {"arithmetic.max_operand=4"}}};
  const Curriculum whole = Curriculum::Create(config, 7).value(), resumed = Curriculum::Create(config, 7).value();
  const Curriculum other = Curriculum::Create(config, 8).value();
  for (int64_t step = 0; step < 12; ++step) {
    whole.Draw(step, 6);
  }
  bool differs = false;
  for (int64_t step = 12; step-- > 0;) {
    const std::vector<Task> a = whole.Draw(step, 6), b = resumed.Draw(step, 6), c = other.Draw(step, 6);
    for (size_t i = 0; i < a.size(); ++i) {
      CHECK(a[i].id == b[i].id);
      differs = differs || a[i].id != c[i].id;
    }
  }
  CHECK(differs);
}

TEST_CASE("a part has stages of its own, and begins each with an epoch", "[mixture]") {
  DatasetConfig config = Sums(1, 1);
  config.mixture[0].curriculum = {{.steps = 3, .set = {"arithmetic.max_operand=1"}}, {.steps = 4, .set = {"arithmetic.max_operand=4"}}};
  const Curriculum curriculum = Curriculum::Create(config, 7).value();
  const std::vector<int> most = {1, 1, 1, 4, 4, 4, 4, 9, 9, 9};
  std::set<std::string> of_stage;
  for (int64_t step = 0; step < std::ssize(most); ++step) {
    if (step == 3 || step == 7) {
      of_stage.clear();
    }
    for (const Task& task : curriculum.Draw(step, 4)) {
      if (!IsFirst(task)) {
        continue;
      }
      for (const char c : task.id.substr(task.id.find('/') + 1)) {
        CHECK((c == '+' || c - '0' <= most[static_cast<size_t>(step)]));
      }
      CHECK((of_stage.insert(task.id).second || step < 3));  // one-digit sums up to 1 are fewer than the draws
    }
  }
}

TEST_CASE("evaluation asks every part in turn, and training nothing of it", "[mixture]") {
  // Held out of the narrow part by its own settings, a question may be one that the wide part trains on.
  DatasetConfig config;
  config.source = "mixture";
  config.mixture = {{1, {"arithmetic.held_out_fraction=0.5", "arithmetic.max_operand=5"}, {}},
                    {1, {"arithmetic.held_out_fraction=0.2"}, {{.steps = 2, .set = {"arithmetic.max_operand=6"}}}}};
  const auto eval = MakeDataset(config, 7, Split::kEval).value();
  std::set<std::string> asked;
  for (int64_t i = 0; i < eval->size(); ++i) {
    asked.insert(eval->At(i).id);
  }
  CHECK(eval->size() == 36 + 40);
  CHECK(eval->At(0).id != eval->At(1).id);
  const Curriculum curriculum = Curriculum::Create(config, 7).value();
  for (int64_t step = 0; step < 60; ++step) {
    for (const Task& task : curriculum.Draw(step, 8)) {
      CHECK(!asked.contains(task.id));
    }
  }
}

TEST_CASE("a mixture may be a stage, and a part may be for training only", "[mixture]") {
  const TempDir folder;
  REQUIRE(WriteFileAtomically(folder.File("a.jsonl"), "{\"question\": \"q\", \"answer\": \"#### 1\"}\n").ok());
  DatasetConfig config = Sums(1, 1);
  config.mixture.push_back({1, {"source=jsonl", "jsonl.path=" + folder.File("a.jsonl"), "jsonl.held_out_fraction=0"}, {}});
  config.curriculum = {{.steps = 2, .set = {"mixture_temperature=5"}}};
  const Curriculum curriculum = Curriculum::Create(config, 7).value();
  CHECK(curriculum.stages().size() == 2);
  int64_t from_file = 0;
  for (const Task& task : curriculum.Draw(2, 9)) {
    from_file += task.prompt[0].content == "q" ? 1 : 0;
  }
  CHECK(from_file == 3);
  CHECK(MakeDataset(config, 7, Split::kEval).value()->size() == MakeDataset(Sums(1, 1), 7, Split::kEval).value()->size());
}

TEST_CASE("mixtures that cannot be are refused", "[mixture]") {
  DatasetConfig config;
  config.source = "mixture";
  CHECK_THAT(ErrorOf(config), Contains("data.mixture is empty"));
  config = Sums(1, 1);
  config.mixture[1].set = {"source=mixture"};
  CHECK_THAT(ErrorOf(config), Contains("data.mixture.1: a part cannot be a mixture"));
  config.mixture[1].set = {"arithmetic.max_operant=4"};
  CHECK_THAT(ErrorOf(config), Contains("data.mixture.1") && Contains("max_operand"));
  config.mixture[1].set = {"source=jsonl"};
  CHECK_THAT(ErrorOf(config), Contains("data.mixture.1: data.jsonl.path is empty"));
  config = Sums(1, 1e-9);
  CHECK_THAT(ErrorOf(config), Contains("data.mixture.1: its share is 1e-09"));
}

}  // namespace
}  // namespace cupel
