// What is left out of training: bad rows, duplicates, overlap with evaluation, tasks by their pass rates; and what is said about it. Run
// alone: build/release/tests/datasets_test "[filters]"

#include "datasets/filters.h"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/random.h"
#include "base/status.h"
#include "datasets/similarity.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Contains;
using Strings = std::vector<std::string>;

std::string Line(const std::string& question, const std::string& id = "", const std::string& answer = "#### 1") {
  return fmt::format("{{\"id\": \"{}\", \"question\": \"{}\", \"answer\": \"{}\"}}\n", id, question, answer);
}

// Files of a training source, nothing held out.
struct Files {
  TempDir folder;
  DatasetConfig config;
  LoadReport report;

  explicit Files(const std::string& training) {
    Write("train.jsonl", training);
    config.source = "jsonl";
    config.jsonl.path = folder.File("train.jsonl");
    config.jsonl.held_out_fraction = 0;
  }
  std::string Write(const std::string& name, const std::string& text) const {
    REQUIRE(WriteFileAtomically(folder.File(name), text).ok());
    return folder.File(name);
  }
  absl::StatusOr<std::unique_ptr<Dataset>> Load() {
    report = {};
    LoadContext context;
    context.report = &report;
    context.check_gold = [](const Task& task) { return task.answer == "bad" ? InvalidArgument("no gold") : absl::OkStatus(); };
    return MakeDataset(config, 1, Split::kTrain, context);
  }
  Strings Questions() {
    const auto dataset = Load().value();
    Strings questions;
    for (int64_t i = 0; i < dataset->size(); ++i) {
      questions.push_back(dataset->At(i).prompt.back().content);
    }
    return questions;
  }
  std::string Error() { return std::string(Message(Load().status())); }
  const FileReport& train() { return report.files.at(config.jsonl.path); }
};

TEST_CASE("bad rows are refused by line with the way to skip them, or skipped and counted", "[filters]") {
  Files files(Line("a", "1") + Line("b", "1") + Line("", "2") + "not json\n" + Line("c", "3", "none") + Line("d", "4", "#### bad") +
              Line("e", "5"));
  files.config.jsonl.id_column = "id";
  CHECK_THAT(files.Error(), Contains("train.jsonl:2: the id \"1\" is also that of ") && Contains("5 of 7 rows are refused") &&
                                Contains("--set data.jsonl.on_bad_row=skip"));
  files.config.jsonl.on_bad_row = "skip";
  CHECK(files.Questions() == Strings{"a", "e"});
  CHECK(files.train().rows == 7);
  CHECK(files.train().bad == 5);
  CHECK(files.train().kept == 2);
  REQUIRE(files.train().problems.size() == 5);
  CHECK_THAT(files.train().problems[4], Contains("train.jsonl:6: no gold"));
  CHECK_THAT(files.report.Lines().at(0), Contains("5 of 7 rows left out"));
  Files all_bad(Line(""));
  all_bad.config.jsonl.on_bad_row = "skip";
  CHECK_THAT(all_bad.Error(), Contains("none of its 1 rows can be used; the first: "));
}

TEST_CASE("questions asked before are kept, refused or skipped, the same or similar", "[filters]") {
  const std::string tom = "Tom has 5 red apples and 3 green ones in his old basket";
  Files files(Line(tom) + Line("Tom has  5 red apples and 3 green ones in his old basket ") + Line(tom + " today") +
              Line("Something else"));
  CHECK(files.Questions().size() == 4);
  files.config.jsonl.duplicates = "refuse";
  CHECK_THAT(files.Error(), Contains("train.jsonl:2: asks what ") && Contains("train.jsonl:1 asks") && Contains("duplicates=skip"));
  files.config.jsonl.duplicates = "skip";
  CHECK(files.Questions() == Strings{tom, tom + " today", "Something else"});
  CHECK(files.train().duplicates == 1);
  files.config.jsonl.similarity = 0.8;
  CHECK(files.Questions() == Strings{tom, "Something else"});
}

TEST_CASE("training rows that evaluation asks are refused or skipped: the same, similar, or so many words", "[filters]") {
  Files files(Line("A quick, BROWN fox runs far") + Line("same question") + Line("What is 7 + 5?") +
              Line("one two three four five six seven"));
  files.config.jsonl.eval_path = files.Write(
      "eval.jsonl", Line("The quick brown fox jumps") + Line("same  question") + Line("one two three four five six seven eight"));
  CHECK_THAT(files.Error(), Contains("train.jsonl:2: asks what ") && Contains("eval.jsonl:2 asks") && Contains("on_overlap=skip"));
  files.config.jsonl.on_overlap = "skip";
  CHECK(files.Questions().size() == 3);
  CHECK(files.train().overlapping == 1);
  files.config.jsonl.similarity = 0.7;
  CHECK(files.Questions() == Strings{"A quick, BROWN fox runs far", "What is 7 + 5?"});
  files.config.jsonl.similarity = 1;
  files.config.jsonl.decontaminate_words = 3;
  CHECK(files.Questions() == Strings{"What is 7 + 5?"});
  CHECK_THAT(files.train().problems.at(0) + files.train().problems.at(1), Contains("has 3 words in a row in common with "));
  // Further sets, in the columns of this source or of another preset.
  files.config.jsonl.decontaminate_against = {files.Write("more.jsonl", Line("Is it 7 - 5?"))};
  CHECK(files.Questions().size() == 1);
  files.config.jsonl.decontaminate_words = 5;
  CHECK(files.Questions().size() == 2);
  files.config.jsonl.decontaminate_against = {"svamp:" + files.Write("svamp.jsonl", R"({"Body": "What is", "Question": "7 + 5?"})")};
  CHECK_THAT(files.Error(), Contains("svamp.jsonl") && Contains("none of its 1 rows"));
  files.config.jsonl.decontaminate_against = {"svamp:" +
                                              files.Write("svamp.jsonl", R"({"Body": "What is", "Question": "7 + 5?", "Answer": 12})")};
  CHECK(files.Questions() == Strings{"A quick, BROWN fox runs far"});
}

