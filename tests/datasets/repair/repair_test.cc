// Covers datasets/repair: projects, other names, mutations, patches, and the source of tasks. Running the tasks is the business of
// code_repair_test. Alone: build/release/tests/datasets_test "[repair]"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "datasets/repair/code_tokens.h"
#include "datasets/repair/diff.h"
#include "datasets/repair/tasks.h"

namespace cupel::repair {
namespace {

std::string AllText(const Project& project) {
  std::string text = project.about + "\n";
  for (const Files* files : {&project.files, &project.test_files}) {
    for (const auto& [path, contents] : *files) {
      text += path + "\n" + contents;
    }
  }
  return text;
}

bool HoldsWord(std::string_view text, std::string_view word) {
  const auto is_word = [&](size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_');
  };
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !is_word(at - 1)) && !is_word(at + word.size())) {
      return true;
    }
  }
  return false;
}

TEST_CASE("names that stand for each other occur, and their replacements do not", "[repair]") {
  for (const Template& one : LoadTemplates()) {
    const std::string text = AllText(one.project);
    std::set<std::string> seen;
    for (const std::vector<std::string>& names : one.project.renames) {
      CHECK(HoldsWord(text, names[0]));
      for (const std::string& name : names) {
        INFO(one.project.name << ": " << name);
        CHECK(seen.insert(name).second);
        CHECK((name == names[0] || !HoldsWord(text, name)));
      }
    }
    CHECK(NumVariants(one.project) >= 500);
    CHECK(AllText(Renamed(one.project, 0)) == text);
    CHECK(AllText(Renamed(one.project, NumVariants(one.project) - 1)) != text);
  }
}

TEST_CASE("the tables of bugs name every mutation of the projects and no other", "[repair]") {
  std::map<std::string_view, int> kinds;
  size_t num_bugs = 0;
  for (const Template& one : LoadTemplates()) {
    CAPTURE(one.project.name);
    std::ifstream file(CUPEL_SOURCE_DIR "/datasets/repair/projects/" + one.project.name + ".proven.txt");
    std::set<std::string> listed, found;
    for (std::string line; std::getline(file, line);) {
      CHECK(listed.insert(line.substr(line.find(' ') + 1)).second);
    }
    for (const Mutation& mutation : FindMutations(one.project)) {
      CHECK(found.insert(mutation.Key()).second);
    }
    CHECK(listed == found);
    for (const Bug& bug : one.bugs) {
      ++kinds[bug.mutation.kind];
      CHECK(bug.failing >> one.project.tests.size() == 0);
      CHECK(bug.failing != (uint64_t{1} << one.project.tests.size()) - 1);
    }
    num_bugs += one.bugs.size();
  }
  CHECK(num_bugs >= 500);
  for (const std::string_view kind : MutationKinds()) {
    CAPTURE(kind);
    CHECK(kinds[kind] > 0);
  }
  CHECK(kinds.size() == MutationKinds().size());
}

TEST_CASE("a mutation changes one place", "[repair]") {
  Project project;
  project.files["a.py"] = "def f(a, b):\n    if a < 0:\n        return b\n    a = max(a, b)\n    a += 1\n    return a\n";
  std::map<std::string, std::set<std::string>> texts;
  for (const Mutation& mutation : FindMutations(project)) {
    const std::string text = Mutated(project.files["a.py"], mutation);
    CHECK(text != project.files["a.py"]);
    texts[std::string(mutation.kind)].insert(text);
  }
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = project.files["a.py"];
    return text.replace(text.find(from), from.size(), to);
  };
  CHECK(texts["comparison"] == std::set<std::string>{with("<", "<="), with("<", ">")});
  CHECK(texts["guard"] == std::set<std::string>{with("    if a < 0:\n        return b\n", "")});
  CHECK(texts["arguments"] == std::set<std::string>{with("max(a, b)", "max(b, a)")});
  CHECK(texts["function"] == std::set<std::string>{with("max", "min")});
  CHECK(texts["off_by_one"] == std::set<std::string>{with("< 0", "< 1"), with("+= 1", "+= 2"), with("+= 1", "+= 0")});
  CHECK(texts["assignment"] == std::set<std::string>{with("+=", "="), with("+=", "-=")});
  CHECK(texts["statement"] == std::set<std::string>{with("    a = max(a, b)\n", ""), with("    a += 1\n", "")});
  CHECK(texts["variable"].contains(with("return b", "return a")));
}

