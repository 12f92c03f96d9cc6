#include "datasets/repair/tasks.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/check.h"
#include "base/json.h"
#include "datasets/repair/diff.h"
#include "datasets/repair/texts.h"

namespace cupel::repair {
namespace {

constexpr int kTimeLimitMs = 2000;  // of a test; right programs take a few milliseconds

std::map<std::string, uint64_t, std::less<>> ReadProven(std::string_view text) {
  std::map<std::string, uint64_t, std::less<>> failing;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string line(text.substr(0, end));
    const size_t space = line.find(' ');
    Check(space != std::string::npos, "a line of a table of bugs holds a number and a key");
    failing[line.substr(space + 1)] = std::stoull(line.substr(0, space), nullptr, 16);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return failing;
}

std::string Fenced(std::string_view tag, std::string_view text) {
  return fmt::format("```{}\n{}{}```\n", tag, text, text.empty() || text.ends_with('\n') ? "" : "\n");
}

std::string TagOf(std::string_view path) { return path.ends_with(".py") ? "python" : path.ends_with(".ninja") ? "ninja" : "cpp"; }

std::string FileList(const Project& project) {
  std::string text;
  for (const auto& [path, contents] : project.files) {
    if (!contents.empty() && !path.ends_with(".ninja")) {
      text += fmt::format("{}\n{}\n", path, Fenced(TagOf(path), contents));
    }
  }
  return text;
}

std::vector<const Test*> FailingTests(const Project& project, uint64_t failing, bool fails) {
  std::vector<const Test*> tests;
  for (size_t i = 0; i < project.tests.size(); ++i) {
    if (((failing >> i & 1) != 0) == fails) {
      tests.push_back(&project.tests[i]);
    }
  }
  return tests;
}

std::string HintText(const Project& project, const Bug& bug, Hint hint, uint64_t shown) {
  const std::vector<const Test*> tests = FailingTests(project, bug.failing, true);
  const Test& test = *tests[shown % tests.size()];
  switch (hint) {
    case Hint::kPlace: {
      // The mutated file has the same number of lines up to the place.
      return fmt::format("The bug is near line {} of {}.\n", bug.mutation.line, bug.mutation.path);
    }
    case Hint::kTest:
      return project.is_cpp ? fmt::format("With the input\n{}the program must print\n{}and does not.\n", Fenced("", test.input),
                                          Fenced("", test.expected))
                            : fmt::format("This test fails:\n{}", Fenced("python", test.source));
    case Hint::kNames: {
      std::string text = "These tests fail:\n";
      for (const Test* one : tests) {
        text += fmt::format("- {}\n", one->id);
      }
      return text;
    }
  }
  return "";
}

constexpr std::string_view kSearchReplaceRequest =
    "Find the bug and repair it. Answer with a block like this, in which the lines to search for are exactly those of the file and occur "
    "only "
    "once in it:\n"
    "```\n"
    "path/of/the/file\n"
    "<<<<<<< SEARCH\n"
    "lines as they are\n"
    "=======\n"
    "lines as they should be\n"
    ">>>>>>> REPLACE\n"
    "```\n";
constexpr std::string_view kDiffRequest = "Find the bug and repair it. Answer with a unified diff in a block ```diff.\n";

Json Ids(const std::vector<const Test*>& tests) {
  Json ids = Json::array();
  for (const Test* test : tests) {
    ids.push_back(test->id);
  }
  return ids;
}

Json RecordOf(const RepairTask& task, const Project& broken, uint64_t failing) {
  Json record = {{"instance_id", task.id}, {"problem_statement", task.question}, {"language", broken.is_cpp ? "cpp" : "python"}};
  record["files"] = broken.files;
  if (broken.is_cpp) {
    for (const Test& test : broken.tests) {
      record["runs"].push_back({{"id", test.id}, {"input", test.input}, {"output", test.expected}});
    }
  } else {
    record["tests"] = broken.test_files;
  }
  record["FAIL_TO_PASS"] = Ids(FailingTests(broken, failing, true));
  record["PASS_TO_PASS"] = Ids(FailingTests(broken, failing, false));
  return record;
}

}  // namespace

std::vector<Template> LoadTemplates() {
  std::vector<Template> templates;
  for (const ProjectText& text : kProjects) {
    Template one{ParseProject(text.name, text.text), {}};
    const auto proven = ReadProven(text.proven);
    for (Mutation& mutation : FindMutations(one.project)) {
      const auto failing = proven.find(mutation.Key());
      if (failing != proven.end() && failing->second != 0) {
        one.bugs.push_back({std::move(mutation), failing->second});
      }
    }
    templates.push_back(std::move(one));
  }
  return templates;
}

std::string ProvenLine(const Mutation& mutation, uint64_t failing) { return fmt::format("{:x} {}\n", failing, mutation.Key()); }

RepairTask MakeRepairTask(const Project& project, const Bug& bug, int64_t variant, Hint hint, PatchForm form, uint64_t shown) {
  Project broken = project;
  std::string& text = broken.files.at(bug.mutation.path);
  text = Mutated(text, bug.mutation);
  broken = Renamed(broken, variant);
  const Project whole = Renamed(project, variant);
  Bug named = bug;
  // The path under its other name: files keep their order only by chance, so it is found as the one that differs.
  named.mutation.path =
      std::ranges::find_if(whole.files, [&](const auto& file) { return broken.files.at(file.first) != file.second; })->first;

  RepairTask task;
  task.id = fmt::format("repair/{}/{}/{}", project.name, bug.mutation.Key(), variant);
  task.question = fmt::format("{}\nIt has a bug.\n\n{}{}\n{}", broken.about, FileList(broken), HintText(broken, named, hint, shown),
                              form == PatchForm::kDiff ? kDiffRequest : kSearchReplaceRequest);
  task.patch = form == PatchForm::kDiff ? UnifiedDiff(broken.files, whole.files) : SearchReplaceBlocks(broken.files, whole.files);
  Json record = RecordOf(task, broken, bug.failing);
  Json judged = record;
  judged.erase("problem_statement");
  task.metadata = DumpJson({{"format", "swe"}, {"record", judged}, {"options", {{"time_limit_ms", kTimeLimitMs}}}});
  record["patch"] = task.patch;
  task.record = DumpJson(record);
  return task;
}

}  // namespace cupel::repair
