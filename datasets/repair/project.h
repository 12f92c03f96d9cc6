#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// A small correct project with tests, as written down in datasets/repair/projects.

namespace cupel::repair {

using Files = std::map<std::string, std::string>;  // path -> text

// One test of a project. Python: a function test_* of a test file, whose text is `source`. C++: a run of the program.
struct Test {
  std::string id;  // "tests/test_core.py::test_merge"; of a run its name
  std::string source;
  std::string input;
  std::string expected;
};

struct Project {
  std::string name;
  bool is_cpp = false;
  std::string about;                              // for the reader of a task
  std::vector<std::vector<std::string>> renames;  // each: a name that occurs, and names that could stand for it
  Files files;                                    // without tests
  Files test_files;
  std::vector<Test> tests;  // at most 64
};

// Reads the text of a project; one that is malformed is a bug.
Project ParseProject(std::string_view name, std::string_view text);

// In how many ways its names can be chosen.
int64_t NumVariants(const Project& project);

// The project with other names: variant 0 <= variant < NumVariants(project), of which 0 is the project itself. A name is replaced as a
// whole word wherever it stands, in paths, tests and prose as well, so that the program does the same.
Project Renamed(const Project& project, int64_t variant);

}  // namespace cupel::repair