TEST_CASE("strings and comments hold no tokens", "[repair]") {
  const std::string_view text = "x = 'a < b'  # c < d\ny = \"\"\"e\n< f\"\"\" + g\n";
  std::vector<std::string_view> tokens;
  for (const CodeToken& token : TokensOf(text, false)) {
    tokens.push_back(token.In(text));
  }
  CHECK(tokens == std::vector<std::string_view>{"x", "=", "'a < b'", "y", "=", "\"\"\"e\n< f\"\"\"", "+", "g"});
}

TEST_CASE("the lines to search for stand once in the file", "[repair]") {
  const std::map<std::string, std::string> from = {{"a", "x\ny\nx\ny\nz\n"}};
  const std::map<std::string, std::string> to = {{"a", "x\ny\nx\nw\nz\n"}};
  CHECK(SearchReplaceBlocks(from, to) == "a\n<<<<<<< SEARCH\nx\ny\nz\n=======\nx\nw\nz\n>>>>>>> REPLACE\n");
  // What is put in where nothing is taken away needs a line beside it.
  CHECK(SearchReplaceBlocks({{"a", "x\nz\n"}}, {{"a", "x\ny\nz\n"}}) == "a\n<<<<<<< SEARCH\nx\nz\n=======\nx\ny\nz\n>>>>>>> REPLACE\n");
}

TEST_CASE("a task shows the project and one failing test, and its record holds what is judged", "[repair]") {
  const std::vector<Template> templates = LoadTemplates();
  for (const Template& one : templates) {
    const Bug& bug = one.bugs.front();
    for (const Hint hint : {Hint::kPlace, Hint::kTest, Hint::kNames}) {
      const RepairTask task = MakeRepairTask(one.project, bug, 1, hint, PatchForm::kDiff, 3);
      const Json metadata = ParseJson(task.metadata, "metadata").value();
      const Json& record = metadata["record"];
      CHECK(metadata["format"] == "swe");
      CHECK_FALSE(record.contains("patch"));
      CHECK(record["FAIL_TO_PASS"].size() + record["PASS_TO_PASS"].size() == one.project.tests.size());
      CHECK(task.patch.starts_with("--- a/"));
      for (const auto& [path, text] : record["files"].items()) {
        CHECK((text == "" || path.ends_with(".ninja") || task.question.find(text.get<std::string>()) != std::string::npos));
      }
      CHECK((hint == Hint::kPlace) == (task.question.find("near line") != std::string::npos));
    }
  }
}

absl::Status MakeStatus(const RepairConfig& repair) {
  DatasetConfig config;
  config.source = "repair";
  config.repair = repair;
  return MakeDataset(config, 1, Split::kTrain).status();
}

TEST_CASE("settings that cannot be used are refused by name", "[repair]") {
  RepairConfig config;
  config.projects = {"span"};
  CHECK_THAT(std::string(Message(MakeStatus(config))), Catch::Contains("did you mean \"spans\""));
  config = {};
  config.bugs = {"offbyone"};
  CHECK_THAT(std::string(Message(MakeStatus(config))), Catch::Contains("data.repair.bugs"));
  config = {};
  config.languages = {"rust"};
  CHECK_THAT(std::string(Message(MakeStatus(config))), Catch::Contains("python, cpp"));
  config = {};
  config.rename = false;
  CHECK_THAT(std::string(Message(MakeStatus(config))), Catch::Contains("or set rename"));
}

TEST_CASE("evaluation shows no bug that training shows, under whatever names", "[repair]") {
  DatasetConfig config;
  config.source = "repair";
  std::set<std::string> bugs;
  const auto bug_of = [](const Task& task) { return task.id.substr(0, task.id.rfind('/')); };
  const auto train = MakeDataset(config, 3, Split::kTrain).value();
  for (int64_t i = 0; i < 1500; ++i) {
    bugs.insert(bug_of(train->At(i)));
  }
  const auto eval = MakeDataset(config, 3, Split::kEval).value();
  for (int64_t i = 0; i < eval->size(); ++i) {
    CHECK_FALSE(bugs.contains(bug_of(eval->At(i))));
  }
}

}  // namespace
}  // namespace cupel::repair