TEST_CASE("tasks that are solved too seldom or too often are left out, of any source", "[filters]") {
  Files files(Line("q0", "t0") + Line("q1", "t1") + Line("q2", "t2") + Line("q3", "t3") + Line("q4", "t4"));
  files.config.jsonl.id_column = "id";
  const auto rate = [](const std::string& task, double value) {
    return fmt::format("{{\"task\": \"{}\", \"pass_rate\": {}}}\n", task, value);
  };
  files.config.pass_rates = files.Write("rates.jsonl", rate("t0", 0) + rate("t1", 0.5) + rate("t2", 1) + rate("t3", 0.1));
  CHECK(files.Questions().size() == 5);
  files.config.min_pass_rate = 0.1;
  files.config.max_pass_rate = 0.9;
  CHECK(files.Questions() == Strings{"q1", "q3", "q4"});
  CHECK(files.report.outside_pass_rates == 2);
  files.config.keep_unrated = false;
  CHECK(files.Questions() == Strings{"q1", "q3"});
  files.config.min_pass_rate = 0.6;
  CHECK_THAT(files.Error(), Contains("no training task has a pass rate from 0.6 to 0.9"));
  files.config.max_pass_rate = 0.2;
  CHECK_THAT(files.Error(), Contains("expected the smaller first"));
  files.config.pass_rates = files.Write("rates.jsonl", rate("other", 0.6));
  files.config.max_pass_rate = 1;
  CHECK_THAT(files.Error(), Contains("rates none of the 5 training tasks"));
  files.config.pass_rates = files.Write("rates.jsonl", rate("t0", 0.6) + "{\"task\": \"t1\", \"pass_rate\": 1.5}\n");
  CHECK_THAT(files.Error(), Contains("rates.jsonl:2") && Contains("cupel log pass-rates"));

  DatasetConfig sums;
  const auto all = MakeDataset(sums, 1, Split::kTrain).value();
  sums.pass_rates = files.Write("rates.jsonl", rate(all->At(3).id, 0.5));
  sums.keep_unrated = false;
  const auto kept = MakeDataset(sums, 1, Split::kTrain).value();
  REQUIRE(kept->size() == 1);
  CHECK(kept->At(0).id == all->At(3).id);
}

TEST_CASE("near duplicates are exactly the pairs of that similarity", "[filters]") {
  // Short texts over few words, beside all pairs compared directly.
  RandomStream random(5, RandomPurpose::kSamplePoint);
  const Strings words = {"a", "b", "c", "d"};
  Strings texts;
  for (int i = 0; i < 150; ++i) {
    std::string text;
    for (int64_t n = random.Between(1, 12); n > 0; --n) {
      text += words[random.Below(words.size())] + " ";
    }
    texts.push_back(text);
  }
  const auto shingles = [](const std::string& text) {
    std::set<std::string> set;
    const size_t length = std::min<size_t>(text.size(), 6);
    for (size_t i = 0; i + length <= text.size(); i += 2) {
      set.insert(text.substr(i, length));
    }
    return set;
  };
  for (const double similarity : {0.2, 0.5, 0.8, 1.0}) {
    std::vector<int64_t> expected;
    for (size_t i = 0; i < texts.size(); ++i) {
      expected.push_back(-1);
      for (size_t j = 0; j < i && expected[i] < 0; ++j) {
        const std::set<std::string> a = shingles(texts[i]), b = shingles(texts[j]);
        const auto common = std::count_if(a.begin(), a.end(), [&](const std::string& one) { return b.contains(one); });
        const double share = static_cast<double>(common) / static_cast<double>(std::ssize(a) + std::ssize(b) - common);
        expected[i] = expected[j] < 0 && share >= similarity ? static_cast<int64_t>(j) : -1;
      }
    }
    CHECK(FindNearDuplicates(std::vector<std::string_view>(texts.begin(), texts.end()), similarity) == expected);
  }
}

TEST_CASE("words are letters, digits and signs, whatever their case and punctuation", "[filters]") {
  CHECK(WordHashes("It's 3 o'clock!") == WordHashes("IT S, 3 O CLOCK"));
  CHECK(WordHashes("7-5") == WordHashes("7 - 5"));
  CHECK(WordHashes("7-5") != WordHashes("7+5"));
  CHECK(WordHashes("Größe").size() == 1);
  CHECK(WordHashes(" ,.").empty());
  WordRuns runs(3);
  runs.Add("two words", 0);
  runs.Add("", 1);
  CHECK(runs.Find("Two words.") == 0);
  CHECK(runs.Find("more than two words") == -1);
  CHECK(runs.Find("") == -1);
}

}  // namespace
}  // namespace cupel
