#pragma once

#include <string>
#include <vector>

// The rules that the source tree keeps, as functions of its files, so that tests can plant a violation in files that exist only in memory.

namespace cupel::source {

struct File {
  std::string path;  // from the root of the repository
  std::string text;
};

// One "PATH:LINE: what is wrong" per violation; empty when the rule is kept.
using Violations = std::vector<std::string>;

// Every file that belongs to the tree, without build folders, fetched dependencies, runs and hidden folders.
std::vector<File> ReadTree(const std::string& root);

// A module includes only the modules below it, LibTorch only where it belongs, and no header of LibTorch's that includes all others.
Violations CheckLayers(const std::vector<File>& files);
// Constructs that the project does without; unfinished work.
Violations CheckBannedConstructs(const std::vector<File>& files);
// No path that exists only on somebody's machine.
Violations CheckMachinePaths(const std::vector<File>& files);
// Every top-level folder says in a README.md what it is for; a folder with code inside it has its own or is mentioned there, as in
// "engine/".
Violations CheckReadmes(const std::vector<File>& files);
// Every .cc file is built, and everything that CMake builds exists.
Violations CheckCMakeLists(const std::vector<File>& files);
// Every header starts with #pragma once and is included by somebody; every test file starts with what it covers.
Violations CheckHeaders(const std::vector<File>& files);

}  // namespace cupel::source
