#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datasets/repair/project.h"

// Bugs that are put into a correct project, one change at a time: the mistakes that people make and mutation testing knows (DeMillo,
// Lipton, Sayward, "Hints on test data selection", 1978).

namespace cupel::repair {

struct Mutation {
  std::string_view kind;  // a name of MutationKinds()
  std::string path;
  size_t begin = 0;  // bytes of the file that are replaced
  size_t end = 0;
  std::string to;
  int line = 0;  // of `begin`, from 1
  int column = 0;

  // What identifies it in its project: "core.py:12:8 comparison <=".
  std::string Key() const;
};

// "arguments", "assignment", "comparison", "constant", "function", "guard", "initial_value", "logic", "loop", "negation", "off_by_one",
// "operator", "statement", "variable".
std::vector<std::string_view> MutationKinds();

// Every mutation of a project, in the order of its files and their texts. No two give the same text. Whether one compiles, ends, or changes
// anything that a test sees, is for running them to find out.
std::vector<Mutation> FindMutations(const Project& project);

// The text of the file after the mutation.
std::string Mutated(std::string_view text, const Mutation& mutation);

}  // namespace cupel::repair
